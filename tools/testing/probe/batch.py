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
import select
import shutil
import signal
import sys
import tempfile
import time
from typing import Any, Callable, Iterator

WORTH_COMPILING = 4  # runs
POLL_SECONDS = 0.005
EXIT = ".exit"


def run(main: "Callable[[], int]", modules: "list[str]") -> int:
    """Runs the jobs on standard input, with the modules that every run needs imported once.

    They are {"root", "seconds", "jobs": [{"files": {path: base64}, "options": {}, "hot": {}}]}; `hot`, if there, is the
    edit as `Hot` takes it.
    """
    given = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    for module in modules:
        importlib.import_module(module)
    root = os.path.realpath(given["root"])
    _run_hot(main, given)
    left = [job for job in given["jobs"] if not os.path.exists(job["options"]["report"] + EXIT)]
    with _compiled(main, left, float(given["seconds"])):
        for job in left:
            originals = {os.path.join(root, path): _read(os.path.join(root, path)) for path in job["files"]}
            for path, text in job["files"].items():
                save(os.path.join(root, path), base64.b64decode(text))
            for path, (_, times) in originals.items():
                os.utime(path, ns=(times[0], times[1] + 10**9))
            try:
                code = wait_for(_start(main, job["options"]), float(given["seconds"]))
                save(job["options"]["report"] + EXIT, str(code).encode("ascii"))
            finally:
                for path, (content, times) in originals.items():
                    save(path, content)
                    os.utime(path, ns=times)
    return 0


@contextlib.contextmanager
def _compiled(main: "Callable[[], int]", jobs: "list[Any]", seconds: float) -> "Iterator[None]":
    """Has the modules that are not edited compiled once: pytest rewrites assertions, which takes most of a short run.

    What is compiled is known by the second and size of its source. Edited files are a second newer than those of the
    repository, and nothing is written after the first run, which edits nothing: no edit is taken for another.
    """
    if len(jobs) < WORTH_COMPILING or not hasattr(sys, "pycache_prefix"):  # since Python 3.8
        yield
        return
    before = sys.pycache_prefix, sys.dont_write_bytecode
    folder = tempfile.mkdtemp()
    try:
        sys.pycache_prefix, sys.dont_write_bytecode = folder, False
        wait_for(_start(main, dict(jobs[0]["options"], report=jobs[0]["options"]["report"] + ".compiling")), seconds)
        sys.dont_write_bytecode = True
        yield
    finally:
        sys.pycache_prefix, sys.dont_write_bytecode = before
        shutil.rmtree(folder, ignore_errors=True)


def _run_hot(main: "Callable[[], int]", given: "dict[str, Any]") -> None:
    """Runs the jobs that can be done in memory; those that turn out not to be are left."""
    jobs = [dict(job["hot"], report=job["options"]["report"]) for job in given["jobs"] if job.get("hot")]
    if not jobs or not given["jobs"][0]["options"]["tests"]:
        return
    options = dict(given["jobs"][0]["options"], hot={"jobs": jobs, "seconds": given["seconds"]})
    options["report"] = jobs[0]["report"] + ".collecting"
    wait_for(_start(main, options), given["seconds"] * (1 + len(jobs)))


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


def wait_for(child: int, seconds: float) -> int:
    """The exit code of a run, 128 + signal as in shells; it is killed at the deadline, its group after its end."""
    deadline = time.monotonic() + seconds
    watching = _watch(child)
    ended, status = os.waitpid(child, os.WNOHANG)
    while not ended:
        left = deadline - time.monotonic()
        if left <= 0:
            os.kill(child, signal.SIGKILL)
        if watching is None or left <= 0:
            time.sleep(POLL_SECONDS)
        else:
            select.select([watching], [], [], left)
        ended, status = os.waitpid(child, os.WNOHANG)
    if watching is not None:
        os.close(watching)
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _watch(child: int) -> "int | None":
    """A descriptor that can be read once the child has ended; None where the system or the interpreter has none."""
    try:
        return os.pidfd_open(child)
    except (AttributeError, OSError):
        return None


def _read(path: str) -> "tuple[bytes, tuple[int, int]]":
    with open(path, "rb") as file:
        content = file.read()
    status = os.stat(path)
    return content, (status.st_atime_ns, status.st_mtime_ns)


def save(path: str, content: bytes) -> None:
    """Write a file."""
    with open(path, "wb") as file:
        file.write(content)
