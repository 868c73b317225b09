"""What a bubblewrap sandbox sees: the allow-list of mounts, the files of /etc, the environment."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from environments.base import MIB, Limits, Mount

UID = 1000  # how our own user, whichever it is, looks inside
HOME = "/home/sandbox"
TEMPORARY = ("/tmp", HOME, "/dev/shm")
SHARED_MEMORY = 64 * MIB
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
# No /run, /var, /opt, /srv: sockets and other people's data live there. Each bind costs a third of a millisecond,
# so small files are copied instead.
_ETC_FOLDERS = ("alternatives", "java-*", "maven", "pki/ca-trust/extracted", "pki/tls/certs", "ssl/certs")
_ETC_FILES = (
    "debian_version", "inputrc", "ld.so.cache", "ld.so.conf", "locale.alias", "locale.conf", "localtime", "mime.types",
    "os-release", "protocols", "services", "ssl/openssl.cnf", "timezone",
)  # fmt: skip
_MADE_UP = {
    "/etc/passwd": f"root:x:0:0:root:/root:/bin/sh\nsandbox:x:{UID}:{UID}:sandbox:{HOME}:/bin/sh\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
    "/etc/group": f"root:x:0:\nsandbox:x:{UID}:\nnogroup:x:65534:\n",
    "/etc/hosts": "127.0.0.1 localhost sandbox\n::1 localhost\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
    "/etc/resolv.conf": "",
    "/etc/machine-id": "0" * 32 + "\n",
}
_PROC_SETTINGS = ("acpi", "driver", "fs", "mtrr", "scsi")  # bwrap itself covers irq, bus and sysrq-trigger
# The sandbox's own first process runs without the system call filter: who could write to its memory were rid of it.
_HIDE_FIRST_PROCESS = ("--perms", "0555", "--size", "4096", "--tmpfs", "/proc/1")


@dataclass(frozen=True)
class Workspace:
    """The folder a sandbox may write to and where it appears, with the mounts that go along."""

    root: Path
    mount: str
    mounts: Sequence[Mount]

    def writable(self) -> list[Path]:
        """Host folders that commands can write to."""
        return [self.root, *(mount.source for mount in self.mounts if mount.writable)]

    def all_mounts(self) -> list[Mount]:
        """The workspace and the extra mounts, outer before inner; git's own folder in it is read-only."""
        mounts = [Mount(self.root, self.mount, writable=True), *self.mounts]
        metadata = self.root / ".git"
        if metadata.exists() and not metadata.is_symlink():
            mounts.append(Mount(metadata, f"{self.mount}/.git"))
        return sorted(mounts, key=lambda each: len(PurePosixPath(each.target).parts))


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The variables a command sees: constants and what it was given, nothing of ours."""
    fixed = {
        "PATH": PATH,
        "HOME": HOME,
        "USER": "sandbox",
        "LOGNAME": "sandbox",
        "SHELL": "/bin/sh",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "TMPDIR": "/tmp",
    }
    return fixed | dict(extra)


@functools.cache
def files(*, network: bool) -> dict[str, bytes]:
    """Files to copy into the sandbox, by path: made up, or public settings of this machine."""
    found = {path: text.encode() for path, text in _MADE_UP.items()}
    for name in _ETC_FILES:
        if (path := Path("/etc", name)).is_file():
            found[f"/etc/{name}"] = path.read_bytes()
    if network:
        found["/etc/resolv.conf"] = Path("/etc/resolv.conf").read_bytes()
    return found


def arguments(
    workspace: Workspace, limits: Limits, *, cwd: str, env: Mapping[str, str], file_fds: Mapping[str, int]
) -> list[str]:
    """Options of bwrap from the first mount to the environment; the order is the order of mounting.

    Args:
        workspace: what is writable, and what else is mounted.
        limits: the disk and memory limits also bound the memory-backed folders.
        cwd: folder to start in, relative to the workspace.
        env: the whole environment.
        file_fds: path inside -> descriptor to copy the file from.
    """
    args = [*_system(), "--proc", "/proc", *_read_only_settings(), *_HIDE_FIRST_PROCESS, "--dev", "/dev"]
    for path, descriptor in sorted(file_fds.items()):
        args += ["--perms", "0444", "--file", str(descriptor), path]
    args += _memory_backed(limits)
    for mount in workspace.all_mounts():
        args += ["--bind" if mount.writable else "--ro-bind", os.fspath(mount.source), mount.target]
    args += ["--remount-ro", "/", "--remount-ro", "/dev"]
    args += ["--chdir", str(PurePosixPath(workspace.mount) / cwd), "--hostname", "sandbox", "--clearenv"]
    for name, value in sorted(env.items()):
        args += ["--setenv", name, value]
    return args


def _memory_backed(limits: Limits) -> Iterable[str]:
    size = min(limits.disk, limits.memory)
    sizes = {"/tmp": size, HOME: size, "/dev/shm": min(SHARED_MEMORY, limits.memory)}
    for folder, bound in sizes.items():
        yield from ("--perms", "1777", "--size", str(bound), "--tmpfs", folder)
    yield from ("--dir", "/run", "--dir", "/var", "--symlink", "/tmp", "/var/tmp")


@functools.cache
def _system() -> tuple[str, ...]:
    """Read-only binds of programs, libraries and public settings."""
    args = ["--ro-bind", "/usr", "/usr"]
    for top in _SYSTEM:
        if Path(top).is_symlink():
            args += ["--symlink", os.fspath(Path(top).readlink()), top]
        elif Path(top).is_dir():
            args += ["--ro-bind", top, top]
    for folder in ("/etc", "/home"):
        args += ["--perms", "0755", "--dir", folder]
    for pattern in _ETC_FOLDERS:
        for path in sorted(Path("/etc").glob(pattern)):
            args += ["--ro-bind", os.fspath(path.resolve()), os.fspath(path)]
    return tuple(args)


@functools.cache
def _read_only_settings() -> tuple[str, ...]:
    """Kernel settings made read-only: they are writable for the owner of the machine's processes, who may be us."""
    settings = ["/proc/sys"]
    if os.geteuid() == 0:
        settings += [f"/proc/{name}" for name in _PROC_SETTINGS if _has_writable(Path("/proc", name))]
    return tuple(part for path in settings for part in ("--ro-bind", path, path))


def _has_writable(path: Path) -> bool:
    files = [path, *path.rglob("*")] if path.exists() else []
    return any(each.is_file() and each.stat().st_mode & 0o222 for each in files)
