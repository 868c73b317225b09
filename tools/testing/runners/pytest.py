"""pytest: its own options are kept, what to run is told apart from them."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from tools.files import FileReader
from tools.testing.runners.probed import ProbeRunner

VALUE_OPTIONS = frozenset(
    {
        "-c",
        "-k",
        "-m",
        "-n",
        "-o",
        "-p",
        "-r",
        "-W",
        "--basetemp",
        "--capture",
        "--color",
        "--confcutdir",
        "--cov-config",
        "--cov-report",
        "--deselect",
        "--dist",
        "--durations",
        "--ignore",
        "--ignore-glob",
        "--import-mode",
        "--junitxml",
        "--junit-xml",
        "--log-level",
        "--maxfail",
        "--numprocesses",
        "--override-ini",
        "--pyargs",
        "--rootdir",
        "--show-capture",
        "--tb",
        "--timeout",
        "--verbosity",
    }
)


def pytest_runner(
    files: FileReader,
    python: str,
    words: Sequence[str] = (),
    *,
    cwd: str = "",
    env: Mapping[str, str] | None = None,
    import_from_here: bool = True,
) -> ProbeRunner:
    """A runner for `pytest WORDS`.

    Args:
        files: of the repository; a word that names a file or folder of it is what to run.
        python: the interpreter.
        words: the arguments of the command as a person wrote it.
        cwd: where the command runs.
        env: variables it sets.
        import_from_here: as `python -m pytest` does and `pytest` does not.
    """
    arguments: list[str] = []
    default: list[str] = []
    folders = _folders(files)
    previous = ""
    for word in words:
        path = posixpath.normpath(posixpath.join(cwd, word.partition("::")[0]))
        names = not word.startswith("-") and previous not in VALUE_OPTIONS
        (default if names and (path in folders or files.exists(path)) else arguments).append(word)
        previous = word
    return ProbeRunner(
        "pytest",
        "pytest",
        python,
        tuple(arguments),
        tuple(default),
        cwd,
        env or {},
        import_from_here=import_from_here,
    )


def _folders(files: FileReader) -> set[str]:
    found = {"."}
    for path in files.paths():
        folder = posixpath.dirname(path)
        while folder and folder not in found:
            found.add(folder)
            folder = posixpath.dirname(folder)
    return found
