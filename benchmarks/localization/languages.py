"""Accuracy in other languages, on what every repository carries: past commits whose message says what was wrong.

The message is the issue, the parent is the base, and the sources that the commit changed are what is to be found. No
weight is fitted here. Beside the ranking stands what the texts alone say: title, prose and code against whole files.
Run as `python -m benchmarks.localization.languages /data/redis.git:c /data/gin.git:go --cache /tmp/index --count 40`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.localization.evaluate import FILE_CUTS, FUNCTION_CUTS, accuracy, last_rank
from benchmarks.localization.past import Past, changed_by, telling_commits
from tools.issues import parse_issue
from tools.localization import Localizer
from tools.localization.languages import language_of
from tools.localization.paths import is_test, is_vendored
from tools.snapshots.command import run_git

_TEXTS = ("text_title", "text_prose", "text_code")


@dataclass(frozen=True)
class Found:
    """The ranks of one commit: of its last file, of that by the texts alone, and of its last function if any."""

    files: int
    by_text: int
    functions: int | None


def sources(languages: frozenset[str]) -> Callable[[str], bool]:
    """Whether a path is a source in one of `languages` that belongs to the project and is no test."""

    def is_source(path: str) -> bool:
        language = language_of(path)
        return language is not None and language.name in languages and not is_test(path) and not is_vendored(path)

    return is_source


def look(repository: Path, past: Past, is_source: Callable[[str], bool], cache: Path) -> Found | None:
    """The ranks for one commit; None when it only adds files."""
    localizer = Localizer(repository, past.parent, cache=cache)
    changed, functions = changed_by(past, repository, localizer.index, is_source)
    known = [path for path in changed if path in localizer.index.by_path]
    issue = parse_issue(past.message)
    ranking = localizer.rank(issue)
    table, _ = localizer.features(issue)
    localizer.close()
    by_text = sorted(table, key=lambda path: (-sum(table[path].get(text, 0.0) for text in _TEXTS), path))
    files = last_rank([file.path for file in ranking.files], known)
    if files is None:
        return None
    named = [(function.path, function.name) for function in ranking.functions]
    return Found(files, last_rank(by_text, known) or files, last_rank(named, functions))


def looks(repository: Path, languages: frozenset[str], count: int, cache: Path) -> Iterator[tuple[Past, Found]]:
    """At most `count` commits of a repository, spread over the newest of its history, with their ranks."""
    is_source = sources(languages)
    head, now = run_git("log", "-1", "--format=%H %ct", git_dir=repository).decode().split()
    for past in telling_commits(repository, head, int(now), count, is_source):
        if found := look(repository, past, is_source, cache):
            yield past, found


def row(name: str, found: list[Found]) -> str:
    """A row of the table."""
    functions = [ranks.functions for ranks in found if ranks.functions is not None]
    cells = (
        name,
        len(found),
        accuracy([ranks.by_text for ranks in found], FILE_CUTS),
        accuracy([ranks.files for ranks in found], FILE_CUTS),
        len(functions),
        accuracy(functions, FUNCTION_CUTS),
    )
    return "| " + " | ".join(map(str, cells)) + " |"


def main() -> None:
    """Prints each commit with its ranks, and the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("repositories", nargs="+", help="PATH:LANGUAGE[+LANGUAGE...]")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--count", type=int, default=40)
    options = parser.parse_args()
    rows = ["| repository | n | texts alone: file @1/@3/@5/@10/@20 | file | n | function @1/@5/@10/@20 |"]
    rows.append("|---|---|---|---|---|---|")
    everything: list[Found] = []
    for given in options.repositories:
        path, _, languages = given.rpartition(":")
        found = []
        for past, ranks in looks(Path(path), frozenset(languages.split("+")), options.count, options.cache):
            print(past.commit[:12], ranks, past.message.partition("\n")[0][:70], flush=True)
            found.append(ranks)
        everything += found
        rows.append(row(f"{Path(path).name} ({languages})", found))
    print("\n".join([*rows, row("all", everything)]))


if __name__ == "__main__":
    main()
