"""Which tests to run after a change: those that touch it."""

from __future__ import annotations

import math
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from tools.files import FileReader
from tools.testing.imports import ImportGraph
from tools.testing.naming import TEST_FOLDERS, find_test_files, is_test_file
from tools.testing.types import Coverage

UNKNOWN_FILE_SECONDS = 5.0
UNKNOWN_TEST_SECONDS = 0.2
LONG_ENOUGH = 4  # letters of a word that may be part of another
GENERAL = 0.1  # for a file of tests about all of its folder


def select_regression_tests(
    files: FileReader,
    suspects: Sequence[str],
    *,
    coverage: Coverage | None = None,
    timings: Mapping[str, float] | None = None,
    limit_seconds: float = 60.0,
    limit: int = 200,
) -> list[str]:
    """The tests that say most about `suspects`, the most telling first; deterministic.

    Known coverage answers exactly, with test ids. Else test files are ranked: by imports that lead to a suspect
    (directly, through a package's re-exports, through conftest), by name (`test_foo.py` for `foo.py`), by words that
    the paths share, and by nearness in the tree; what the n-th suspect gives counts 1 / (1 + (n - 1) / 2).

    Args:
        files: of the repository.
        suspects: the paths that changed, or are to be changed, likeliest first.
        coverage: of an earlier run, if there was one.
        timings: seconds of tests by id, as far as they are known.
        limit_seconds: the sum of the timings stays below it, except that the first choice is always in.
        limit: of the number of ids or files.
    """
    timings = timings or {}
    covering = _covering(suspects, coverage or {})
    if covering:
        seconds = {test: timings.get(test, UNKNOWN_TEST_SECONDS) for test in covering}
        return _within(covering, seconds, limit_seconds, limit)
    ranked = rank_test_files(files, suspects)
    return _within(ranked, _file_seconds(ranked, timings), limit_seconds, limit)


def _covering(suspects: Sequence[str], coverage: Coverage) -> list[str]:
    """The tests that execute most of the suspects first, among equals those that execute little else."""
    wanted = set(suspects)
    ranks = {}
    for test, files in coverage.items():
        lines = sum(len(files[path]) for path in wanted & files.keys())
        if lines:
            share = lines / sum(len(lines) for lines in files.values())
            ranks[test] = (-len(wanted & files.keys()), -share, test)
    return sorted(ranks, key=lambda test: ranks[test])


def _file_seconds(paths: Iterable[str], timings: Mapping[str, float]) -> dict[str, float]:
    seconds = {}
    for path in paths:
        module = path.removesuffix(".py").replace("/", ".")
        known = [time for test, time in timings.items() if test.startswith((path + "::", module + "."))]
        seconds[path] = sum(known) if known else UNKNOWN_FILE_SECONDS
    return seconds


def _within(ranked: Sequence[str], seconds: Mapping[str, float], limit_seconds: float, limit: int) -> list[str]:
    """As many of `ranked` as fit, in order; one that does not fit leaves room for shorter ones after it."""
    chosen: list[str] = []
    spent = 0.0
    for test in ranked:
        if len(chosen) < limit and (not chosen or spent + seconds[test] <= limit_seconds):
            chosen.append(test)
            spent += seconds[test]
    return chosen


def rank_test_files(files: FileReader, suspects: Sequence[str]) -> list[str]:
    """The test files of the suspects' languages that have anything to do with them, best first."""
    suffixes = {posixpath.splitext(path)[1] for path in suspects}
    paths = [path for path in files.paths() if posixpath.splitext(path)[1] in suffixes]
    tests = find_test_files(paths)
    graph = ImportGraph(files)
    distances = [graph.distances([path] if files.exists(path) else []) for path in suspects]
    weights = _word_weights(paths)
    scores = {test: _score(test, suspects, [known.get(test) for known in distances], weights) for test in tests}
    return sorted((test for test in tests if scores[test] > 0), key=lambda test: (-scores[test], test))


def _score(test: str, suspects: Sequence[str], distances: Sequence[int | None], weights: Mapping[str, float]) -> float:
    if test in suspects and is_test_file(test):
        return 10.0
    said = [
        (2.0 / distance if distance else 0.0) + _likeness(test, path, weights)
        for path, distance in zip(suspects, distances, strict=True)
    ]
    return max((score / (1 + place / 2) for place, score in enumerate(said)), default=0.0)


def _likeness(test: str, path: str, weights: Mapping[str, float]) -> float:
    """1 for a test named after the file, up to 2 for shared words, up to 0.5 for a shared folder."""
    subject = subject_of(test)
    stem = posixpath.splitext(posixpath.basename(path))[0].lower().strip("_")
    named = 1.0 if subject == stem else GENERAL if subject in TEST_FOLDERS else 0.0
    ours, theirs = _words(test), _words(path)
    shared = sum(weights.get(word, 0.0) * _match(word, ours) for word in theirs)
    return named + 2.0 * shared / (sum(weights.get(word, 1.0) for word in theirs) or 1.0) + 0.5 * _nearness(test, path)


def _match(word: str, words: set[str]) -> float:
    """1 when `word` is among `words`, a half when it is a part of one, or one of it."""
    if word in words:
        return 1.0
    parts = (other for other in words if min(len(word), len(other)) >= LONG_ENOUGH)
    return 0.5 if any(word in other or other in word for other in parts) else 0.0


def _word_weights(paths: Sequence[str]) -> dict[str, float]:
    """Inverse document frequency of the words in paths, in [0, 1]: what every path has says nothing."""
    counts = Counter(word for path in paths for word in _words(path))
    most = math.log(len(paths) + 1)
    return {word: 1.0 - math.log(count) / most for word, count in counts.items()}


def subject_of(test: str) -> str:
    """What a test file is about, by its name: `foo` of test_foo.py, foo_test.go, foo.spec.ts, FooTest.java."""
    name = posixpath.basename(test).split(".")[0]
    name = re.sub(r"^(?:tests?_|Test(?=[A-Z]))|(?:_tests?|Tests?|IT|_spec)$", "", name)
    return name.lower()


def _words(path: str) -> set[str]:
    """The words of a path in the singular, without those that only say "test"."""
    words = re.findall(r"[a-z0-9]+", posixpath.splitext(path)[0].lower())
    kept = [word for word in words if word not in TEST_FOLDERS and word not in ("init", "src", "lib")]
    return {re.sub(r"ies$", "y", word) if word.endswith("ies") else word.removesuffix("s") for word in kept}


def _nearness(test: str, path: str) -> float:
    """The share of the folders of `path` that the test, its own folder of tests left out, lies in too."""
    ours = [part for part in posixpath.dirname(test).split("/") if part and part not in TEST_FOLDERS]
    theirs = [part for part in posixpath.dirname(path).split("/") if part]
    same = 0
    for a, b in zip(ours, theirs, strict=False):
        if a != b:
            break
        same += 1
    return same / max(1, len(theirs))
