"""What a sandbox is: the command it runs, the limits it holds, the result it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal, Protocol

from tools.errors import InputError

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

Stop = Literal["", "timeout", "memory", "processes", "disk", "output"]
OutputSink = Callable[[bytes], None]


@dataclass(frozen=True)
class Limits:
    """What one command, with everything it starts, may use.

    Attributes:
        seconds: wall time until the whole process tree is killed.
        memory: bytes resident, summed over the tree.
        processes: processes and threads alive at once.
        disk: bytes a command may add to the workspace; also the size of one file and of /tmp.
        output: bytes of standard output and error that are kept, half from the head and half from the tail.
    """

    seconds: float = 60.0
    memory: int = 2 * GIB
    processes: int = 256
    disk: int = GIB
    output: int = MIB

    def __post_init__(self) -> None:
        for name in ("seconds", "memory", "processes", "disk", "output"):
            if not getattr(self, name) > 0:
                raise InputError(
                    f"limit {name} must be positive, got {getattr(self, name)}", hint="leave it out for the default"
                )


@dataclass(frozen=True)
class Mount:
    """A host path made visible at an absolute path inside, read-only unless said otherwise."""

    source: Path
    target: str
    writable: bool = False

    def __post_init__(self) -> None:
        check_target(self.target)


@dataclass(frozen=True)
class Command:
    """One command for a sandbox.

    Attributes:
        argv: program and arguments; never passed through a shell unless it names one.
        cwd: folder to start in, relative to the workspace.
        env: variables added to the allow-listed ones; nothing else of ours is inherited.
        stdin: bytes given on standard input, then end of file.
        limits: what it may use.
        network: whether it may reach the network (setup commands only).
    """

    argv: tuple[str, ...]
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    limits: Limits = field(default_factory=Limits)
    network: bool = False

    def __post_init__(self) -> None:
        if not self.argv or not self.argv[0]:
            raise InputError("a command needs a program to run")
        if any("\0" in part for part in (*self.argv, *self.env, *self.env.values(), self.cwd)):
            raise InputError("a command must not contain NUL characters")
        if any(not name or "=" in name for name in self.env):
            raise InputError("a variable needs a name without '='")
        folder = PurePosixPath(self.cwd)
        if folder.is_absolute() or ".." in folder.parts:
            raise InputError(f"the working folder must lie in the workspace, got {self.cwd!r}")

    @classmethod
    def shell(
        cls,
        text: str,
        *,
        cwd: str = "",
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        limits: Limits | None = None,
        network: bool = False,
    ) -> Command:
        """A command line for ``/bin/sh``."""
        argv = ("/bin/sh", "-c", text)
        return cls(argv, cwd, dict(env or {}), stdin, limits or Limits(), network)


@dataclass(frozen=True)
class CommandResult:
    """What came of a command.

    Attributes:
        exit_code: its status; 128 + signal number when a signal ended it, as shells report it.
        output: standard output and error merged in order of arrival, decoded as UTF-8 with replacement;
            when more than the limit came, the head and the tail with a note between them.
        stopped: the limit for which we killed it, or "".
        seconds: wall time.
        output_bytes: how much it wrote in all, kept or not.
    """

    exit_code: int
    output: str
    stopped: Stop
    seconds: float
    output_bytes: int

    @property
    def ok(self) -> bool:
        """Whether it ended by itself with status 0."""
        return self.exit_code == 0 and not self.stopped


@dataclass(frozen=True)
class Check:
    """One line of ``doctor``: what holds on this machine, and what to do where it does not."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


class Sandbox(Protocol):
    """A place bound to one workspace where commands run one after another or at the same time."""

    def inside(self, path: Path) -> str:
        """Where commands find a host path that lies in the workspace or in a mount.

        Raises:
            InputError: the sandbox does not show it.
        """
        ...

    async def run(self, command: Command, *, on_output: OutputSink | None = None) -> CommandResult:
        """Run a command to its end or to a limit; returns at most 2 s after ``limits.seconds``.

        Args:
            command: what to run.
            on_output: called with each piece of output as it arrives, also with what is not kept.

        Raises:
            InfrastructureError: the sandbox could not start it; never because the command failed.
        """
        ...

    async def close(self) -> None:
        """Give back what the sandbox holds; running commands are killed."""
        ...


class Environment(Protocol):
    """A way to make sandboxes."""

    @property
    def name(self) -> str:
        """The word people use for it: bubblewrap, docker or local."""
        ...

    async def open(self, root: Path, *, mount: str = "/workspace", mounts: Sequence[Mount] = ()) -> Sandbox:
        """Make a sandbox whose workspace is ``root``, seen inside at ``mount``.

        Raises:
            InfrastructureError: the machine cannot provide it; says what to do and never falls back to less.
            InputError: ``root`` is not a folder or a target is not usable.
        """
        ...

    async def checks(self) -> list[Check]:
        """What works here and what is enforced."""
        ...


_UNITS = {"": MIB, "k": KIB, "m": MIB, "g": GIB}


def parse_size(text: str) -> int:
    """Bytes of a size as people write it: in MiB, or with a unit of K, M or G (`512`, `64K`, `1.5GiB`).

    Raises:
        InputError: it is none, or not positive.
    """
    number = text.strip().lower().removesuffix("b").removesuffix("i")
    unit = number[-1:] if number[-1:] in ("k", "m", "g") else ""
    try:
        size = int(float(number.removesuffix(unit)) * _UNITS[unit])
    except (ValueError, OverflowError):
        size = 0
    if size <= 0:
        raise InputError(f"{text!r} is not a size", hint="write 512 (MiB), 64K, 512M or 2G")
    return size


RESERVED = ("/", "/dev", "/proc", "/sys", "/tmp", "/etc", "/bin", "/lib", "/lib64", "/sbin", "/usr", "/run", "/var")


def check_target(target: str) -> PurePosixPath:
    """Validate a path inside the sandbox: absolute, normal, and not one the system needs.

    Raises:
        InputError: naming the reason.
    """
    path = PurePosixPath(target)
    if not path.is_absolute() or ".." in path.parts or str(path) != target or "\0" in target or target.startswith("//"):
        raise InputError(f"a mount target must be a normal absolute path, got {target!r}")
    kernel_owned = any(path.is_relative_to(top) for top in ("/dev", "/proc", "/sys"))
    if target in RESERVED or kernel_owned:
        raise InputError(
            f"{target} inside the sandbox belongs to the system and cannot be mounted over",
            hint="name a folder inside it",
        )
    return path


def check_root(root: Path) -> Path:
    """The folder to mount, resolved.

    Raises:
        InputError: it is not a folder, or one that holds a whole home or system.
    """
    root = root.resolve()
    if not root.is_dir():
        raise InputError(f"{root} is not a folder", hint="make it, or name another")
    if Path.home().resolve().is_relative_to(root):
        raise InputError(f"{root} is too much to open to a sandbox", hint="name a folder inside it")
    return root


def translate(path: Path, mounts: Sequence[Mount]) -> str:
    """The path inside of a host path, by the innermost of the mounts that holds it.

    Raises:
        InputError: none holds it.
    """
    path = path.resolve()
    holding = [mount for mount in mounts if path.is_relative_to(mount.source.resolve())]
    if not holding:
        raise InputError(f"{path} is not visible in the sandbox")
    nearest = max(holding, key=lambda mount: len(mount.source.resolve().parts))
    return str(PurePosixPath(nearest.target) / path.relative_to(nearest.source.resolve()))
