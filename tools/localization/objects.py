"""Reads commits, trees, blobs and history from a git object database, without a checkout or its configuration."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.errors import InputError

_BATCH = 64


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


def clean_environment() -> dict[str, str]:
    """The environment for git that no configuration, replacement, prompt or lazy download gets into."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }


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
        found = self._try("rev-parse", "--absolute-git-dir")
        if found.returncode:
            raise InputError(
                f"{repository} is not a git repository", hint="run `git init` and commit there, or name another folder"
            )

    def resolve(self, revision: str) -> str:
        """The commit id `revision` names; InputError when there is none."""
        found = self._try("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if found.returncode:
            empty = self._try("rev-parse", "--verify", "--quiet", "HEAD").returncode and revision == "HEAD"
            reason = "has no commit yet" if empty else f"has no commit {revision!r}"
            raise InputError(
                f"{self.repository} {reason}", hint="commit something first" if empty else "check the revision"
            )
        return found.stdout.decode().strip()

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
            self._argv("cat-file", "--batch"),
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
        return found.stdout.decode().split() if found.returncode == 0 else []

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
            "--format=%x01%H%x02%ct%x02%B%x03",
            input=wanted,
        )
        for record in log.stdout.decode("utf-8", "surrogateescape").split("\x01")[1:]:
            head, _, paths = record.partition("\x03")
            commit, time, message = head.split("\x02", 2)
            changed = tuple(path for path in paths.strip("\n\0").split("\0") if path)
            yield Commit(commit, int(time), message, changed)

    def _argv(self, *arguments: str) -> list[str]:
        settings = (
            "safe.directory=*",
            "core.hooksPath=/dev/null",
            "core.fsmonitor=",
            "core.quotePath=false",
            "log.showSignature=false",
        )
        options = [part for setting in settings for part in ("-c", setting)]
        return ["git", "--no-pager", *options, "-C", str(self.repository), *arguments]

    def _try(self, *arguments: str, input: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            self._argv(*arguments), input=input, capture_output=True, env=clean_environment(), check=False
        )

    def _run(self, *arguments: str) -> bytes:
        done = self._try(*arguments)
        if done.returncode:
            reason = done.stderr.decode("utf-8", "replace").strip()[:300]
            raise InputError(
                f"git {arguments[0]} failed in {self.repository}: {reason}", hint="check the repository with `git fsck`"
            )
        return done.stdout
