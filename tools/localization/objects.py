"""Reads commits, trees, blobs and history from a git object database, without a checkout or its configuration."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.errors import InputError
from tools.snapshots.command import GitFailed, clean_environment, git_executable, run_git

_BATCH = 64
_HEADERS = (
    r"^[ \t]*((async[ \t]+|export[ \t]+|pub[ \t]+|static[ \t]+|public[ \t]+)*(def|class|func|fn|function|fun)[ \t].*)$"
)


@dataclass(frozen=True)
class TreeFile:
    """A regular file of a tree; `blob` is the hex object id, `size` in bytes."""

    path: str
    blob: str
    size: int


@dataclass(frozen=True)
class Commit:
    """A commit of the history: seconds since the epoch, the whole message, the paths it changed."""

    id: str
    time: int
    message: str
    paths: tuple[str, ...]


class ObjectDatabase:
    """The objects of one repository: a bare git directory or a folder with a `.git`."""

    def __init__(self, repository: Path) -> None:
        """Opens `repository`.

        Raises:
            InputError: it is not there or is not a git repository.
        """
        self.repository = repository.absolute()
        if not self.repository.is_dir():
            raise InputError(f"{repository} is not a folder", hint="name a git repository, bare or not")
        try:
            found = run_git("rev-parse", "--absolute-git-dir", folder=self.repository)
        except GitFailed as error:
            raise InputError(
                f"{repository} is not a git repository", hint="run `git init` and commit there, or name another folder"
            ) from error
        self.git_dir = Path(os.fsdecode(found.rstrip(b"\n")))

    def resolve(self, revision: str) -> str:
        """The commit id `revision` names; InputError when there is none."""
        found = self._try("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if not found:
            empty = revision == "HEAD"
            reason = "has no commit yet" if empty else f"has no commit {revision!r}"
            raise InputError(
                f"{self.repository} {reason}", hint="commit something first" if empty else "check the revision"
            )
        return found.decode().strip()

    def tree(self, commit: str) -> list[TreeFile]:
        """The regular files of `commit`, sorted by path; links, submodules and missing objects are left out."""
        listing = self._run("ls-tree", "-r", "-z", "-l", "--full-tree", commit)
        files = []
        for entry in listing.split(b"\0"):
            head, tab, path = entry.partition(b"\t")
            if not tab:
                continue
            mode, _, blob, size = head.split()
            if mode in {b"100644", b"100755", b"100664"} and size.isdigit():  # `BAD`: the object is missing
                files.append(TreeFile(os.fsdecode(path), blob.decode(), int(size)))
        return sorted(files, key=lambda file: file.path)

    def blobs(self, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """The contents of `ids`, in order, a few held at a time; missing objects are left out."""
        process = subprocess.Popen(
            [git_executable(), f"--git-dir={self.git_dir}", "cat-file", "--batch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=clean_environment(),
        )
        assert process.stdin
        assert process.stdout
        try:
            for start in range(0, len(ids), _BATCH):
                batch = ids[start : start + _BATCH]
                process.stdin.write("".join(f"{blob}\n" for blob in batch).encode())
                process.stdin.flush()
                for blob in batch:
                    head = process.stdout.readline().split()
                    if len(head) == 3:
                        yield blob, process.stdout.read(int(head[2]) + 1)[:-1]
        finally:
            process.stdin.close()
            process.stdout.close()
            process.wait()

    def ancestors(self, commit: str, limit: int) -> list[str]:
        """The newest `limit` ancestors of `commit` that are no merges, itself first."""
        found = self._try("rev-list", "--no-merges", f"--max-count={limit}", commit)
        return found.decode().split()

    def commits(self, ids: Iterable[str]) -> Iterator[Commit]:
        """Message, time and changed paths of each of `ids`; a commit whose parent is missing changes nothing."""
        wanted = "".join(f"{commit}\n" for commit in ids).encode()
        if not wanted:
            return
        log = self._try(
            "log",
            "--no-walk=unsorted",
            "--stdin",
            "--no-renames",
            "--name-only",
            "-z",
            "--no-show-signature",
            "--format=%x01%H%x02%ct%x02%B%x03",
            stdin=wanted,
        )
        for record in log.decode("utf-8", "surrogateescape").split("\x01")[1:]:
            head, _, paths = record.partition("\x03")
            commit, time, message = head.split("\x02", 2)
            changed = tuple(path for path in paths.strip("\n\0").split("\0") if path)
            yield Commit(commit, int(time), message, changed)

    def hunks(self, ids: Sequence[str], paths: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        """`(commit, path, header)` of every hunk by which `ids` changed `paths`.

        The header is the line of the definition that the hunk is in or after; it may be empty.
        """
        if not ids or not paths:
            return
        log = self._try(
            "-c",
            f"diff.default.xfuncname={_HEADERS}",
            "log",
            "--no-walk=unsorted",
            "--stdin",
            "--no-show-signature",
            "--no-renames",
            "--no-textconv",
            "--no-ext-diff",
            "-p",
            "-U0",
            "--format=%x01%H",
            "--",
            *paths,
            stdin="".join(f"{commit}\n" for commit in ids).encode(),
        )
        commit = path = ""
        for line in log.decode("utf-8", "replace").split("\n"):
            if line.startswith("\x01"):
                commit = line[1:]
            elif line.startswith("--- a/"):
                path = line[6:].rstrip("\t")
            elif line.startswith("@@ "):
                yield commit, path, line.partition(" @@ ")[2]

    def _try(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """What git wrote, nothing when it failed: a revision or a parent that is not there."""
        try:
            return run_git(*arguments, git_dir=self.git_dir, stdin=stdin)
        except GitFailed:
            return b""

    def _run(self, *arguments: str) -> bytes:
        try:
            return run_git(*arguments, git_dir=self.git_dir)
        except GitFailed as error:
            raise InputError(
                f"git {arguments[0]} failed in {self.repository}: {error}", hint="check the repository with `git fsck`"
            ) from error
