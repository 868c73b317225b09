"""What setting a repository up leaves beside the tracked files: kept aside, and put back at each move."""

from __future__ import annotations

import os
import stat
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from environments.workspaces.folder import Folder, remove_folder
from tools.snapshots.paths import is_git_name, path_problem
from tools.snapshots.walk import walk

_FILES, _BASE = "files", "base"


@dataclass(frozen=True)
class Products:
    """Build products, as pristine copies in a folder that no sandbox sees.

    Attributes:
        root: the folder of the copies.
        files: path of each file and link to the status of its copy.
        folders: path of each folder to its mode.
    """

    root: Path
    files: dict[str, os.stat_result]
    folders: dict[str, int]

    @classmethod
    def record(cls, workspace: Path, tracked: set[str], folder: Path, base: str) -> Products:
        """Copy everything of a workspace that is not tracked, `.git` folders and special files excepted.

        Args:
            workspace: the root of the workspace that was set up.
            tracked: paths of the base snapshot.
            folder: where to keep the copies; replaced.
            base: id of the base snapshot, written last: a record without it does not count.
        """
        fresh = folder.with_name(f"{folder.name}.new")
        remove_folder(fresh)
        (fresh / _FILES).mkdir(parents=True)
        with Folder(workspace) as there, Folder(fresh / _FILES) as copies:
            for path, status in walk(workspace, lambda path, _: not is_git_name(path.rpartition("/")[2]), force=True):
                if path in tracked or is_git_name(path.rpartition("/")[2]):
                    continue
                if stat.S_ISDIR(status.st_mode):
                    copies.make(path)
                elif stat.S_ISLNK(status.st_mode):
                    copies.link(path, there.target(path))
                elif stat.S_ISREG(status.st_mode):
                    with there.opened(path) as file:
                        copies.write(path, file, mode=status.st_mode & 0o777, mtime_ns=status.st_mtime_ns)
        (fresh / _BASE).write_text(base)
        remove_folder(folder)
        fresh.rename(folder)
        return cls._read(folder)

    @classmethod
    def unpack(cls, archive: BinaryIO, top: str, tracked: set[str], folder: Path) -> Products:
        """Keep everything of a tar archive's folder `top` that is not tracked, with the exceptions of `record`.

        Args:
            archive: of a work tree that was set up.
            top: the folder in it, without slashes at its ends.
            tracked: paths of the base snapshot.
            folder: where to keep the copies; replaced. They are for whichever base.
        """
        fresh = folder.with_name(f"{folder.name}.new")
        remove_folder(fresh)
        (fresh / _FILES).mkdir(parents=True)
        with Folder(fresh / _FILES) as copies, tarfile.open(fileobj=archive, mode="r:") as tar:
            for member in tar:
                path = member.name.removeprefix(f"{top}/")
                if path == member.name or path in tracked or path_problem(path):
                    continue
                if member.isdir():
                    copies.make(path)
                elif member.issym():
                    copies.link(path, os.fsencode(member.linkname))
                elif (file := tar.extractfile(member)) is not None:
                    copies.write(path, file, mode=member.mode & 0o777, mtime_ns=int(member.mtime) * 10**9)  # type: ignore[arg-type]
        remove_folder(folder)
        fresh.rename(folder)
        return cls._read(folder)

    @classmethod
    def load(cls, folder: Path, base: str) -> Products | None:
        """What an earlier process recorded for this base; None when it did not finish."""
        try:
            if (folder / _BASE).read_text() != base:
                return None
        except FileNotFoundError:
            return None
        return cls._read(folder)

    @classmethod
    def shared(cls, folder: Path) -> Products:
        """What was recorded at `folder` for whichever base: products that several commits share."""
        return cls._read(folder)

    @classmethod
    def _read(cls, folder: Path) -> Products:
        files: dict[str, os.stat_result] = {}
        folders: dict[str, int] = {}
        for path, status in walk(folder / _FILES, lambda path, status: True, force=True):
            if stat.S_ISDIR(status.st_mode):
                folders[path] = status.st_mode & 0o777
            else:
                files[path] = status
        return cls(folder / _FILES, files, folders)
