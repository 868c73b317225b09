"""Tasks: what is to be solved, as the solving side sees it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from tools.errors import InputError

MAX_ISSUE_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True)
class Task:
    """A repository at a base commit, a problem statement, and how to set it up and test it.

    There is no gold part here: what grades a benchmark task lives in another type that
    the solving side never receives.

    Attributes:
        id: short name, used for folders and reports.
        repository: path or URL of a git repository.
        base: the revision to start from.
        problem: the issue, as text.
        setup: shell command that prepares a workspace, run once.
        test: shell command that runs the tests; detected when empty.
        python: version, path, or empty to find one.
        failing_tests: tests known to show the problem, in the runner's own naming.
        issue: page of the issue on a forge, when it was read from one.
        include_uncommitted: start from the work tree as it is instead of the base revision.
        environment: the one of a benchmark's table that it runs in (`environments.provision.need`), built when it is
            first needed; empty for what `python` and `setup` give.
    """

    id: str
    repository: str
    base: str = "HEAD"
    problem: str = ""
    setup: str = ""
    test: str = ""
    python: str = ""
    failing_tests: tuple[str, ...] = ()
    issue: str = ""
    include_uncommitted: bool = False
    environment: str = ""


def read_problem(issue: str) -> str:
    """The issue's text from a file, standard input (`-`) or the argument itself.

    An argument of one line that looks like a path but is no file is refused rather than
    taken for the issue.
    """
    if issue == "-":
        if sys.stdin.isatty():
            sys.stderr.write("Write the issue; ctrl-D ends it. (--issue takes a file, or the text itself.)\n")
        text = sys.stdin.read(MAX_ISSUE_BYTES + 1)
    elif "\n" not in issue and len(issue) < 4096 and _is_file(issue):
        path = Path(issue)
        if path.stat().st_size > MAX_ISSUE_BYTES:
            raise InputError(f"the issue file {issue} is larger than 2 MiB", hint="cut it to what matters")
        text = path.read_text(encoding="utf-8", errors="replace")
    elif "\n" not in issue and " " not in issue.strip() and ("/" in issue or issue.endswith((".md", ".txt"))):
        raise InputError(f"no such issue file: {issue}", hint="give a file, `-` for standard input, or the text itself")
    else:
        text = issue
    if len(text) > MAX_ISSUE_BYTES:
        raise InputError("the issue is larger than 2 MiB", hint="cut it to what matters")
    if not text.strip():
        raise InputError(
            "the issue is empty", hint="--issue FILE, or the text itself: what is wrong, and what is expected instead"
        )
    return text


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long, or a NUL
        return False
