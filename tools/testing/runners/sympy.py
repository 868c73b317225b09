"""SymPy: its own runner, `bin/test`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tools.testing.runners.probed import ProbeRunner


def sympy_runner(python: str, words: Sequence[str] = (), *, env: Mapping[str, str] | None = None) -> ProbeRunner:
    """A runner for `bin/test WORDS`; of the options only `-C` (no cache) changes what the tests do."""
    arguments = [word for word in words if word == "-C"]
    default = [word for word in words if word.endswith(".py")]
    return ProbeRunner("sympy", "sympy", python, tuple(arguments), tuple(default), env=env or {})
