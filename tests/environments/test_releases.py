"""Archives from elsewhere, some of them hostile, and what pip is asked for."""

import asyncio
import hashlib
import io
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from environments.releases import Release, download, install, unpack
from tools.errors import InputError


def make_tar(path: Path, members: list[tarfile.TarInfo]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            data = b"x" * member.size
            tar.addfile(member, io.BytesIO(data))
    return path


def regular(name: str, size: int = 3) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = size
    return info


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_the_single_top_folder_of_a_source_release_goes(tmp_path: Path) -> None:
    unpack(make_tar(tmp_path / "a.tar.gz", [regular("p-1/a.py"), regular("p-1/tests/t.py")]), tmp_path / "out")
    assert sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.py")) == [
        "a.py",
        "tests/t.py",
    ]


def test_links_and_devices_are_left_out(tmp_path: Path) -> None:
    device = tarfile.TarInfo("p/tty")
    device.type = tarfile.CHRTYPE
    members = [regular("p/a.py"), link("p/etc", "/etc"), link("p/hard", "p/a.py", tarfile.LNKTYPE), device]
    unpack(make_tar(tmp_path / "a.tar.gz", members), tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.py"]


@pytest.mark.parametrize("name", ["../evil.py", "p/../../evil.py"])
def test_paths_out_of_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as box:
        box.writestr(name, "x")
    inner = tmp_path / "inner"
    for archive in (tmp_path / "a.zip", make_tar(tmp_path / "a.tar.gz", [regular(name)])):
        with pytest.raises(InputError):
            unpack(archive, inner / "out")
    assert not list(tmp_path.rglob("evil.py"))
    assert not (inner / "out").exists()


def test_writing_through_a_link_is_impossible(tmp_path: Path) -> None:
    members = [link("p/door", str(tmp_path / "outside")), regular("p/door/evil.py")]
    (tmp_path / "outside").mkdir()
    unpack(make_tar(tmp_path / "a.tar.gz", members), tmp_path / "out")
    assert not list((tmp_path / "outside").iterdir())


def test_an_archive_over_a_limit_is_refused(tmp_path: Path) -> None:
    archive = make_tar(tmp_path / "a.tar.gz", [regular("p/a", 600), regular("p/b", 600)])
    with pytest.raises(InputError, match="over"):
        unpack(archive, tmp_path / "out", max_bytes=1000)
    with pytest.raises(InputError, match="over"):
        unpack(archive, tmp_path / "out", max_files=1)
    unpack(archive, tmp_path / "out", max_bytes=1200, max_files=2)


@pytest.mark.parametrize("name", ["a.tar.gz", "a.whl", "a.rar"])
def test_what_is_no_archive_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"not an archive")
    with pytest.raises(InputError):
        unpack(tmp_path / name, tmp_path / "out")


def test_a_file_with_another_digest_is_refused_and_forgotten(tmp_path: Path) -> None:
    folder = tmp_path / "p-1-sdist"
    folder.mkdir()
    (folder / "p-1.tar.gz").write_bytes(b"something")
    right = hashlib.sha256(b"something").hexdigest()
    found = asyncio.run(download(Release("p", "1", "sdist", right), tmp_path))
    assert found.read_bytes() == b"something"
    with pytest.raises(InputError, match="not the recorded"):
        asyncio.run(download(Release("p", "1", "sdist", "0" * 64), tmp_path))
    assert not folder.exists()


def test_requirements_without_a_version_are_refused() -> None:
    with pytest.raises(InputError, match="pinned"):
        asyncio.run(install(("pytest",), Path(sys.executable)))
