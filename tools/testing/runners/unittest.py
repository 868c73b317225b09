"""unittest: by discovery or by name."""

from __future__ import annotations

import itertools
import posixpath
from collections import Counter
from collections.abc import Mapping, Sequence

from tools.files import FileReader
from tools.testing.naming import is_test_file
from tools.testing.runners.probed import ProbeRunner

SHORT = {"--start-directory": "-s", "--top-level-directory": "-t", "--pattern": "-p"}
FLAGS = frozenset({"-x", "-f", "--failfast", "-b", "--buffer", "-c", "--catch", "-v", "-q", "--verbose", "--quiet"})


def unittest_runner(
    files: FileReader,
    python: str,
    words: Sequence[str] = (),
    *,
    cwd: str = "",
    env: Mapping[str, str] | None = None,
) -> ProbeRunner:
    """A runner for `python -m unittest WORDS`; without words, for discovery where the tests lie.

    Flags that only change what is shown, or hide tests after a failure, are dropped.
    """
    kept = [word for word in words if word not in FLAGS] or discovery(files, cwd)
    top = posixpath.normpath(posixpath.join(cwd, _top(kept)))
    return ProbeRunner(
        "unittest", "unittest", python, default=tuple(kept), cwd=cwd, env=env or {}, top="" if top == "." else top
    )


def discovery(files: FileReader, cwd: str = "") -> list[str]:
    """Arguments for `unittest` that find the tests of most test files.

    Discovery from the root enters packages only; a `tests` folder without `__init__.py` is a start of its own.
    """
    starts: Counter[str] = Counter()
    for path in files.paths():
        if is_test_file(path) and (not cwd or path.startswith(cwd + "/")):
            folder = posixpath.dirname(posixpath.relpath(path, cwd or "."))
            while folder and files.exists(posixpath.join(cwd, folder, "__init__.py")):
                folder = posixpath.dirname(folder)
            starts[folder] += 1
    if not starts:
        return ["discover"]
    best = min(starts, key=lambda folder: (-starts[folder], folder))
    pattern = ["-p", "*test*.py"] if _unusual(files) else []
    return ["discover", *(["-s", best] if best else []), *pattern]


def _unusual(files: FileReader) -> bool:
    names = [posixpath.basename(path) for path in files.paths() if is_test_file(path)]
    return not any(name.startswith("test") for name in names)


def _top(words: Sequence[str]) -> str:
    """The folder that modules are named from, as `unittest discover` takes it from its arguments."""
    values = {"-s": ".", "-t": ""}
    rest = [word for word in words if word != "discover"]
    for option, value in itertools.pairwise(rest):
        short = SHORT.get(option, option)
        if short in values:
            values[short] = value
    return values["-t"] or values["-s"]
