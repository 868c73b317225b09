"""Supervision that every repository carries: past commits whose message says what was wrong, and what they changed.

Each commit is looked at from its parent, so nothing of the change is seen, and only commits well before the oldest
instance of the repository are taken. Run as `python -m benchmarks.localization.past open.jsonl dev.jsonl --repositories
'/data/{owner}__{name}.git' --cache /tmp/index --per-repository 30 --features past.jsonl`.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.localization.gold import edits
from benchmarks.localization.instances import Instance, locate, read_instances
from tools.errors import InputError
from tools.issues import parse_issue
from tools.localization import Localizer
from tools.localization.index import Index
from tools.localization.paths import is_test
from tools.snapshots.command import GitFailed, run_git

DAYS_BEFORE = 200
READ = 4000
PIECE = 200
POOL = 200
_DULL = re.compile(
    r"pep ?8|typo|flake|lint|merge|\bdocs?\b|docstring|documentation|changelog|\bversion\b|release|clean ?up|whitespace"
    r"|formatting|spelling|^revert|copyright|comment|unused|black\b|isort|backport|coverage|rename|refactor|move|remove"
    r"|test",
    re.I,
)
_WRONG = re.compile(
    r"\bfix|\bbug|error|crash|incorrect|wrong|fail|rais|regress|should|when|instead|broken|exception|handle|allow", re.I
)
_NOISE = re.compile(r"^(?:Co-authored-by|Signed-off-by|Reviewed-by|Backport of|git-svn-id|Change-Id).*$", re.M | re.I)
_TICKET = re.compile(r"^(?:Fixed|Refs|Fixes|Closes) #\d+\s*(?:--|:)?\s*")


@dataclass(frozen=True)
class Past:
    """A commit, its parent and its message."""

    commit: str
    parent: str
    message: str


def past_commits(repository: Path, instances: Sequence[Instance], count: int) -> list[Past]:
    """At most `count` commits of the past before all `instances`: of `POOL` spread evenly those most like an issue."""
    dates = [
        (int(run_git("show", "-s", "--format=%ct", found.commit, git_dir=repository)), found.commit)
        for found in instances
    ]
    oldest, commit = min(dates)
    return telling_commits(repository, commit, oldest - DAYS_BEFORE * 86400, count, is_python)


def is_python(path: str) -> bool:
    """Whether a changed path counts as one that an issue could be about."""
    return path.endswith(".py") and not is_test(path)


def telling_commits(
    repository: Path, commit: str, until: int, count: int, is_source: Callable[[str], bool]
) -> list[Past]:
    """At most `count` ancestors of `commit` before the time `until` that change few lines of few sources."""
    records = _log(repository, commit, until)
    telling = [found for record in records if (found := _telling(record, is_source))]
    step = max(1.0, len(telling) / POOL)
    pool = [telling[int(number * step)] for number in range(min(POOL, len(telling)))]
    best = sorted(range(len(pool)), key=lambda number: (-_likeness(pool[number].message), -number))[:count]
    return [pool[number] for number in sorted(best)]


def _log(repository: Path, commit: str, until: int) -> list[str]:
    """Records of the log, read piece by piece: a piece that names a blob the mirror lacks is left out."""
    records: list[str] = []
    for start in range(0, READ, PIECE):
        try:
            log = run_git(
                "log",
                "--no-merges",
                f"--until={until}",
                f"--skip={start}",
                f"--max-count={PIECE}",
                "--format=%x01%H%x02%P%x02%B%x03",
                "--numstat",
                "--no-renames",
                commit,
                git_dir=repository,
            )
        except GitFailed:
            continue
        records += log.decode("utf-8", "replace").split("\x01")[1:]
    return records


def _likeness(message: str) -> float:
    """How much a message reads like an issue: it says what was wrong, names code, and has a body."""
    title, _, body = message.strip().partition("\n")
    said = 1.0 if _WRONG.search(title) else 0.0
    code = 0.5 if re.search(r"[`(_]", message) else 0.0
    return said + code + min(len(body.strip()), 400) / 200 + min(len(title.split()), 12) / 12


def _telling(record: str, is_source: Callable[[str], bool]) -> Past | None:
    head, _, counts = record.partition("\x03")
    commit, parents, message = head.split("\x02", 2)
    message = _TICKET.sub("", _NOISE.sub("", message).strip())
    title = message.partition("\n")[0]
    rows = [row.split("\t") for row in counts.strip().split("\n") if row.count("\t") == 2]
    sources = [row for row in rows if is_source(row[2])]
    lines = sum(int(added) + int(deleted) for added, deleted, _ in sources if added != "-")
    dull = _DULL.search(title) or len(title.split()) < 4 or len(message) < 35
    if dull or not parents or not 1 <= len(sources) <= 3 or len(rows) > 8 or not 1 <= lines <= 120:
        return None
    return Past(commit, parents.split()[0], message)


def changed_by(
    past: Past, repository: Path, index: Index, is_source: Callable[[str], bool]
) -> tuple[list[str], list[tuple[str, str]]]:
    """The sources that a commit changed, and the functions of its parent with a deletion or an insertion inside."""
    change = run_git("diff-tree", "-p", "--no-renames", past.parent, past.commit, git_dir=repository)
    changed = {path: lines for path, lines in edits(change.decode("utf-8", "replace")).items() if is_source(path)}
    wanted: dict[tuple[str, str], None] = {}
    for path, lines in changed.items():
        numbers = [index.by_path[path].number] if path in index.by_path else []
        for found in (found for tags in index.tags(numbers).values() for found in tags.definitions):
            hit = [
                found.start <= line <= found.end and (kind == "delete" or line > found.start) for kind, line in lines
            ]
            if found.kind in {"function", "method"} and any(hit):
                wanted[path, found.name] = None
    return list(changed), list(wanted)


def example(repository: Path, name: str, past: Past, cache: Path) -> dict[str, object]:
    """What `evaluate.py --features` writes for an instance, of a past commit."""
    localizer = Localizer(repository, past.parent, cache=cache)
    changed, wanted = changed_by(past, repository, localizer.index, is_python)
    files, functions = localizer.features(parse_issue(past.message))
    localizer.close()
    return {
        "id": past.commit[:12],
        "repository": name,
        "split": "past",
        "gold_files": changed,
        "gold_functions": wanted,
        "file_features": files,
        "function_features": [[path, function, values] for (path, function, _), values in functions.items()],
    }


def chosen(instances: Sequence[Instance], patterns: Sequence[str], count: int) -> Iterator[tuple[Path, str, Past]]:
    """The commits of all repositories, one repository after the other."""
    for name in sorted({found.repository for found in instances}):
        repository = locate(name, patterns)
        for past in past_commits(repository, [found for found in instances if found.repository == name], count):
            yield repository, name, past


def main() -> None:
    """Writes the examples."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("instances", nargs="+", type=Path)
    parser.add_argument("--repositories", action="append", required=True, help="pattern with {owner} and {name}")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--per-repository", type=int, default=30)
    parser.add_argument("--only", default="", help="repositories whose name contains this")
    parser.add_argument("--features", type=Path, required=True)
    options = parser.parse_args()
    instances = [found for found in read_instances(options.instances) if options.only in found.repository]
    with options.features.open("w") as sink:
        for repository, name, past in chosen(instances, options.repositories, options.per_repository):
            try:
                found = example(repository, name, past, options.cache)
            except InputError as error:
                print(name, past.commit[:12], error, flush=True)
                continue
            sink.write(json.dumps(found) + "\n")
            print(name, past.commit[:12], past.message.partition("\n")[0][:70], flush=True)


if __name__ == "__main__":
    main()
