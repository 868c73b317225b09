"""When a design is a new one: by its syntax, and by what it does on tasks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from agent.evolve.records import DesignRecord, ResultRecord
from agent.outcome import Outcome
from tools.checks.fingerprint import normalised_ast

ENOUGH = 3
"""Tasks on which two designs must do the very same to be taken for one."""


def shape(code: str) -> str:
    """The same for designs that differ in comments, docstrings, layout and names of local variables only."""
    return hashlib.sha256(normalised_ast(code, rename_locals=True).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def behaviour(outcome: Outcome) -> str:
    """The same for runs that ended with the same patch after the same amount of work."""
    spent = outcome.spending
    did = [outcome.status, outcome.patch, spent.calls + spent.reused, spent.nodes, spent.executions]
    return hashlib.sha256(json.dumps(did).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def twins(designs: Sequence[DesignRecord], results: Sequence[ResultRecord]) -> Mapping[str, str]:
    """For each design that does on all common tasks, `ENOUGH` or more, what an earlier one does: the id of that one."""
    done: dict[str, dict[tuple[str, int], str]] = {}
    for row in results:
        if row.split == "search" and (said := row.detail.get("behaviour")):
            done.setdefault(row.design, {})[row.task, row.seed] = str(said)
    found: dict[str, str] = {}
    for place, design in enumerate(designs):
        for earlier in designs[:place]:
            if earlier.id in found or design.standing != "archived" or design.operator == "meta":
                continue  # a few tasks that a first draft solves do not tell two designs of a model apart
            mine, theirs = done.get(design.id, {}), done.get(earlier.id, {})
            common = mine.keys() & theirs.keys()
            if len(common) >= ENOUGH and all(mine[key] == theirs[key] for key in common):
                found[design.id] = earlier.id
                break
    return found
