"""Positive controls: ordinary work that a sandbox must not disturb; each prints WORKED when it went well."""

from __future__ import annotations

from attacks import payload

CONTROLS = [
    payload(
        "threads",
        0,
        """
seen = []
threads = [threading.Thread(target=lambda: (time.sleep(0.05), seen.append(1))) for _ in range(60)]
[t.start() for t in threads]; [t.join() for t in threads]
print("WORKED" if len(seen) == 60 else seen)
""",
    ),
    payload(
        "devices",
        0,
        """
open('/dev/null', 'w').write('x' * 10_000)
assert len(open('/dev/urandom', 'rb').read(16)) == 16 and open('/dev/zero', 'rb').read(2) == b'\\0\\0'
ours, theirs = os.openpty(); os.write(theirs, b'hello'); print('WORKED' if os.read(ours, 5) == b'hello' else '')
""",
    ),
    payload(
        "loopback_server",
        0,
        """
server = socket.create_server(('127.0.0.1', 0)); address = ('localhost', server.getsockname()[1])
threading.Thread(target=lambda: server.accept()[0].sendall(b'hello')).start()
print('WORKED' if socket.create_connection(address, timeout=5).recv(5) == b'hello' else '')
""",
    ),
    payload(
        "unix_and_udp_sockets",
        0,
        """
a, b = socket.socketpair(); a.send(b'x'); assert b.recv(1) == b'x'
server = socket.socket(socket.AF_UNIX); server.bind('s.sock'); server.listen(); os.unlink('s.sock')
one, two = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
one.bind(('127.0.0.1', 0)); two.sendto(b'x', one.getsockname()); print('WORKED' if one.recv(1) == b'x' else '')
""",
    ),
    payload(
        "subprocesses_and_pools",
        0,
        """
import concurrent.futures, multiprocessing
assert subprocess.run(['sh', '-c', 'echo a | cat'], capture_output=True).stdout == b'a\\n'
with concurrent.futures.ProcessPoolExecutor(4, multiprocessing.get_context('fork')) as pool:
    print('WORKED' if list(pool.map(abs, [-1, -2, -3])) == [1, 2, 3] else '')
""",
    ),
    payload(
        "temporary_files",
        0,
        """
import tempfile
with tempfile.NamedTemporaryFile() as file, tempfile.TemporaryFile() as unnamed:
    file.write(b'x' * 5_000_000); unnamed.write(b'y')
open(os.path.expanduser('~/.cache-of-a-tool'), 'w').close()
open('/var/tmp/also-here', 'w').close()
print('WORKED')
""",
    ),
    payload(
        "shared_memory_and_semaphores",
        0,
        """
from multiprocessing import shared_memory, Lock
block = shared_memory.SharedMemory(create=True, size=1_000_000); block.buf[0] = 7; block.close(); block.unlink()
with Lock(): print('WORKED')
""",
    ),
    payload(
        "ordinary_file_work",
        0,
        """
os.makedirs('a/b', exist_ok=True); open('a/b/f', 'w').write('x'); os.chmod('a/b/f', 0o755)
os.symlink('a/b/f', 'l'); os.link('a/b/f', 'h'); os.rename('h', 'i'); os.mkfifo('fifo')
[os.unlink(name) for name in ('l', 'i', 'fifo')]
os.utime('a/b/f', (1, 1)); assert os.stat('a/b/f').st_mtime == 1
print('WORKED')
""",
    ),
    payload("unicode_output", 0, "sys.stdout.reconfigure(encoding='utf-8'); print('WORKED \u00e9\u4e16\U0001f332')"),
    payload(
        "users_and_time",
        0,
        """
import getpass, pwd
assert os.getuid() != 0 and socket.gethostbyname('localhost') == '127.0.0.1'
assert os.path.isdir(os.path.expanduser('~')) and time.localtime()
print('WORKED')
""",
    ),
    payload(
        "signals_and_timers",
        0,
        """
import signal
signal.signal(signal.SIGALRM, lambda *a: print('WORKED')); signal.setitimer(signal.ITIMER_REAL, 0.01); signal.pause()
""",
    ),
    payload(
        "asyncio_programs",
        0,
        """
import asyncio
async def main():
    process = await asyncio.create_subprocess_exec('echo', 'WORKED', stdout=asyncio.subprocess.PIPE)
    print((await process.communicate())[0].decode())
asyncio.run(main())
""",
    ),
    payload(
        "sqlite_database",
        0,
        """
import sqlite3
base = sqlite3.connect('data.db'); base.execute('pragma journal_mode=wal')
base.execute('create table if not exists t(x)')
with base: base.execute('insert into t values (1)')
print('WORKED' if sqlite3.connect('data.db').execute('select count(*) from t').fetchone()[0] else '')
""",
    ),
    payload(
        "http_server_and_client",
        0,
        """
import http.server, urllib.request
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
with urllib.request.urlopen(f'http://127.0.0.1:{server.server_port}/', timeout=5) as answer:
    print('WORKED' if answer.status == 200 else '')
""",
    ),
    payload(
        "mapped_and_locked_files",
        0,
        """
import fcntl, mmap
with open('mapped', 'w+b') as file:
    file.truncate(8192); fcntl.flock(file, fcntl.LOCK_EX); fcntl.lockf(file, fcntl.LOCK_EX)
    with mmap.mmap(file.fileno(), 8192) as view: view[:2] = b'ok'
print('WORKED' if open('mapped', 'rb').read(2) == b'ok' else '')
""",
    ),
    payload(
        "names_and_content_in_any_script",
        0,
        """
name = 'caf\u00e9-\u4e16-\U0001f332.txt'; open(name, 'w', encoding='utf-8').write(name)
open(b'not-utf8-\\xff', 'w').close(); os.unlink(b'not-utf8-\\xff')
print('WORKED' if name in os.listdir('.') and open(name, encoding='utf-8').read() == name else ''); os.unlink(name)
""",
    ),
    payload(
        "code_written_and_run",
        0,
        """
for folder in ('.', '/tmp', os.path.expanduser('~')):
    path = os.path.join(folder, 'program'); open(path, 'w').write('#!/bin/sh\\nexit 7\\n'); os.chmod(path, 0o755)
    assert subprocess.run([os.path.abspath(path)]).returncode == 7
    os.unlink(path)
print('WORKED')
""",
    ),
]
