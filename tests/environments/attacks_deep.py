"""More attack payloads: on the kernel, on limits, on what other processes share, by ways around the first ones.

None changes the machine where it succeeds: a file is opened and not written, a right is gained and given back, a call
is made with arguments that mean nothing and told by its error number.
"""

from __future__ import annotations

from attacks import payload

DEEP_ATTACKS = [
    payload(
        "unix_socket_through_links",
        5,
        """
os.path.lexists('to-socket') or os.symlink(UNIX, 'to-socket')
s = socket.socket(socket.AF_UNIX); attempt(lambda: (s.connect('to-socket'), escaped()))
attempt(lambda: (os.link(UNIX, 'socket'), socket.socket(socket.AF_UNIX).connect('socket'), escaped('hard link')))
""",
    ),
    payload(
        "neighbours",
        2,
        """
def look():
    for name in os.listdir(os.path.dirname(HOST)): name.startswith('treewright-host') and escaped(name)
attempt(look)
""",
    ),
    payload("shared_memory_file", 5, "attempt(lambda: SECRET in open('/dev/shm/' + SHARED).read() and escaped())"),
    payload(
        "shared_memory_segment",
        5,
        """
libc.shmat.restype = ctypes.c_void_p
def segments():
    for line in open('/proc/sysvipc/shm').read().splitlines()[1:]:
        address = libc.shmat(int(line.split()[1]), None, 0o10000)
        if address and address != 2**64 - 1 and ctypes.string_at(address, 6) == SECRET.encode()[:6]: escaped()
attempt(segments)
""",
    ),
    payload(
        "processes_of_the_host",
        7,
        """
for pid in filter(str.isdigit, os.listdir('/proc')):
    attempt(lambda: b'py' + b'test' in open(f'/proc/{pid}/cmdline', 'rb').read() and escaped(pid))
""",
    ),
    payload(
        "descriptor_of_another_process",
        7,
        """
x86 = os.uname().machine == 'x86_64'
for pid in (PID, os.getppid()):
    taken = libc.syscall(434, pid, 0)
    if taken >= 0 and libc.syscall(438, taken, 0, 0) >= 0: escaped(pid)
""",
    ),
    payload(
        "other_namespaces",
        1,
        """
for pid in filter(str.isdigit, os.listdir('/proc')):
    for kind in ('mnt', 'net', 'ipc', 'uts'):
        attempt(lambda: libc.setns(os.open(f'/proc/{pid}/ns/{kind}', os.O_RDONLY), 0) == 0 and escaped(pid, kind))
""",
    ),
    payload(
        "control_groups",
        8,
        """
for place, folders, files in os.walk('/sys/fs/cgroup'):
    for name in files:
        if name in ('cgroup.procs', 'tasks', 'release_agent', 'pids.max', 'memory.limit_in_bytes', 'memory.max'):
            attempt(lambda: (open(os.path.join(place, name), 'r+'), escaped(place, name)))
    if place.count('/') > 5: folders.clear()
""",
    ),
    payload(
        "kernel_memory",
        1,
        """
attempt(lambda: os.read(os.open('/proc/kcore', os.O_RDONLY), 1) and escaped('kcore'))  # Docker puts /dev/null there
for path in ('/dev/mem', '/dev/kmem', '/dev/port'):
    attempt(lambda: (os.open(path, os.O_RDONLY), escaped(path)))
""",
    ),
    payload(
        "kernel_log",
        1,
        "libc.klogctl(10, None, 0) >= 0 and escaped(); attempt(lambda: (os.open('/dev/kmsg', os.O_RDONLY), escaped()))",
    ),
    payload(
        "devices_of_the_machine",
        23,
        """
allowed = {'null', 'zero', 'full', 'random', 'urandom', 'tty', 'ptmx', 'console', 'stdin', 'stdout', 'stderr'}
def look(path):
    mode = os.stat(path).st_mode
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK)); escaped(path)
for name in os.listdir('/dev'): name in allowed or attempt(lambda: look('/dev/' + name))
""",
    ),
    payload(
        "replace_system_program",
        1,
        """
for path in ('/usr/bin/env', '/bin/sh', '/usr/bin/python3', '/etc/ld.so.cache', '/etc/passwd'):
    attempt(lambda: (open(path, 'r+b'), escaped(path)))
""",
    ),
    payload(
        "raise_priority",
        8,
        """
attempt(lambda: (os.nice(-5), escaped('nice')))
attempt(lambda: (os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)), escaped('real time')))
""",
    ),
    payload(
        "avoid_the_killer",
        8,
        """
score = int(open('/proc/self/oom_score_adj').read())
def lower():
    with open('/proc/self/oom_score_adj', 'w') as file: file.write(str(score - 100))
    escaped()
attempt(lower)
""",
    ),
    payload(
        "raise_limits",
        8,
        """
import resource
for name in ('FSIZE', 'CORE', 'NOFILE'):
    kind = getattr(resource, 'RLIMIT_' + name)
    more = resource.getrlimit(kind)[1] + 1
    try: resource.setrlimit(kind, (more, more))
    except (OSError, ValueError) as error: print('refused:', error)
    else: escaped(name)
if resource.getrlimit(resource.RLIMIT_CORE)[0] != 0: escaped('core dumps')
if resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY: escaped('no limit of file size')
""",
    ),
    payload(
        "foreign_system_calls",
        5,
        """
import mmap
def call(code):
    area = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    area.write(code)
    function = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(area)))
    child = os.fork()
    if child == 0:
        os._exit(9 if function() >= 0 else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
if os.uname().machine == 'x86_64':
    arguments = bytes.fromhex('bb28000000 b901000000 31d2')  # ebx 40 (AF_VSOCK), ecx 1 (SOCK_STREAM), edx 0
    call(bytes.fromhex('53') + arguments + bytes.fromhex('b867010000 cd80 5b c3')) and escaped('32 bits: int 0x80')
    arguments = bytes.fromhex('bf28000000 be01000000 31d2')  # edi, esi, edx
    call(arguments + bytes.fromhex('b829000040 0f05 c3')) and escaped('x32')
    call(arguments + bytes.fromhex('b829000000 0f05 c3')) and escaped('64 bits')
""",
    ),
    payload(
        "set_user_id_by_other_calls",
        23,
        """
open('by-number', 'w').close()
libc.syscall(452, -100, b'by-number', 0o4755, 0)
how = struct.pack('QQQ', os.O_CREAT | os.O_WRONLY, 0o4755, 0)
libc.syscall(437, -100, b'by-openat2', how, 24)
attempt(lambda: os.mkdir('by-mkdir', 0o6755))
descriptor = libc.open(b'.', 0o20200000 | os.O_WRONLY, 0o4755)
descriptor >= 0 and libc.linkat(descriptor, b'', -100, b'by-tmpfile', 0x1000)
""",
    ),
    payload(
        "link_set_user_id_program",
        23,
        """
for path in ('/usr/bin/su', '/usr/bin/passwd', '/usr/bin/mount', '/bin/su'):
    attempt(lambda: os.link(path, os.path.basename(path) + '-link'))
""",
    ),
    payload(
        "rights_by_program",
        25,
        """
for program in (['su', '-c', 'id -u'], ['sudo', '-n', 'id', '-u'], ['pkexec', 'id', '-u']):
    def run():
        done = subprocess.run(program, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=5)
        if done.stdout.strip() == '0': escaped(program)
    attempt(run)
os.geteuid() == 0 and escaped('root')
""",
    ),
    payload(
        "file_capabilities",
        23,
        """
open('capable', 'w').close()
value = struct.pack('<IIIII', 0x02000001, 0x2000, 0, 0, 0)
attempt(lambda: (os.setxattr('capable', 'security.capability', value), os.unlink('capable'), escaped()))
""",
    ),
    payload(
        "undeletable_file",
        23,
        """
import fcntl
with open('immovable', 'w') as file:
    def fix():
        fcntl.ioctl(file, 0x40086602, struct.pack('i', 0x10)); fcntl.ioctl(file, 0x40086602, struct.pack('i', 0))
        escaped()
    attempt(fix)
""",
    ),
    payload(
        "give_away_files",
        23,
        """
open('given', 'w').close()
attempt(lambda: (os.chown('given', 12345, 12345), os.chown('given', 0, 0), escaped()))
""",
    ),
    payload(
        "privileged_calls",
        8,
        """
import platform
numbers = dict(x86_64=dict(reboot=169, swapon=167, delete_module=176, kexec=246, acct=163, quotactl=179),
               aarch64=dict(reboot=142, swapon=224, delete_module=106, kexec=104, acct=89, quotactl=60))
numbers = numbers[platform.machine()]
for name, number in numbers.items():
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), ctypes.c_long(0), ctypes.c_long(0), ctypes.c_long(0), ctypes.c_long(0))
    if ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS, errno.EACCES): escaped(name, result, ctypes.get_errno())
""",
    ),
    payload("watch_all_files", 2, "ok(300 if os.uname().machine == 'x86_64' else 262, 0, 0) and escaped()"),
    payload("change_host_name", 1, "libc.sethostname(b'owned', 5) == 0 and escaped()"),
    payload("change_clock", 1, "attempt(lambda: (time.clock_settime(0, time.clock_gettime(0)), escaped()))"),
    payload(
        "names_and_ipv6",
        4,
        """
attempt(lambda: (socket.getaddrinfo('example.com', 80), escaped('name')))
attempt(lambda: (socket.create_connection(('2606:4700:4700::1111', 53), timeout=1), escaped('IPv6')))
""",
    ),
]  # fmt: skip
