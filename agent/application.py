"""Putting a run's patch into the user's work tree, and taking it out again."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.delivery import apply_patch
from agent.store.folder import RunFolder
from tools.errors import InputError
from tools.snapshots import patch_bytes

RECORD = "applied.json"


@dataclass(frozen=True)
class Applied:
    """Where a patch was put.

    Attributes:
        repository: the work tree.
        patch: exactly what was applied.
        commit: the commit it was made into; "" when it only lies in the work tree.
    """

    repository: str
    patch: str
    commit: str = ""


def apply_run(folder: RunFolder, repository: Path, patch: str, *, message: str = "") -> Applied:
    """Applies `patch` to the work tree; with a `message`, its files are committed, and nothing else is.

    Raises:
        InputError: there is no patch, it is applied already, or it does not fit.
    """
    if not patch:
        raise InputError("this run has no patch", hint="`treewright show` tells why")
    if (there := applied(folder)) is not None and not _gone(there):
        raise InputError("the patch is applied already", hint=f"`treewright undo {folder.root}` takes it out again")
    if not (repository / ".git").exists():
        raise InputError(f"{repository} is not a work tree", hint="name one with --repo")
    if message and _git(repository, "diff", "--cached", "--quiet").returncode:
        raise InputError("there are staged changes, which would go into the commit", hint="commit or unstage them")
    apply_patch(repository, patch)
    commit = _commit(repository, patch, message) if message else ""
    made = Applied(str(repository), patch, commit)
    (folder.root / RECORD).write_text(json.dumps(asdict(made), indent=1))
    return made


def undo_run(folder: RunFolder) -> Applied:
    """Takes the patch out again; a commit is taken back when it is still the last one, and reverted when it is not.

    A patch that somebody took out by hand is only forgotten.

    Raises:
        InputError: nothing was applied, or the files have changed since.
    """
    made = applied(folder)
    if made is None:
        raise InputError("nothing of this run is applied", hint="`treewright apply` puts the patch into the work tree")
    repository = Path(made.repository)
    if _gone(made):
        (folder.root / RECORD).unlink()
        return made
    if not made.commit:
        _must(_git(repository, "apply", "-R", "--whitespace=nowarn", "-", stdin=patch_bytes(made.patch)))
    elif _git(repository, "rev-parse", "HEAD").stdout.decode().strip() == made.commit:
        _must(_git(repository, "reset", "--quiet", "--keep", "HEAD^"))
    else:
        _must(_git(repository, "revert", "--no-edit", made.commit))
    (folder.root / RECORD).unlink()
    return made


def applied(folder: RunFolder) -> Applied | None:
    """What of the run is applied, if anything."""
    record = folder.root / RECORD
    if not record.is_file():
        return None
    try:
        return Applied(**json.loads(record.read_text()))
    except (ValueError, TypeError) as error:
        raise InputError(f"{record} cannot be read: {error}", hint="remove it if the patch is not applied") from error


def _gone(made: Applied) -> bool:
    """Whether the work tree is as it was before: the patch fits, and taking it out does not."""

    def fits(*direction: str) -> bool:
        done = _git(Path(made.repository), "apply", "--check", *direction, "-", stdin=patch_bytes(made.patch))
        return done.returncode == 0

    return fits() and not fits("-R")


def _commit(repository: Path, patch: str, message: str) -> str:
    try:
        _must(_git(repository, "apply", "--cached", "--whitespace=nowarn", "-", stdin=patch_bytes(patch)))
        _must(_git(repository, "commit", "--quiet", "-F", "-", stdin=message.encode()))
    except InputError:
        _git(repository, "apply", "-R", "--index", "--whitespace=nowarn", "-", stdin=patch_bytes(patch))
        raise
    return _git(repository, "rev-parse", "HEAD").stdout.decode().strip()


def _git(repository: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The user's git in the user's repository, as they would run it, since they asked for it."""
    return subprocess.run(["git", "-C", str(repository), *arguments], input=stdin, capture_output=True, check=False)


def _must(done: subprocess.CompletedProcess[bytes]) -> None:
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        said = lines[0].removeprefix("error: ").removeprefix("fatal: ") if lines else "git failed"
        hint = (
            "the files have changed since, and nothing was done: mend them by hand; `treewright diff` shows the patch"
        )
        raise InputError(f"git could not do it: {said}", hint=hint)
