"""The plan of an evolution: what was asked for, kept with it, and compared when it is gone on with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from agent.config import Settings
from tools.errors import InputError

PLAN = "plan"
MAY_GROW = frozenset({"designs", "evaluations"})
"""What may differ when the same evolution is gone on with."""
NOT_OF_RUNS = frozenset({"design", "sandboxed"})


class Plan(BaseModel):
    """What an evolution does.

    Attributes:
        strategy: name of the archive strategy.
        proposer: who writes designs: `offline` or `meta`.
        seeds: names or files of the designs to start with.
        search: ids of the tasks that designs are developed on, in order.
        held_out: ids of the tasks of the end.
        designs: how many may be made.
        evaluations: how many runs on tasks of the search split.
        seed: for whatever is random.
        settings: of each run, without the design.
        source: where the tasks come from.
    """

    model_config = ConfigDict(frozen=True)

    strategy: str
    proposer: str
    seeds: tuple[str, ...]
    search: tuple[str, ...]
    held_out: tuple[str, ...]
    designs: int = Field(ge=1)
    evaluations: int = Field(ge=1)
    seed: int = 0
    settings: Mapping[str, Any] = Field(default_factory=dict)
    source: Mapping[str, Any] = Field(default_factory=dict)


def run_settings(settings: Settings) -> dict[str, Any]:
    """What of the settings belongs to every run."""
    return settings.model_dump(mode="json", exclude=set(NOT_OF_RUNS))


def check_same(old: Plan, new: Plan) -> None:
    """Refuses to go on with an evolution that was begun with another plan.

    Raises:
        InputError: they differ in more than how long it may last.
    """
    before, after = old.model_dump(mode="json"), new.model_dump(mode="json")
    for name, value in before.items():
        if name not in MAY_GROW and after[name] != value:
            shown = [name]
            if isinstance(value, dict):
                shown += [key for key in value if value[key] != after[name].get(key)][:3]
            raise InputError(
                f"the evolution in this folder was begun with another {' '.join(shown)}",
                hint="give what it was begun with, or another --out",
            )
