"""What a path says of a file: a test, other people's code, or beside what the project is for."""

from __future__ import annotations

import re

_TEST = re.compile(
    r"(?:^|/)tests/|^(?:test|testing|tests|spec|__tests__)/|(?:^|/)__tests__/|(?:^|/)(?:test_[^/]*|[^/]*_test|tests|conftest)\.pyw?$"
    r"|(?:_test|_spec|\.test|\.spec|Test|Tests)\.(?:[cm]?[jt]sx?|go|rb|java|cs|php|rs|cc|cpp)$|(?:^|/)src/test/"
)
_VENDORED = re.compile(r"(?:^|/)(?:_?vendor(?:ed)?|extern(?:al|als)?|third_party|node_modules|packages|_?bundled)/")
_ASIDE = re.compile(
    r"^(?:docs?|asv_bench|scripts|tools|tutorials|extras|ci|bin|build_tools|release|maint_tools|samples|demo|plugins|utils)/"
    r"|(?:^|/)(?:examples?|galleries|testutils|benchmarks?)/"
)


def is_test(path: str) -> bool:
    """Whether a path is of a test file or of what tests use, by its name or folder."""
    return bool(_TEST.search(path))


def is_vendored(path: str) -> bool:
    """Whether a path is of other people's code kept in the repository."""
    return bool(_VENDORED.search(path))


def is_aside(path: str) -> bool:
    """Whether a path is beside the project's own code: other people's, documentation, examples or tools."""
    return bool(_ASIDE.search(path)) or is_vendored(path)
