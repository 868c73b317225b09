"""SymPy: its own runner, `bin/test`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tools.files import FileReader
from tools.testing.runners.probed import ProbeRunner
from tools.testing.runners.pytest import pytest_runner


def sympy_runner(
    files: FileReader, python: str, words: Sequence[str] = (), *, env: Mapping[str, str] | None = None
) -> ProbeRunner:
    """A runner for `bin/test WORDS`; of the options only `-C` (no cache) changes what the tests do.

    From SymPy 1.13 on `bin/test` is pytest.
    """
    if files.exists("sympy/testing/runtests_pytest.py"):
        return pytest_runner(files, python, [word for word in words if word.endswith(".py")], env=env)
    arguments = [word for word in words if word == "-C"]
    default = [word for word in words if word.endswith(".py")]
    return ProbeRunner("sympy", "sympy", python, tuple(arguments), tuple(default), env=env or {})
