"""Commands that use more than they may, and what must come of each.

Each is bounded in itself, in case a limit under test does not hold: at most 300 processes, 1 GB, 15 seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from environments.base import MIB, Command, CommandResult, Limits

PYTHON = "/usr/bin/python3"
LIMITS = Limits(seconds=20, memory=150 * MIB, processes=64, disk=40 * MIB, output=10_000)


PRELUDE = """
import os, sys, time, signal
signal.alarm(15)
os.register_at_fork(after_in_child=lambda: signal.alarm(15))
"""


@dataclass(frozen=True)
class Bomb:
    """A script and the judgement of its result."""

    name: str
    code: str
    contained: Callable[[CommandResult], bool]
    limits: Limits = field(default=LIMITS)

    def command(self) -> Command:
        return Command((PYTHON, "-c", PRELUDE + self.code.strip("\n")), limits=self.limits)


def _stopped(*reasons: str) -> Callable[[CommandResult], bool]:
    return lambda result: result.stopped in reasons and "GOT" not in result.output


def _refused(result: CommandResult) -> bool:
    return result.exit_code != 0 and "GOT" not in result.output


BOMBS = [
    Bomb(
        "forks",
        """
pids = []
try:
    for _ in range(250):
        pid = os.fork()
        if pid == 0:
            time.sleep(12)
            os._exit(0)
        pids.append(pid)
    time.sleep(3)
    print("GOT", len(pids))
except OSError as error:
    print("refused after", len(pids), error)
    sys.exit(3)
""",
        lambda result: result.exit_code == 3,
    ),
    Bomb(
        "threads",
        """
import threading
try:
    for _ in range(250): threading.Thread(target=time.sleep, args=(3,), daemon=True).start()
    print("GOT")
except RuntimeError as error:
    print("refused", error)
    os._exit(3)
""",
        _refused,
    ),
    Bomb(
        "fork_bomb",  # each process forks, and so do its children: 2 ** 8 in all
        """
for _ in range(8):
    try: os.fork()
    except OSError: os.close(os.open(f'refused-{os.getpid()}', os.O_CREAT))
open('count', 'a').write('x')
time.sleep(0.3)
""",
        lambda result: result.exit_code in (0, 142),  # a busy machine may let its own alarm come first
        replace(LIMITS, memory=600 * MIB),
    ),
    Bomb("memory", "x = bytearray(b'x' * (600 << 20)); time.sleep(2); print('GOT')", _stopped("memory")),
    Bomb(
        "memory_of_children",
        """
for _ in range(5):
    if os.fork() == 0:
        x = bytearray(b'x' * (50 << 20)); time.sleep(5); print('GOT'); os._exit(0)
for _ in range(5): os.wait()
""",
        _stopped("memory"),
    ),
    Bomb(
        "memory_in_memfd",
        """
for _ in range(10):
    file = os.memfd_create('x')
    for _ in range(30): os.write(file, b'x' * (1 << 20))
time.sleep(2); print('GOT')
""",
        _stopped("memory"),
    ),
    Bomb(
        "memory_in_tmp",
        """
with open('/tmp/x', 'wb') as one, open(os.path.expanduser('~/x'), 'wb') as two:
    for _ in range(80): one.write(b'x' * (1 << 20)); two.write(b'x' * (1 << 20))
print('GOT')
""",
        _refused,
    ),
    Bomb(
        "shared_memory_folder",
        """
for number in range(10):
    with open(f'/dev/shm/{number}', 'wb') as file: file.write(b'x' * (20 << 20))
print('GOT')
""",
        _refused,
    ),
    Bomb(
        "disk",
        """
for number in range(1000):
    with open(f'x{number}', 'wb') as file: file.write(b'x' * (4 << 20))
    time.sleep(0.01)
print('GOT')
""",
        _stopped("disk"),
    ),
    Bomb(
        "disk_in_deleted_files",
        """
files = []
for number in range(100):
    files.append(open('x', 'wb')); os.unlink('x'); files[-1].write(b'x' * (4 << 20)); files[-1].flush()
    time.sleep(0.01)
time.sleep(5); print('GOT')
""",
        _stopped("disk"),
    ),
    Bomb(
        "many_files",
        """
for number in range(60_000):
    if number % 5000 == 0: os.mkdir(f'd{number}')
    os.close(os.open(f'd{number // 5000 * 5000}/{number}', os.O_CREAT))
print('GOT')
""",
        _stopped("disk"),
        replace(LIMITS, disk=8 * MIB),
    ),
    Bomb("sparse_file", "open('x', 'wb').truncate(1 << 40); print('GOT')", _refused),
    Bomb("big_file", "open('x', 'wb').write(b'x' * (60 << 20)); print('GOT')", _refused),
    Bomb(
        "flood",
        "sys.stdout.write('FIRST')\nfor _ in range(3000): sys.stdout.write('x' * 10_000)\nsys.stdout.write('LAST')",
        lambda result: (
            result.ok
            and result.output_bytes == 30_000_009
            and len(result.output) < 10_100
            and result.output.startswith("FIRSTx")
            and result.output.endswith("xLAST")
            and "29990009 bytes of output left out" in result.output
        ),
    ),
    Bomb(
        "endless_flood",
        "for _ in range(20_000): os.write(1, b'x' * 65536)",
        _stopped("output"),
        replace(LIMITS, output=1000, seconds=60),
    ),
    Bomb(
        "hostile_bytes",
        "os.write(1, b'\\xff\\xfe\\x00\\x1b]52;c;x\\x07\\xed\\xa0\\x80 end')",
        lambda result: result.ok and result.output.endswith(" end") and result.output_bytes == 19,
    ),
    Bomb(
        "ignores_signals",
        "import signal\nfor number in (1, 2, 15): signal.signal(number, signal.SIG_IGN)\ntime.sleep(12); print('GOT')",
        _stopped("timeout"),
        replace(LIMITS, seconds=0.5),
    ),
    Bomb(
        "daemon_holds_output_at_deadline",
        """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(12); print('GOT')
    os._exit(0)
time.sleep(12)
""",
        lambda result: result.stopped == "timeout" and result.seconds < 30,
        replace(LIMITS, seconds=0.5),
    ),
    Bomb(
        "daemon_outlives_exit",
        """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for _ in range(600): open('heartbeat', 'a').write('x'); time.sleep(0.02)
    os._exit(0)
time.sleep(0.3); print('done')
""",
        lambda result: result.ok and result.output == "done\n" and result.seconds < 30,
        replace(LIMITS, seconds=100),
    ),
    Bomb("dies_by_signal", "os.kill(os.getpid(), 9)", lambda result: result.exit_code == 137 and not result.stopped),
    Bomb("exit_status", "sys.exit(7)", lambda result: result.exit_code == 7 and not result.ok),
]
