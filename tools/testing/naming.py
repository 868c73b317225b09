"""Which files are tests, by the conventions of their languages."""

from __future__ import annotations

import re
from collections.abc import Iterable

TEST_FOLDERS = frozenset({"test", "tests", "testing", "spec", "specs", "__tests__"})
TEST_NAME = re.compile(
    r"(?:test_.*|.*_tests?|tests|unittest_.*)\.py|.*_test\.go|.*\.(?:test|spec)\.[cm]?[jt]sx?"
    r"|(?:.*Tests?|Test.*|.*IT)\.(?:java|kt|cs)|.*_(?:spec|test)\.rb|.*Test\.php|.*_tests?\.rs"
)
SUPPORT_NAMES = frozenset({"conftest.py", "__init__.py"})
VENDORED = frozenset({"node_modules", "vendor", "site-packages", ".tox", ".nox", ".venv", "build", "dist", ".git"})


def is_test_file(path: str) -> bool:
    """Whether `path` holds tests that a runner would collect."""
    *folders, name = path.split("/")
    if VENDORED.intersection(folders):
        return False
    if name == "test.py":
        return not folders or bool(TEST_FOLDERS.intersection(folders))
    return TEST_NAME.fullmatch(name) is not None


def is_test_support(path: str) -> bool:
    """Whether `path` belongs to the tests: a test file, or anything in a folder of tests."""
    *folders, name = path.split("/")
    return bool(TEST_FOLDERS.intersection(folders)) or name == "conftest.py" or is_test_file(path)


def find_test_files(paths: Iterable[str], *, suffix: str = "") -> list[str]:
    """The test files among `paths`, sorted; with `suffix`, of one language only."""
    return sorted(path for path in paths if path.endswith(suffix) and is_test_file(path))
