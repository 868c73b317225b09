"""Reading an evolution while it goes on and afterwards: designs with their scores, lineage, the end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from agent.evolve.archive import Archive
from agent.evolve.layout import EvolutionFolder
from agent.evolve.records import DesignRecord, ResultRecord, Split
from search.statistics.intervals import Interval, wilson
from tools.errors import InputError


@dataclass(frozen=True)
class Scored:
    """A design with what is known of it on one split.

    Attributes:
        design: the design.
        scores: mean score over seeds, by task.
        usd: US dollars per task; `seconds` and `calls` likewise.
        failures: what broke or stopped it, and what the hidden tests said of its answer, by task that it failed.
    """

    design: DesignRecord
    scores: Mapping[str, float]
    usd: float = 0.0
    seconds: float = 0.0
    calls: float = 0.0
    failures: Mapping[str, str] = field(default_factory=dict)

    @property
    def mean(self) -> float | None:
        """The mean score, None without any result."""
        return sum(self.scores.values()) / len(self.scores) if self.scores else None

    @property
    def interval(self) -> Interval | None:
        """95 % interval of the share of tasks solved, None without any result."""
        return wilson(round(sum(self.scores.values())), len(self.scores)) if self.scores else None


class EvolutionReader:
    """An evolution's folder.

    Raises:
        InputError: there is none.
    """

    def __init__(self, root: Path) -> None:
        self.folder = EvolutionFolder(root)
        if not self.folder.archive.is_file():
            raise InputError(f"no evolution in {root}", hint="`treewright evolve` makes one")
        self._archive = Archive(self.folder.archive)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def designs(self) -> tuple[DesignRecord, ...]:
        """All designs in the order in which they came, refused ones too."""
        return self._archive.designs()

    def results(self, split: Split | None = None) -> tuple[ResultRecord, ...]:
        """The results of a split, or all."""
        return self._archive.results(split)

    def scored(self, split: Split = "search") -> tuple[Scored, ...]:
        """All designs with their results on a split."""
        return scored(self.designs(), self.results(split))

    def plan(self) -> Mapping[str, Any]:
        """How the evolution was asked for: strategy, tasks of each split, limits."""
        return dict(self._archive.fact("plan") or {})

    def end(self) -> Mapping[str, Any] | None:
        """The champion and its comparison on the held-out split; None while there is none."""
        found = self._archive.fact("end")
        return dict(found) if found else None

    def find(self, text: str) -> DesignRecord:
        """The design whose id starts with `text`, or that is called so.

        Raises:
            InputError: there is none, or more than one.
        """
        every = self.designs()
        named = [each for each in every if each.id.startswith(text)] or [each for each in every if each.name == text]
        if len(named) != 1:
            problem = "no design" if not named else f"{len(named)} designs"
            raise InputError(f"{problem} {text!r} in {self.folder.root}", hint="`treewright designs list` names them")
        return named[0]


def is_evolution(root: Path) -> bool:
    """Whether there is an evolution in a folder."""
    return EvolutionFolder(root).archive.is_file()


def scored(designs: Sequence[DesignRecord], results: Sequence[ResultRecord]) -> tuple[Scored, ...]:
    """Designs with their results."""
    by_design: dict[str, list[ResultRecord]] = defaultdict(list)
    for result in results:
        by_design[result.design].append(result)
    return tuple(_scored(design, by_design[design.id]) for design in designs)


def _scored(design: DesignRecord, rows: Sequence[ResultRecord]) -> Scored:
    by_task: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        by_task[row.task].append(row.score)
    count = max(1, len(rows))
    return Scored(
        design,
        {task: sum(scores) / len(scores) for task, scores in sorted(by_task.items())},
        usd=sum(row.usd for row in rows) / count,
        seconds=sum(row.seconds for row in rows) / count,
        calls=sum(row.calls for row in rows) / count,
        failures={row.task: said for row in rows if (said := _failure(row))},
    )


def _failure(row: ResultRecord) -> str:
    hidden = str(row.detail.get("hidden", "")) if row.score < 1 else ""
    return "; ".join(part for part in (row.error, hidden) if part)
