"""Many runs of the same tests, each on other contents of some files, in one process that has the framework loaded.

Every run is a fork: what it imports, changes and breaks ends with it. The process itself imports nothing of the
repository.
"""

import base64
import contextlib
import importlib
import io
import json
import os
import signal
import sys
import tempfile
import time
from typing import Any, Callable

FRAMEWORKS = {"pytest": "pytest", "unittest": "unittest"}
POLL_SECONDS = 0.005
EXIT = ".exit"


def run(main: "Callable[[], int]") -> int:
    """Runs the jobs on standard input: {"root", "seconds", "jobs": [{"files": {path: base64}, "options": {}}]}."""
    given = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    importlib.import_module(FRAMEWORKS[sys.argv[1]])
    root = os.path.realpath(given["root"])
    for job in given["jobs"]:
        originals = {os.path.join(root, path): _read(os.path.join(root, path)) for path in job["files"]}
        for path, text in job["files"].items():
            _write(os.path.join(root, path), base64.b64decode(text))
        try:
            code = _wait(_start(main, job["options"]), float(given["seconds"]))
            _write(job["options"]["report"] + EXIT, str(code).encode("ascii"))
        finally:
            for path, (content, times) in originals.items():
                _write(path, content)
                os.utime(path, ns=times)
    return 0


def _start(main: "Callable[[], int]", options: "dict[str, Any]") -> int:
    with tempfile.TemporaryFile() as given:
        given.write(json.dumps(options).encode("utf-8"))
        given.flush()
        child = os.fork()
        if child:
            return child
        code = 1
        try:
            os.setsid()
            os.lseek(given.fileno(), 0, os.SEEK_SET)
            os.dup2(given.fileno(), 0)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
            sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), encoding="utf-8")
            code = main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        finally:
            os._exit(code & 255)


def _wait(child: int, seconds: float) -> int:
    """The exit code of a run, 128 + signal as in shells; it is killed at the deadline, its group after its end."""
    deadline = time.monotonic() + seconds
    ended, status = os.waitpid(child, os.WNOHANG)
    while not ended:
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
        time.sleep(POLL_SECONDS)
        ended, status = os.waitpid(child, os.WNOHANG)
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _read(path: str) -> "tuple[bytes, tuple[int, int]]":
    with open(path, "rb") as file:
        content = file.read()
    status = os.stat(path)
    return content, (status.st_atime_ns, status.st_mtime_ns)


def _write(path: str, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)
