"""Finding out what the user's repository is, without changing or running anything of it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from tools.errors import InputError
from tools.snapshots.command import GitFailed, run_git

_ALTERNATES_DEPTH = 16


@dataclass(frozen=True)
class Source:
    """The user's repository.

    Attributes:
        folder: the root of the work tree, or the git directory of a bare repository.
        git_dir: git's own folder of this work tree (for a linked work tree, not the main one).
        bare: there is no work tree.
        objects: where its objects lie, borrowed ones included, absolute.
        commit: the commit to start from.
    """

    folder: Path
    git_dir: Path
    bare: bool
    objects: tuple[Path, ...]
    commit: str


def find_source(path: Path, revision: str) -> Source:
    """Look at the repository that `path` lies in.

    Raises:
        InputError: there is none, it is empty, of a kind we cannot borrow from, or has no such revision.
    """
    if not path.is_dir():
        raise InputError(f"{path} is not a folder", hint="name the folder of a git repository")
    try:
        git_dir = Path(_ask(path, "--absolute-git-dir"))
    except GitFailed as error:
        raise InputError(
            f"{path} is not a git repository ({str(error).splitlines()[0]})",
            hint="name the folder of one, or make one of it: git init && git add -A && git commit -m base",
        ) from error
    try:
        if _ask(path, "--show-object-format") != "sha1":
            raise InputError(
                f"{path} names its objects by SHA-256, which is not supported",
                hint="convert a copy with `git fast-export --all | git -C COPY fast-import`",
            )
        bare = _ask(path, "--is-inside-work-tree") != "true"
        folder = git_dir if bare else Path(_ask(path, "--show-toplevel"))
        if not bare and not (folder / ".git").exists():
            bare, folder = True, git_dir  # core.worktree points away, perhaps at a whole home: its files are not ours
        common = Path(_ask(path, "--path-format=absolute", "--git-common-dir"))
    except GitFailed as error:
        raise InputError(f"{path}: {error}", hint="run `git fsck` in your repository") from error
    return Source(
        folder=folder.resolve(),
        git_dir=git_dir.resolve(),
        bare=bare,
        objects=_object_folders(common / "objects"),
        commit=_resolve(path, git_dir, revision),
    )


def _ask(folder: Path, *arguments: str, git_dir: Path | None = None) -> str:
    # only the line end that git adds goes: a folder's name may end with white space
    answer = run_git("rev-parse", *arguments, folder=folder, git_dir=git_dir)
    return answer.decode("utf-8", "surrogateescape").removesuffix("\n")


def _resolve(folder: Path, git_dir: Path, revision: str) -> str:
    if not revision or revision.startswith("-") or any(character in revision for character in "\0\n"):
        raise InputError(f"{revision!r} cannot be a revision", hint="name a branch, a tag or a commit")
    try:
        return _ask(folder, "--verify", f"{revision}^{{commit}}", git_dir=git_dir)
    except GitFailed as error:
        said = str(error)
    names = _names(git_dir)
    if revision == "HEAD" and not any(sign in said for sign in ("corrupt", "bad object", "unable to read")):
        if names:
            said = "HEAD points to a branch without commits"
            raise InputError(f"{folder}: {said}", hint=f"choose one with --base, for instance {names[0]}")
        raise InputError(f"{folder} has no commits", hint="commit something first: git add -A && git commit -m base")
    if any(sign in said for sign in ("corrupt", "bad object", "unable to read")):
        raise InputError(f"{folder}: the commit of {revision!r} cannot be read ({said})", hint="run `git fsck`")
    if "ambiguous" in said:
        raise InputError(f"{revision!r} may be several commits of {folder}", hint="write more of its id")
    near = [name for name in names if name.endswith(f"/{revision}")] or difflib.get_close_matches(revision, names, 3)
    raise InputError(
        f"{folder} has no revision {revision!r}",
        hint=f"did you mean {' or '.join(near)}?" if near else "name a branch, a tag or a commit",
    )


def _names(git_dir: Path) -> list[str]:
    try:
        listing = run_git("for-each-ref", "--format=%(refname:short)", git_dir=git_dir)
    except GitFailed:
        return []
    return listing.decode("utf-8", "replace").split()


def _object_folders(objects: Path) -> tuple[Path, ...]:
    """The folder and all it borrows from, resolved here: git follows relative alternates one step only."""
    found: list[Path] = []
    queue = [(objects.resolve(), 0)]
    while queue:
        folder, depth = queue.pop(0)
        if folder in found or depth > _ALTERNATES_DEPTH or not folder.is_dir():
            continue
        found.append(folder)
        borrowed = folder / "info" / "alternates"
        if not borrowed.is_file():
            continue
        for line in borrowed.read_bytes().decode("utf-8", "surrogateescape").splitlines():
            if line and not line.startswith("#"):
                queue.append(((folder / unquote(line)).resolve(), depth + 1))
    return tuple(found)


def unquote(text: str) -> str:
    """Undo git's C-style quoting of a path, if there is any.

    Raises:
        InputError: the quotes are not closed.
    """
    if not text.startswith('"'):
        return text
    if len(text) < 2 or not text.endswith('"'):
        raise InputError(f"{text!r}: the quotes are not closed")
    try:
        raw = text[1:-1].encode("utf-8", "surrogateescape").decode("latin-1").encode("latin-1", "strict")
        plain = raw.decode("unicode_escape").encode("latin-1")
    except UnicodeError as error:
        raise InputError(f"{text!r}: not quoted as git does it") from error
    return plain.decode("utf-8", "surrogateescape")


def quote(text: str) -> str:
    """Quote a path for a file that git reads line by line."""
    body = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03o}"
        for byte in text.encode("utf-8", "surrogateescape")
    )
    return f'"{body}"'
