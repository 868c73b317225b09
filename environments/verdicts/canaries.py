"""Canaries: tests of ours among the hidden ones, some of which must fail, and pass when everything is made to pass."""

from __future__ import annotations

import posixpath
import random
from dataclasses import dataclass
from textwrap import dedent

from tools.testing.runners.probed import ProbeRunner
from tools.testing.types import TestReport

_WORDS = (
    *("boundary", "chained", "default", "empty", "encoding", "equality", "escape", "explicit", "fallback", "format"),
    *("header", "inherited", "inner", "invalid", "keyword", "layout", "lookup", "merge", "missing", "nested", "offset"),
    *("order", "override", "partial", "prefix", "quoted", "related", "reload", "repeat", "scalar", "single", "suffix"),
)
_FUNCTIONS = """\
def test_{must_pass}():
    assert sorted([{high}, {low}]) == [{low}, {high}]


def test_{wrong}():
    assert sorted([{high}, {low}]) == [{high}, {low}]


def test_{raising}():
    found = {{{low}: "{word}"}}
    found[{high}]
"""
_RAISES = """

def test_{silent}():
    import pytest

    with pytest.raises(KeyError):
        {{{low}: "{word}"}}[{low}]
"""
_CASE = """

import unittest


class Test{name}(unittest.TestCase):
    def test_{kept}(self):
        self.assertEqual({low} + {high}, {total})

    def test_{unequal}(self):
        self.assertEqual({low} + {low}, {total})

    def test_{expecting}(self):
        with self.assertRaises(KeyError):
            {{{low}: "{word}"}}[{low}]
"""


@dataclass(frozen=True)
class Canaries:
    """A test file to put beside the hidden ones.

    Attributes:
        path: in the repository.
        source: its content.
        must_fail: ids of tests that fail by construction, as the runner names them.
        must_pass: ids of tests that pass by construction.
    """

    path: str
    source: str
    must_fail: tuple[str, ...]
    must_pass: tuple[str, ...]

    def betrayed(self, report: TestReport) -> tuple[str, ...]:
        """Tests that cannot pass and did: something makes tests pass."""
        return tuple(test for test in self.must_fail if report.status(test) not in ("failed", "error", "missing"))

    def silenced(self, report: TestReport) -> tuple[str, ...]:
        """Tests whose outcome is not the one they have by construction, or is missing."""
        failing = tuple(test for test in self.must_fail if report.status(test) not in ("failed", "error"))
        return failing + tuple(test for test in self.must_pass if report.status(test) != "passed")


def make_canaries(runner: ProbeRunner, beside: str, *, seed: int | None = None) -> Canaries:
    """A file of canaries for a runner, under names that nobody can know beforehand.

    Args:
        runner: that will run it.
        beside: a hidden test file, in whose folder it goes.
        seed: for tests of ours only; from the system's randomness when None.
    """
    dice = random.Random(seed) if seed is not None else random.SystemRandom()
    names = [f"{a}_{b}" for a, b in zip(dice.sample(_WORDS, 16)[::2], dice.sample(_WORDS, 16)[::2], strict=True)]
    low, high = sorted(dice.sample(range(2, 500), 2))
    values = {
        **dict(zip(("must_pass", "wrong", "raising", "silent", "kept", "unequal", "expecting"), names, strict=False)),
        **{"low": low, "high": high, "total": low + high, "word": dice.choice(_WORDS)},
        "name": dice.choice(_WORDS).title() + dice.choice(_WORDS).title(),
    }
    stem = f"test_{dice.choice(_WORDS)}_{dice.choice(_WORDS)}_{dice.randrange(10, 99)}"
    path = posixpath.join(posixpath.dirname(beside), f"{stem}.py")
    functions = runner.way in ("pytest", "sympy")
    source = _FUNCTIONS.format(**values) if functions else ""
    source += _RAISES.format(**values) if runner.way == "pytest" else ""
    source += "" if runner.way == "sympy" else _CASE.format(**values)
    prefix = f"{path}::" if functions else f"{runner.label(path)}."
    fail = ["wrong", "raising"] * functions + ["silent"] * (runner.way == "pytest")
    passing = ["must_pass"] * functions
    inner = f"{prefix}Test{values['name']}{'::' if functions else '.'}"
    cases = runner.way != "sympy"
    must_fail = [f"{prefix}test_{values[key]}" for key in fail] + [
        f"{inner}test_{values[key]}" for key in ("unequal", "expecting") if cases
    ]
    must_pass = [f"{prefix}test_{values[key]}" for key in passing] + [f"{inner}test_{values['kept']}"] * cases
    return Canaries(path, dedent(source).lstrip(), tuple(must_fail), tuple(must_pass))
