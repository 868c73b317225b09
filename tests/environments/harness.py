"""The host that attacks aim at: a secret, sockets, a process; and runs by another user."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from attacks import ATTACKS as FIRST_ATTACKS
from attacks import PRELUDE, Payload
from attacks_deep import DEEP_ATTACKS

from environments.base import Command, CommandResult, Limits, Sandbox

SECRET = "canary-9f2c71"
NOBODY = 65534
PYTHON = "/usr/bin/python3"
ATTACKS = [*FIRST_ATTACKS, *DEEP_ATTACKS]
IPC_CREAT, IPC_RMID = 0o1000, 0


@dataclass(frozen=True)
class Host:
    """What must stay out of reach, and the workspace that need not."""

    folder: Path
    workspace: Path
    port: int
    unix: str
    abstract: str
    shared: str

    def script(self, payload: Payload) -> str:
        prelude = PRELUDE.format(
            host=str(self.folder),
            secret=SECRET,
            port=self.port,
            home=str(Path.home()),
            unix=self.unix,
            abstract=self.abstract,
            shared=self.shared,
            pid=os.getpid(),
        )
        return prelude + payload.code

    def traces(self) -> list[str]:
        """What an attack left where it must not."""
        found = [path.name for path in self.folder.iterdir() if path.name not in ("secret", "s")]
        if (self.folder / "secret").read_text() != SECRET:
            found.append("secret was changed")
        for path in self.workspace.rglob("*"):
            mode = path.lstat().st_mode
            if mode & 0o6000:
                found.append(f"{path.name} is set-user-id")
        return found

    def clean(self) -> None:
        """Take away the traces, for the next attack."""
        (self.folder / "secret").write_text(SECRET)
        for path in self.folder.iterdir():
            if path.name not in ("secret", "s"):
                path.unlink()
        for path in self.workspace.iterdir():
            if path.name == ".git":
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


@contextlib.contextmanager
def host(owner: int) -> Iterator[Host]:
    """Make the targets; the workspace, a plain clone with a .git folder, belongs to ``owner``."""
    with contextlib.ExitStack() as cleanup:
        folder = Path(tempfile.mkdtemp(prefix="treewright-host-"))
        cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o777)
        (folder / "secret").write_text(SECRET)
        (folder / "secret").chmod(0o666)
        listening = cleanup.enter_context(socket.create_server(("127.0.0.1", 0)))
        unix = cleanup.enter_context(socket.socket(socket.AF_UNIX))
        unix.bind(str(folder / "s"))
        unix.listen()
        (folder / "s").chmod(0o777)
        abstract = cleanup.enter_context(socket.socket(socket.AF_UNIX))
        name = f"treewright-{os.getpid()}-{folder.name}"
        abstract.bind("\0" + name)
        abstract.listen()
        workspace = Path(tempfile.mkdtemp(prefix="treewright-work-"))
        cleanup.callback(shutil.rmtree, workspace, ignore_errors=True)
        (workspace / ".git" / "hooks").mkdir(parents=True)
        (workspace / ".git" / "config").write_text("[core]\n\tbare = false\n")
        for path in (workspace, *workspace.rglob("*")):
            os.chown(path, owner, owner)
        shared = cleanup.enter_context(_shared_memory(folder.name))
        yield Host(folder, workspace, listening.getsockname()[1], str(folder / "s"), name, shared)


@contextlib.contextmanager
def _shared_memory(name: str) -> Iterator[str]:
    """A file in /dev/shm and a System V segment that hold the secret, open to everybody; gives the file's name."""
    path = Path("/dev/shm", name)
    path.write_text(SECRET)
    path.chmod(0o666)
    libc = ctypes.CDLL(None)
    libc.shmat.restype = ctypes.c_void_p
    segment = libc.shmget(0, 4096, IPC_CREAT | 0o666)
    ctypes.memmove(libc.shmat(segment, None, 0), SECRET.encode(), len(SECRET))
    try:
        yield name
    finally:
        path.unlink()
        libc.shmctl(segment, IPC_RMID, None)


def run_as(uid: int, work: Callable[[], Awaitable[Any]]) -> Any:
    """Run async work as another user, in a fork of this process; its result must be JSON."""
    if uid == os.geteuid():
        return asyncio.run(_awaited(work))
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            os.close(readable)
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE, lost with the change of user
            try:
                answer = {"value": asyncio.run(_awaited(work))}
            except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 -- told to the parent
                answer = {"error": f"{type(error).__name__}: {error}"}
            with os.fdopen(writable, "w") as file:
                json.dump(answer, file)
        os._exit(0)
    os.close(writable)
    with os.fdopen(readable) as file:
        answer = json.load(file)
    os.waitpid(child, 0)
    if "error" in answer:
        raise AssertionError(answer["error"])
    return answer["value"]


async def _awaited(work: Callable[[], Awaitable[Any]]) -> Any:
    return await work()


async def run_payloads(sandbox: Sandbox, target: Host, payloads: list[Payload]) -> dict[str, dict[str, Any]]:
    """Run each payload alone; name -> result, with what it left on the host."""
    limits = Limits(seconds=20, memory=512 * 1024**2, processes=128, disk=256 * 1024**2)
    found = {}
    for payload in payloads:
        result = await sandbox.run(Command((PYTHON, "-c", target.script(payload)), limits=limits))
        found[payload.name] = {**asdict(result), "traces": target.traces()}
    return found


def escapes(results: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The payloads that got what they wanted."""
    return {name: result for name, result in results.items() if "ESCAPED" in result["output"] or result["traces"]}


def as_result(value: dict[str, Any]) -> CommandResult:
    return CommandResult(**value)
