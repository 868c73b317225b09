"""What a path says of a file: a test, other people's code, or beside what the project is for.

Python's rules are its own, for the weights were fitted with them and its packages have names like `tools` and `utils`
at the top; the others share one set.
"""

from __future__ import annotations

import re

_PYTHON = (".py", ".pyi", ".pyw")
_CODE = r"\.(?:[cm]?[jt]sx?|vue|go|rs|rb|java|kt|scala|cs|php|swift|c|h|cc|hh|cpp|hpp|cxx|hxx)$"
_PYTHON_TEST = re.compile(
    r"(?:^|/)(?:tests|__tests__)/|^(?:test|testing|spec)/|(?:^|/)src/test/"
    r"|(?:^|/)(?:test_[^/]*|[^/]*_test|tests|conftest)\.pyw?$"
)
_TEST = re.compile(
    r"(?:^|/)(?:[\w.-]*[._-])?[Tt]ests?/|(?:^|/)\w*(?:Unit|Integration|Functional|Acceptance)Tests?/|^(?:testing|spec)/"
    r"|(?:^|/)(?:__(?:tests|mocks|fixtures|snapshots)__|test-?data|fixtures|e2e|specs)/"
    rf"|(?:^|/)(?:tests?|test[_-][^/]*){_CODE}"
    rf"|(?:[_-]tests?|[_.-]spec|\.test|\.(?:test|spec)-d|[a-z\d](?:Tests?|Spec)){_CODE}"
)
_VENDORED = re.compile(
    r"(?:^|/)(?:_?vendor(?:ed)?|extern(?:al|als)?|third[_-]?party|3rdparty|deps|node_modules|bower_components|_?bundled)/"
    r"|(?:^|/)packages/(?=.*\.py$)"
)
_PYTHON_ASIDE = re.compile(
    r"^(?:docs?|asv_bench|scripts|tools|tutorials|extras|ci|bin|build_tools|release|maint_tools|samples|demo|plugins|utils)/"
    r"|(?:^|/)(?:examples?|galleries|testutils|benchmarks?)/"
)
_ASIDE = re.compile(
    r"^(?:docs?|documentation|website|scripts?|ci|\.[\w-]+)/"
    r"|(?:^|/)(?:examples?|samples?|demos?|tutorials?|galleries|benchmarks?|bench|benches|playgrounds?|sandbox|fuzz(?:ing)?)/"
    r"|(?:^|/)(?:dist|single[-_]?(?:include|header)s?)/|amalgamat[^/]*$|[._](?:min|bundle|generated|pb|g|designer|Designer)\.\w+$"
    r"|(?:^|/)(?:[\w.-]+\.(?:config|conf)\.[cm]?[jt]s|\.\w+rc\.[cm]?js|Gruntfile\.js|gulpfile\.js)$"
)


def is_test(path: str) -> bool:
    """Whether a path is of a test file or of what tests use, by its name or folder."""
    return bool((_PYTHON_TEST if path.endswith(_PYTHON) else _TEST).search(path))


def is_vendored(path: str) -> bool:
    """Whether a path is of other people's code kept in the repository."""
    return bool(_VENDORED.search(path))


def is_aside(path: str) -> bool:
    """Whether a path is beside the project's own code: other people's, built, documentation, examples or tools."""
    return bool((_PYTHON_ASIDE if path.endswith(_PYTHON) else _ASIDE).search(path)) or is_vendored(path)
