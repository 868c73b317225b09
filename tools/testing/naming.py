"""Which files are tests, by the conventions of their languages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

TEST_FOLDERS = frozenset({"test", "tests", "testing", "spec", "specs", "__tests__"})
TEST_NAME = re.compile(
    r"(?:test_.*|.*_tests?|tests|unittest_.*)\.py|.*_test\.go|.*\.(?:test|spec)\.[cm]?[jt]sx?"
    r"|(?:.*Tests?|Test.*|.*IT)\.(?:java|kt|cs)|.*_(?:spec|test)\.rb|.*Test\.php|.*_tests?\.rs"
)
SUPPORT_NAMES = frozenset({"conftest.py", "__init__.py"})
VENDORED = frozenset({"node_modules", "vendor", "site-packages", ".tox", ".nox", ".venv", "build", "dist", ".git"})


def is_test_file(path: str) -> bool:
    """Whether `path` holds tests that a runner would collect."""
    parts = PurePosixPath(path).parts
    if not parts or VENDORED.intersection(parts[:-1]):
        return False
    name = parts[-1]
    if name == "test.py":
        return len(parts) == 1 or bool(TEST_FOLDERS.intersection(parts[:-1]))
    return TEST_NAME.fullmatch(name) is not None


def is_test_support(path: str) -> bool:
    """Whether `path` belongs to the tests: a test file, or anything in a folder of tests."""
    parts = PurePosixPath(path).parts
    return bool(TEST_FOLDERS.intersection(parts[:-1])) or parts[-1:] == ("conftest.py",) or is_test_file(path)


def find_test_files(paths: Iterable[str], *, suffix: str = "") -> list[str]:
    """The test files among `paths`, sorted; with `suffix`, of one language only."""
    return sorted(path for path in paths if path.endswith(suffix) and is_test_file(path))
