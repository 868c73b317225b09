"""Lines of tests from the JSON report of coverage.py, recorded with a context for each test.

pytest --cov=PACKAGE --cov-context=test; coverage json --show-contexts
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from tools.errors import InputError
from tools.testing.types import TestOutcome, TestReport

HINT = "record it with `pytest --cov=PACKAGE --cov-context=test`, write it with `coverage json --show-contexts`"


def read_coverage(file: Path, failing: Collection[str]) -> TestReport:
    """What each test executed; `failing` failed, all others are taken to have passed.

    A test is a context without its phase: "tests/test_a.py::test_x" of "tests/test_a.py::test_x|run". What runs at
    import is no test's.

    Args:
        file: from `coverage json --show-contexts`; its paths are relative to the repository.
        failing: names of contexts.

    Raises:
        InputError: the file cannot be read, has no contexts, or none of a failing test.
    """
    try:
        files = json.loads(file.read_text())["files"]
        lines = {
            PurePosixPath(path.replace("\\", "/")).as_posix(): {
                int(line): tuple(contexts) for line, contexts in found.get("contexts", {}).items()
            }
            for path, found in files.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{file} is no JSON report of coverage.py: {error}", hint=HINT) from error
    hits: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for path, contexts_of in lines.items():
        for line, contexts in contexts_of.items():
            for context in contexts:
                if test := context.partition("|")[0]:
                    hits[test][path].add(line)
    if not hits:
        raise InputError(f"{file} does not say which test executed which line", hint=HINT)
    if unknown := [test for test in failing if test not in hits]:
        known = next(iter(hits))
        raise InputError(f"{file} knows no test {unknown[0]}", hint=f"name it as its contexts do, such as {known}")
    outcomes = {test: TestOutcome(test, "failed" if test in failing else "passed") for test in hits}
    coverage = {test: {path: frozenset(hit) for path, hit in found.items()} for test, found in hits.items()}
    return TestReport(outcomes, coverage=coverage)
