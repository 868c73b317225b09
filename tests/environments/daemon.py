"""A Docker daemon of our own, and an image made of this machine's Python."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import docker

IMAGE = "treewright-test:latest"
PYTHON = "/usr/bin/python3"
PROGRAMS = ("sh", "env", "sleep", "true", "cat", "timeout", "unshare", "echo", "ls", "touch")
STDLIB_LEFT_OUT = ("test", "idlelib", "lib2to3", "ensurepip", "turtledemo", "dist-packages", "config-")


@contextlib.contextmanager
def daemon() -> Iterator[str]:
    """Start dockerd with a socket and a data root of its own; yields what DOCKER_HOST should be."""
    folder = Path(tempfile.mkdtemp(prefix="treewright-dockerd-"))
    host = f"unix://{folder}/docker.sock"
    options = ["--data-root", f"{folder}/root", "--exec-root", f"{folder}/exec", "-p", f"{folder}/pid", "-H", host]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "dockerd", "--iptables=false", "--bridge=none", *options],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait_for(host, folder / "log", process)
        yield host
    finally:
        process.terminate()
        process.wait(60)
        subprocess.run(["umount", "--recursive", "--quiet", folder / "root"], check=False, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(host: str, log: Path, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            break
        with contextlib.suppress(docker.errors.DockerException):
            docker.DockerClient(base_url=host).ping()
            return
        time.sleep(0.1)
    raise AssertionError(f"dockerd does not start: {log.read_text()[-2000:]}")


def make_image(
    host: str,
    name: str = IMAGE,
    *,
    programs: tuple[str, ...] = (),
    linked: Iterable[Path] = (),
    more: Mapping[str, Path] | None = None,
) -> None:
    """Import an image: the machine's Python with the libraries it needs, a shell and a few programs.

    Args:
        host: of the daemon.
        name: of the image.
        programs: further ones.
        linked: binaries that will be mounted: what they are linked with is in the image.
        more: folders of this machine by where they are in the image.
    """
    with tempfile.TemporaryDirectory(prefix="treewright-image-") as folder:
        archive = Path(folder, "image.tar")
        with tarfile.open(archive, "w") as tar:
            files = _files((*PROGRAMS, *programs)) | _libraries(linked)
            empty = {Path("/", name) for name in ("tmp", "etc", "home", "root", "proc", "sys", "dev", "run", "var/tmp")}
            for folder_inside in sorted(empty.union(*(path.parents for path in {*files, *empty}))):
                entry = tarfile.TarInfo(str(folder_inside))
                entry.type, entry.mode = tarfile.DIRTYPE, 0o700 if folder_inside == Path("/root") else 0o755
                tar.addfile(entry)
            for path in sorted(files):
                tar.add(path.resolve(), str(path), recursive=False)
            for inside, source in (more or {}).items():
                tar.add(source, inside)
        repository, _, tag = name.partition(":")
        docker.APIClient(base_url=host).import_image_from_file(str(archive), repository, tag)


def _files(names: tuple[str, ...]) -> set[Path]:
    programs = [Path(found) for name in names if (found := shutil.which(name, path="/usr/bin:/bin"))]
    stdlib = Path(_ask("import sysconfig; print(sysconfig.get_path('stdlib'))"))
    modules = {
        path
        for path in stdlib.rglob("*")
        if path.is_file() and not any(part.startswith(STDLIB_LEFT_OUT) for part in path.relative_to(stdlib).parts)
    }
    binaries = [Path(PYTHON), *programs, *(path for path in modules if path.suffix == ".so")]
    libraries = _libraries(binaries)
    loaded_late = {path for folder in {each.parent for each in libraries} for path in folder.glob("libgcc_s.so.1")}
    return {*modules, *binaries, *libraries, *loaded_late, Path("/bin/sh")}


def _libraries(binaries: Iterable[Path]) -> set[Path]:
    told = subprocess.run(["ldd", "/bin/sh", *binaries], check=False, capture_output=True, text=True).stdout
    return {
        Path(word)
        for line in told.splitlines()
        for word in line.split()
        if word.startswith("/") and ".so" in word and not word.endswith(":")
    }


def _ask(code: str) -> str:
    return subprocess.run([PYTHON, "-I", "-c", code], check=True, capture_output=True, text=True).stdout.strip()
