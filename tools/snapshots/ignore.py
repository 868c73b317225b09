"""Which untracked files do not count: the repository's own .gitignore files, and what test runs leave behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

GENERATED = (
    "__pycache__/",
    "*.py[cod]",
    ".pytest_cache/",
    ".hypothesis/",
    ".mypy_cache/",
    ".ruff_cache/",
    ".coverage",
    ".coverage.*",
    ".tox/",
    ".nox/",
    ".eggs/",
    "*.egg-info/",
    "node_modules/",
    ".DS_Store",
)
"""Never part of a patch unless tracked, whatever the repository ignores."""


def _compile(lines: Sequence[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:
        return GitIgnoreSpec.from_lines([line for line in lines if _is_pattern(line)])


def _is_pattern(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False  # git passes over what is no pattern
    return True


class IgnoreRules:
    """The rules of a tree of .gitignore files.

    Args:
        files: folder ("" for the root) to the content of its .gitignore.
        weakest: patterns for the whole tree that any of the files may overrule.
    """

    def __init__(self, files: Mapping[str, bytes], weakest: Sequence[str] = GENERATED) -> None:
        self._specs = {
            folder: _compile(content.decode("utf-8-sig", "surrogateescape").splitlines())
            for folder, content in files.items()
        }
        self._weakest = _compile(weakest)

    def ignored(self, path: str, *, folder: bool = False) -> bool:
        """Whether `path` is ignored by itself; the nearest .gitignore that has a say decides.

        As in git, what lies below an ignored folder is ignored too: the caller does not go in there.
        """
        name = f"{path}/" if folder else path
        at = path
        while at:
            at = at.rpartition("/")[0]
            spec = self._specs.get(at)
            if spec is not None:
                said = spec.check_file(name[len(at) + 1 :] if at else name).include
                if said is not None:
                    return said
        return bool(self._weakest.check_file(name).include)
