"""The few kinds of failure a person meets, each with what to do about it."""

from __future__ import annotations

from enum import StrEnum


class TreewrightError(Exception):
    """A failure with a cause a person can act on.

    Attributes:
        hint: what to do next, one line; may be empty.
        exit_code: the status the command ends with.
    """

    exit_code = 3

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class InputError(TreewrightError):
    """What was asked for cannot be done as asked: a wrong path, revision, option or file."""

    exit_code = 2


class InfrastructureError(TreewrightError):
    """The machine, the sandbox or the network failed; never counted as the agent's failure."""

    exit_code = 3


class BudgetExhausted(TreewrightError):
    """The money, tokens, nodes or seconds that were granted are used up."""

    exit_code = 4


class Misconduct(StrEnum):
    """What a design did that ended it."""

    CRASHED = "crashed"
    EXITED = "exited"
    HUNG = "hung"
    FLOODED = "flooded"
    GARBAGE = "garbage"
    MEMORY = "memory"
    PROCESSES = "processes"
    DISK = "disk"
    TIME = "time"
    REFUSED = "refused"


class DesignFailed(TreewrightError):
    """A design broke or was stopped: the agent's own failure, never the machine's.

    Attributes:
        conduct: what it did.
        traceback: where, if it told.
    """

    exit_code = 1

    def __init__(self, message: str, conduct: Misconduct, *, traceback: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.conduct = conduct
        self.traceback = traceback


def extra(name: str) -> str:
    """The hint for a part that needs packages of its own."""
    return f"add the extra {name!r}: in the folder of treewright, .venv/bin/pip install -e '.[{name}]'"
