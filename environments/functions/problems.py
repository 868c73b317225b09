"""What a function-level problem consists of: a statement, which may be shown, and hidden tests, which may not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["function", "program"]
MODULE = "solution"
"""The module that a solution is written in."""


@dataclass(frozen=True)
class Run:
    """What a program is given on standard input and what it must print."""

    given: str
    expected: str


@dataclass(frozen=True)
class Statement:
    """What the solving side may see of a problem.

    Attributes:
        id: as the dataset names it.
        kind: a function to complete, or a program that reads standard input.
        prompt: Python source up to the body to write; for a program its description.
        entry_point: the function to write; empty for a program.
        visible: ``assert`` statements that the statement itself gives away.
        examples: runs that the statement itself gives away, of a program.
        seconds: time limit of one call or run.
    """

    id: str
    kind: Kind
    prompt: str
    entry_point: str = ""
    visible: tuple[str, ...] = ()
    examples: tuple[Run, ...] = ()
    seconds: float = 5.0


@dataclass(frozen=True)
class HiddenTests:
    """The gold part: what grades a solution. Never part of a `Task`, a workspace or a prompt.

    Attributes:
        tests: pieces of Python, each passed or failed as a whole; they call `candidate` or the entry point.
        setup: Python that they need.
        inputs: argument lists as Python text, on which solution and `reference` must agree.
        tolerance: absolute difference of numbers allowed on `inputs`.
        runs: of a program.
        reference: a whole right solution, where the dataset has one.
    """

    tests: tuple[str, ...] = ()
    setup: str = ""
    inputs: tuple[str, ...] = ()
    tolerance: float = 1e-6
    runs: tuple[Run, ...] = ()
    reference: str = ""

    @property
    def count(self) -> int:
        """How many tests there are."""
        return len(self.tests) + len(self.inputs) + len(self.runs)


@dataclass(frozen=True)
class Problem:
    """Both parts, as a dataset's file has them."""

    statement: Statement
    hidden: HiddenTests
