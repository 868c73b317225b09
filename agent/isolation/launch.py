"""Starting a design in a sandbox of its own and letting it work through the pipe."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.isolation.host import Host, Rules
from agent.isolation.wire import MESSAGE_BYTES
from agent.kit import Kit
from agent.local_kit import LocalKit
from environments.base import MIB, Command, CommandResult, Environment, Limits, Mount, Stop
from environments.interpreters import find_python
from tools.errors import DesignFailed, InfrastructureError, InputError, Misconduct

FOLDER = "/design"
LIBRARY = "/treewright"
OURS = ("agent", "search", "tools")
NEEDED = ("pydantic", "pydantic_core", "annotated_types", "typing_extensions", "typing_inspection")
_SOCKET = "kit"
_BOOT = f"import sys; sys.path[:0] = ['{LIBRARY}']; from agent.isolation.child import main; main('{FOLDER}/{_SOCKET}')"
_STOPS: dict[Stop, Misconduct] = {
    "memory": Misconduct.MEMORY,
    "processes": Misconduct.PROCESSES,
    "disk": Misconduct.DISK,
    "output": Misconduct.FLOODED,
    "timeout": Misconduct.TIME,
}
_PATH_CHARS = 100  # of the address of a socket
_LAST_WORDS = 1000


@dataclass(frozen=True)
class Sandboxing:
    """How a design is run.

    Attributes:
        environment: makes the sandbox; `local` is none.
        limits: of the design's own process: it only decides, the work is done on our side.
        cpu: seconds of processor time.
        start: seconds until it must have connected.
        rules: of the pipe.
    """

    environment: Environment
    limits: Limits = field(default_factory=lambda: Limits(4 * 3600.0, 512 * MIB, 16, 16 * MIB, 64 * 1024))
    cpu: int = 600
    start: float = 240.0
    rules: Rules = field(default_factory=Rules)


class Sandboxed:
    """A design that runs in a sandbox; used like the `solve` of one that runs here.

    Args:
        source: its code, which is never run in this process.
        how: where and within which limits.
        seed: of its random numbers.
    """

    def __init__(self, source: str, how: Sandboxing, *, seed: int = 0) -> None:
        if how.environment.name == "local":
            raise InputError(
                "a design is not run without a sandbox", hint="use bubblewrap, or docker with an image that has Python"
            )
        self._source = source
        self._how = how
        self._seed = seed

    async def __call__(self, kit: Kit) -> None:
        """Let the design solve what `kit` stands for.

        Raises:
            DesignFailed: it broke, misbehaved or met a limit.
            InfrastructureError: there is no sandbox, or it did not start.
        """
        if not isinstance(kit, LocalKit):
            raise TypeError("the kit of a sandboxed design is the local one")
        with _folder() as folder:
            connected: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
            connected = asyncio.get_running_loop().create_future()

            def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                if connected.done():
                    writer.close()  # one connection, of the first who comes
                else:
                    connected.set_result((reader, writer))

            server = await asyncio.start_unix_server(connect, folder / _SOCKET, limit=MESSAGE_BYTES)
            process = asyncio.ensure_future(self._run(folder))
            try:
                started: set[asyncio.Future[Any]] = {connected, process}
                await asyncio.wait(started, timeout=self._how.start, return_when=asyncio.FIRST_COMPLETED)
                server.close()
                if not connected.done():
                    raise _no_start(process)
                await self._serve(kit, *connected.result(), process)
            finally:
                server.close()
                process.cancel()
                await asyncio.gather(process, return_exceptions=True)
                if connected.done():
                    connected.result()[1].close()

    async def _serve(
        self,
        kit: LocalKit,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        process: asyncio.Future[CommandResult],
    ) -> None:
        try:
            await Host(kit, self._how.rules).serve(reader, writer, self._source, self._seed)
        except DesignFailed as error:
            if error.conduct is not Misconduct.EXITED:
                raise
            await asyncio.wait({process}, timeout=5)
            raise _exited(error, process) from error

    async def _run(self, folder: Path) -> CommandResult:
        """The process of the design, from start to end."""
        python, mounts = await asyncio.to_thread(_interpreter)
        sandbox = await self._how.environment.open(folder, mount=FOLDER, mounts=[*mounts, *_library()])
        try:
            limit = ("prlimit", f"--cpu={self._how.cpu}", "--")
            return await sandbox.run(Command((*limit, python, "-I", "-S", "-c", _BOOT), limits=self._how.limits))
        finally:
            await sandbox.close()


def _exited(error: DesignFailed, process: asyncio.Future[CommandResult]) -> DesignFailed:
    """What is known of a process that ended before the design said that it was done."""
    if not process.done():
        return error
    result = process.result()
    conduct = _STOPS.get(result.stopped, Misconduct.EXITED)
    words = result.output.strip()[-_LAST_WORDS:]
    why = f"its process met the limit of {result.stopped}" if result.stopped else f"{error} (status {result.exit_code})"
    return DesignFailed(why, conduct, traceback=words)


def _no_start(process: asyncio.Future[CommandResult]) -> Exception:
    if not process.done():
        return InfrastructureError("the sandbox of the design did not start in time")
    error = process.exception()
    if isinstance(error, Exception):
        return error
    said = process.result().output.strip().splitlines()[-1:]
    return InfrastructureError(
        f"the sandbox of the design did not start: {''.join(said)[:300]}",
        hint="an image for designs needs util-linux and what this Python is linked with",
    )


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """An empty folder with a short name: the address of a socket has no more than a hundred characters."""
    folder = Path(tempfile.mkdtemp(prefix="treewright-design-"))
    if len(str(folder)) > _PATH_CHARS - len(_SOCKET):
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="treewright-design-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _interpreter() -> tuple[str, Sequence[Mount]]:
    """Our own Python without its packages."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = find_python(Path(sys.base_prefix) / "bin" / name, Path(sys.base_prefix))
    return str(found.path), found.mounts


def _library() -> list[Mount]:
    """Our code and the few packages it needs there, each by itself: nothing else of an environment is shown."""
    mounts = []
    for name in (*OURS, *NEEDED):
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise InfrastructureError(f"the package {name} is not installed")
        origin = Path(spec.origin).resolve()
        source = origin.parent if origin.name == "__init__.py" else origin
        mounts.append(Mount(source, f"{LIBRARY}/{source.name}"))
    return mounts
