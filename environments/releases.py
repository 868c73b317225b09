"""Published source releases: downloaded by name, checked by digest, unpacked without running any of their code."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import stat
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from tools.errors import InfrastructureError, InputError

MAX_BYTES = 200 * 2**20
MAX_FILES = 20_000

# pip asks a source release's build backend for its metadata before it keeps the file, which would run the release's
# own code. These stand-ins (PEP 517) answer from PKG-INFO instead.
_BACKENDS = (
    "setuptools.build_meta",
    "flit_core.buildapi",
    "flit.buildapi",
    "hatchling.build",
    "poetry.core.masonry.api",
    "poetry.masonry.api",
    "pdm.backend",
    "pdm.pep517.api",
)
_BACKEND = '''"""Answers pip's question for metadata from PKG-INFO; builds nothing."""
import sys
from pathlib import Path

__legacy__ = sys.modules[__name__]


def get_requires_for_build_wheel(config_settings=None):
    return []


def prepare_metadata_for_build_wheel(directory, config_settings=None):
    head = Path("PKG-INFO").read_text(encoding="utf-8", errors="replace").split("\\n\\n")[0]
    fields = dict(line.split(": ", 1) for line in head.splitlines() if line.startswith(("Name: ", "Version: ")))
    folder = Path(directory, fields["Name"].replace("-", "_") + "-" + fields["Version"] + ".dist-info")
    folder.mkdir()
    lines = ["Metadata-Version: 2.1", *(name + ": " + value for name, value in fields.items()), ""]
    (folder / "METADATA").write_text("\\n".join(lines), encoding="utf-8")
    return folder.name
'''


@dataclass(frozen=True)
class Release:
    """One file of one published version.

    Attributes:
        package: the distribution's name.
        version: the exact version.
        kind: the source distribution, or the wheel (for a package whose source distribution cannot be used).
        sha256: hex digest of the file; anything else is refused.
    """

    package: str
    version: str
    kind: Literal["sdist", "wheel"]
    sha256: str


async def download(release: Release, cache: Path) -> Path:
    """The release's file, from `cache` or by pip from the configured index.

    Raises:
        InfrastructureError: pip is missing or the file cannot be had.
        InputError: the file is not the one that the digest names.
    """
    folder = cache / f"{release.package}-{release.version}-{release.kind}"
    found = _only_file(folder)
    if found is None:
        await _pip_download(release, folder)
        found = _only_file(folder)
    if found is None:
        raise InfrastructureError(f"pip kept no file for {release.package} {release.version}")
    digest = await asyncio.to_thread(_sha256, found)
    if digest != release.sha256:
        shutil.rmtree(folder)
        raise InputError(
            f"{release.package} {release.version}: the downloaded {release.kind} has sha256 {digest}, "
            f"not the recorded {release.sha256}",
            hint="the index served another file than the case was made from; do not use it",
        )
    return found


def unpack(archive: Path, folder: Path, *, max_bytes: int = MAX_BYTES, max_files: int = MAX_FILES) -> None:
    """Unpacks a source distribution (its single top folder removed) or a wheel into the new `folder`.

    Only regular files and folders come out of it: links and devices are left out, paths that lead out of `folder`
    are refused.

    Raises:
        InputError: the archive is not one of the three kinds, holds an member outside of its root, or is over a limit.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".unpack-", dir=folder.parent))
    try:
        if archive.name.endswith((".zip", ".whl")):
            _unzip(archive, staging, max_bytes, max_files)
        elif archive.name.endswith((".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")):
            _untar(archive, staging, max_bytes, max_files)
        else:
            raise InputError(f"{archive.name} is neither a zip nor a tar archive")
        children = sorted(staging.iterdir())
        single = len(children) == 1 and children[0].is_dir() and not archive.name.endswith(".whl")
        (children[0] if single else staging).rename(folder)
    except (tarfile.TarError, zipfile.BadZipFile, OSError) as error:
        raise InputError(f"{archive.name} cannot be unpacked: {error}") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


async def install(requirements: tuple[str, ...], python: Path) -> None:
    """Installs pinned wheels, and nothing that they ask for, into the environment of `python`."""
    unpinned = [requirement for requirement in requirements if "==" not in requirement]
    if unpinned:
        raise InputError(f"requirements must be pinned with ==: {', '.join(unpinned)}")
    await _pip("--python", str(python), "install", "--no-deps", "--only-binary", ":all:", *requirements)


async def _pip_download(release: Release, folder: Path) -> None:
    cache = folder.parent
    cache.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".download-", dir=cache))
    try:
        shim, target = staging / "backends", staging / "files"
        _write_backends(shim)
        form = "--no-binary" if release.kind == "sdist" else "--only-binary"
        options = ["--no-deps", "--no-build-isolation", "--use-pep517", form, ":all:", "--dest", str(target)]
        await _pip("download", *options, f"{release.package}=={release.version}", path=shim)
        target.rename(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


async def _pip(*arguments: str, path: Path | None = None) -> None:
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    environment.pop("PYTHONPATH", None)
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "pip",
        "--quiet",
        *arguments,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    if process.returncode:
        lines = [line for line in output.decode(errors="replace").splitlines() if line.strip()]
        errors = [line for line in lines if "ERROR" in line] or lines[-1:]
        raise InfrastructureError(
            f"pip failed: {'; '.join(errors[:3])}",
            hint="check that this Python has pip and that pip reaches its package index",
        )


def _write_backends(folder: Path) -> None:
    for name in _BACKENDS:
        path = folder.joinpath(*name.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        for package in path.relative_to(folder).parents[:-1]:  # else an installed package of that name would win
            (folder / package / "__init__.py").touch()
        path.write_text(_BACKEND, encoding="utf-8")


def _only_file(folder: Path) -> Path | None:
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return files[0] if len(files) == 1 else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _untar(archive: Path, target: Path, max_bytes: int, max_files: int) -> None:
    with tarfile.open(archive) as tar:
        size = 0
        for count, member in enumerate(tar):
            size += member.size
            _check_limits(archive, count, size, max_bytes, max_files)
            if member.isfile() or member.isdir():
                place = target / _inside(archive, member.name)
                _write_member(tar, member, place)


def _write_member(tar: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    """By hand: the filters of `tarfile` came with Python 3.11.4, and Debian 12 has 3.11.2."""
    if member.isdir():
        place.mkdir(parents=True, exist_ok=True)
        return
    content = tar.extractfile(member)
    if content is None:
        raise InputError(f"{member.name} has no content")
    place.parent.mkdir(parents=True, exist_ok=True)
    with content, place.open("wb") as file:
        shutil.copyfileobj(content, file)
    place.chmod(0o755 if member.mode & 0o100 else 0o644)


def _inside(archive: Path, name: str) -> PurePosixPath:
    """The path of a member, which must lie below the root of its archive."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise InputError(f"{archive.name}: {name} does not lie below the archive's root")
    return path


def _unzip(archive: Path, target: Path, max_bytes: int, max_files: int) -> None:
    with zipfile.ZipFile(archive) as box:
        size = 0
        for count, info in enumerate(box.infolist()):
            size += info.file_size
            _check_limits(archive, count, size, max_bytes, max_files)
            _inside(archive, info.filename)
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind in (0, stat.S_IFREG, stat.S_IFDIR):
                box.extract(info, target)


def _check_limits(archive: Path, count: int, size: int, max_bytes: int, max_files: int) -> None:
    if count >= max_files or size > max_bytes:
        raise InputError(f"{archive.name} is over {max_files} files or {max_bytes} bytes when unpacked")
