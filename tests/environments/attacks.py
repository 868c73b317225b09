"""Attack payloads: small scripts run in a sandbox by the system's Python.

Each payload prints ESCAPED when it got what it wanted. A payload may also leave a trace that only the host can see
(a file, a connection, a process); the harness looks for those. The payloads assume nothing about the backend.
"""

from __future__ import annotations

from dataclasses import dataclass

PRELUDE = """
import ctypes, errno, os, socket, stat, struct, subprocess, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
HOST = {host!r}; SECRET = {secret!r}; PORT = {port}; HOME = {home!r}; UNIX = {unix!r}; ABSTRACT = {abstract!r}
PID = {pid}; SHARED = {shared!r}
def escaped(*what): print("ESCAPED", *what)
def attempt(action):
    try: return action()
    except (OSError, PermissionError, subprocess.SubprocessError) as error: print("refused:", error)
def ok(number, *args):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
    print("syscall", number, "->", result, errno.errorcode.get(ctypes.get_errno()))
    return result >= 0
"""


@dataclass(frozen=True)
class Payload:
    """One script; ``row`` is its line of the threat table."""

    name: str
    row: int
    code: str


def payload(name: str, row: int, code: str) -> Payload:
    return Payload(name, row, code.strip("\n"))


ATTACKS = [
    payload("write_absolute", 1, "attempt(lambda: open(HOST + '/planted', 'w').write('x'))"),
    payload("write_relative", 1, "attempt(lambda: open('../' * 12 + HOST.lstrip('/') + '/planted', 'w').write('x'))"),
    payload(
        "write_by_symlink",
        1,
        "os.path.lexists('door') or os.symlink(HOST, 'door'); attempt(lambda: open('door/planted', 'w').write('x'))",
    ),
    payload(
        "hard_link_to_outside",
        1,
        "attempt(lambda: (os.link(HOST + '/secret', 'link'), open('link', 'a').write('x'), escaped()))",
    ),
    payload(
        "write_by_proc_root",
        1,
        """
for pid in filter(str.isdigit, os.listdir('/proc')):
    attempt(lambda: open(f'/proc/{pid}/root' + HOST + '/planted', 'w').write('x'))
    attempt(lambda: open(f'/proc/{pid}/cwd/../../../../../../..' + HOST + '/planted', 'w').write('x'))
""",
    ),
    payload(
        "write_to_system",
        1,
        """
for folder in ('/usr/bin', '/etc', '/usr/lib', '/lib', '/'):
    path = folder + '/treewright-attack'
    attempt(lambda: (open(path, 'w').close(), os.unlink(path), escaped(folder)))
""",
    ),
    payload(
        "remount_writable",
        1,
        """
MS_REMOUNT, MS_BIND = 32, 4096
for folder in (b'/', b'/usr', b'/proc/sys'):
    if libc.mount(b'none', folder, None, MS_REMOUNT | MS_BIND, None) == 0: escaped(folder)
""",
    ),
    payload("mount_tmpfs", 1, "libc.mount(b'tmpfs', b'/tmp', b'tmpfs', 0, None) == 0 and escaped()"),
    payload("new_mount_calls", 1, "ok(430, b'tmpfs', 0) and escaped(); ok(428, -100, b'/', 1) and escaped()"),
    payload("chroot", 1, "attempt(lambda: (os.chroot('/tmp'), escaped()))"),
    payload("read_secret_file", 2, "attempt(lambda: SECRET in open(HOST + '/secret').read() and escaped())"),
    payload(
        "read_home",
        2,
        """
for name in ('.ssh', '.aws', '.netrc', '.gitconfig', '.bashrc', '.profile', '.config', '.pyenv'):
    os.path.lexists(os.path.join(HOME, name)) and escaped(name)
""",
    ),
    payload("read_shadow", 2, "attempt(lambda: (open('/etc/shadow').read(), escaped()))"),
    payload(
        "open_by_handle",
        2,
        """
handle = struct.pack('IiQ', 8, 1, 2)
ok(304 if os.uname().machine == 'x86_64' else 265, 3, handle, 0) and escaped()
""",
    ),
    payload("own_environment", 3, "any(SECRET in value for value in os.environ.values()) and escaped()"),
    payload(
        "other_environments",
        3,
        """
for pid in filter(str.isdigit, os.listdir('/proc')):
    attempt(lambda: SECRET.encode() in open(f'/proc/{pid}/environ', 'rb').read() and escaped(pid))
""",
    ),
    payload(
        "inherited_descriptors",
        3,
        """
for number in range(3, 256):
    try: target = os.readlink(f'/proc/self/fd/{number}')
    except OSError: continue
    if os.path.basename(target) != 'fd' and not target.startswith('/proc/'): escaped(number, target)
""",
    ),
    payload(
        "connect_to_host_loopback",
        4,
        "attempt(lambda: (socket.create_connection(('127.0.0.1', PORT), timeout=2), escaped()))",
    ),
    payload(
        "network_interfaces", 4, "[escaped(name) for _, name in socket.if_nameindex() if name not in ('lo', 'sit0')]"
    ),
    payload(
        "connect_out",
        4,
        """
for address in (('1.1.1.1', 53), ('169.254.169.254', 80), ('10.0.0.1', 22)):
    attempt(lambda: (socket.create_connection(address, timeout=1), escaped(address)))
""",
    ),
    payload(
        "datagram_out",
        4,
        "attempt(lambda: (socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('1.1.1.1', 53)), escaped()))",
    ),
    payload("unix_socket", 5, "s = socket.socket(socket.AF_UNIX); attempt(lambda: (s.connect(UNIX), escaped()))"),
    payload(
        "abstract_socket", 5, "attempt(lambda: (socket.socket(socket.AF_UNIX).connect('\\0' + ABSTRACT), escaped()))"
    ),
    payload("vsock", 5, "attempt(lambda: (socket.socket(40, socket.SOCK_STREAM), escaped()))"),
    payload(
        "packet_and_alg_sockets",
        5,
        """
for family, kind in ((17, socket.SOCK_RAW), (38, socket.SOCK_SEQPACKET), (socket.AF_INET, socket.SOCK_RAW)):
    attempt(lambda: (socket.socket(family, kind), escaped(family)))
""",
    ),
    payload(
        "docker_and_agent_sockets",
        5,
        """
for path in ('docker.sock', 'containerd/containerd.sock', 'dbus/system_bus_socket'):
    [escaped(run, path) for run in ('/run/', '/var/run/') if os.path.exists(run + path)]
""",
    ),
    payload("signal_host_process", 7, "attempt(lambda: (os.kill(PID, 0), escaped()))"),
    payload(
        "trace_and_read_memory",
        7,
        """
child = subprocess.Popen(['sleep', '5'])
libc.ptrace(16, child.pid, None, None) == 0 and escaped('ptrace')
class Vector(ctypes.Structure): _fields_ = [('base', ctypes.c_void_p), ('length', ctypes.c_size_t)]
text = ctypes.create_string_buffer(8); here = Vector(ctypes.addressof(text), 8)
got = libc.process_vm_readv(os.getpid(), ctypes.byref(here), 1, ctypes.byref(here), 1, 0)
got > 0 and escaped('process_vm_readv')
attempt(lambda: os.kill(child.pid, 9))  # no wait: a traced child that is stopped does not end before its tracer
""",
    ),
    payload(
        "kernel_settings",
        1,
        """
for name in ('kernel/core_pattern', 'vm/swappiness', 'kernel/modprobe', 'fs/suid_dumpable'):
    attempt(lambda: (open('/proc/sys/' + name, 'r+'), escaped(name)))
for path in ('/proc/sysrq-trigger', '/proc/mtrr', '/proc/irq/default_smp_affinity', '/sys/power/state'):
    attempt(lambda: (open(path, 'r+'), escaped(path)))
""",
    ),
    payload(
        "user_namespace",
        1,
        """
libc.unshare(0x10000000) == 0 and escaped('unshare user')
libc.unshare(0x00020000) == 0 and escaped('unshare mount')
pid = libc.syscall(56 if os.uname().machine == 'x86_64' else 220, 0x10000000 | 17, 0, 0, 0, 0)
if pid == 0: os._exit(0)
pid > 0 and escaped('clone')
subprocess.run(['unshare', '-Ur', 'true'], stderr=subprocess.DEVNULL).returncode == 0 and escaped('program')
""",
    ),
    payload(
        "capabilities",
        25,
        """
for line in open('/proc/self/status'):
    if line.startswith(('CapEff', 'CapPrm', 'CapBnd')) and int(line.split()[1], 16): escaped(line)
    if line.startswith('NoNewPrivs') and line.split()[1] != '1': escaped(line)
    if line.startswith('Uid') and '0' in line.split()[1:]: escaped(line)
""",
    ),
    payload(
        "set_user_id_file",
        23,
        """
open('suid', 'w').close()
attempt(lambda: os.chmod('suid', 0o4755))
attempt(lambda: os.fchmod(os.open('suid', os.O_RDONLY), 0o2755))
attempt(lambda: os.close(os.open('suid2', os.O_CREAT | os.O_WRONLY, 0o4755)))
attempt(lambda: os.mknod('suid3', 0o4755 | stat.S_IFREG))
""",
    ),
    payload(
        "device_node",
        23,
        """
attempt(lambda: (os.mknod('disk', 0o666 | stat.S_IFBLK, os.makedev(254, 0)), escaped()))
attempt(lambda: (os.mknod('memory', 0o666 | stat.S_IFCHR, os.makedev(1, 1)), escaped()))
""",
    ),
    payload(
        "kernel_interfaces",
        8,
        """
calls = dict(x86_64=(321, 298, 250, 323, 425, 175), aarch64=(280, 241, 219, 282, 425, 105))[os.uname().machine]
for number in calls: ok(number, 0, ctypes.create_string_buffer(128), 128) and escaped(number)
""",
    ),
    payload(
        "terminal_injection",
        9,
        """
import fcntl, termios
try: terminal = os.open('/dev/tty', os.O_RDWR)
except OSError as error: print('refused:', error)
else: escaped('controlling terminal')
ours, theirs = os.openpty()
attempt(lambda: (fcntl.ioctl(theirs, termios.TIOCSTI, b'x'), escaped('TIOCSTI')))
""",
    ),
    payload(
        "plant_git_hook",
        11,
        """
attempt(lambda: (open('.git/hooks/post-checkout', 'w').write('#!/bin/sh'), escaped('hook')))
attempt(lambda: (open('.git/config', 'a').write('[core]'), escaped('config')))
attempt(lambda: (os.rename('.git', 'git'), escaped('rename')))
""",
    ),
    payload(
        "rewrite_first_process",
        7,
        """
for path in ('/proc/1/mem', '/proc/1/task/1/mem', f'/proc/{os.getppid()}/mem'):
    attempt(lambda: (open(path, 'r+b'), escaped(path)))
""",
    ),
]  # fmt: skip
