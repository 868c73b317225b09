"""Which files are tests, by the conventions of their languages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

TEST_FOLDERS = frozenset({"test", "tests", "testing", "spec", "specs", "__tests__"})
TEST_NAME = re.compile(
    r"(?:test_.*|.*_tests?|tests|unittest_.*)\.py|.*_test\.go|.*\.(?:test|spec)(?:-d)?\.[cm]?[jt]sx?"
    r"|(?:.*Tests?|Test.*|.*IT)\.(?:java|kt|cs)|(?:(?:spec|test)_.*|.*_(?:spec|test))\.rb|.*Test\.php"
    r"|(?:.*_tests?|tests?)\.rs|(?:test[_-].*|.*[._-]tests?)\.(?:c|cc|cpp|cxx)"
)
TEST_FOLDER_NAMES = re.compile(r"tests?|__tests__|specs?|(?:.*[._])?(?:Unit|Integration|Functional)?Tests?")
BY_FOLDER = re.compile(r"(?!_|(?:helpers?|utils?|setup|index|bootstrap)\.)(?!.*\.d\.ts$).*\.(?:[cm]?[jt]sx?|rs|cs)")
"""Names of scripts, Rust and C# that are tests by their folder: these languages' runners collect by it."""
HELPER_FOLDERS = frozenset(
    {"fixtures", "helpers", "support", "mocks", "__mocks__", "__fixtures__", "__snapshots__", "data", "utils"}
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
    return TEST_NAME.fullmatch(name) is not None or _by_folder(folders, name)


def _by_folder(folders: Sequence[str], name: str) -> bool:
    inner = next((at for at in reversed(range(len(folders))) if TEST_FOLDER_NAMES.fullmatch(folders[at])), None)
    return inner is not None and not HELPER_FOLDERS.intersection(folders[inner:]) and bool(BY_FOLDER.fullmatch(name))


def is_test_support(path: str) -> bool:
    """Whether `path` belongs to the tests: a test file, or anything in a folder of tests."""
    *folders, name = path.split("/")
    return bool(TEST_FOLDERS.intersection(folders)) or name == "conftest.py" or is_test_file(path)


def name_like(test: str, number: int) -> str:
    """The path of a new test file about issue `number`, beside `test` and named as it is."""
    *folders, name = test.split("/")
    folder = "".join(f"{part}/" for part in folders)
    stem, dot, ending = name.partition(".")
    if before := re.match(r"(?:tests?|spec|unittest)[_-]", name):
        return f"{folder}{before[0]}issue{before[0][-1]}{number}{dot}{ending}"
    if after := re.search(r"[._-](?:tests?|spec)\.\w+$", name):
        return f"{folder}issue{'_' if after[0][0] == '_' else '-'}{number}{after[0]}"
    camel = re.fullmatch(r"(Test(?=[A-Z]))?.*?(Tests?|IT)?", stem)
    if camel and (camel[1] or camel[2]):
        return f"{folder}{camel[1] or ''}Issue{number}{camel[2] or ''}{dot}{ending}"
    extension = name[name.rfind(".") :]
    return f"{folder}test_issue_{number}{extension}" if extension == ".py" else f"{folder}issue_{number}{extension}"


def find_test_files(paths: Iterable[str], *, suffix: str = "") -> list[str]:
    """The test files among `paths`, sorted; with `suffix`, of one language only."""
    return sorted(path for path in paths if path.endswith(suffix) and is_test_file(path))
