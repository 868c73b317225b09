"""The archive of an evolution as its pages need it: designs with lineage, fitness and niches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from agent.evolve.niches import bins, cost_of, rarity_of
from agent.evolve.reader import EvolutionReader
from agent.evolve.records import ResultRecord
from agent.evolve.strategy import Member, leader
from agent.store.lock import in_use
from search.statistics.intervals import wilson
from tools.errors import TreewrightError

LEVEL = (2.5, 97.5)
RESAMPLES = 1000
NICHES = 4
"""Parts of cost and of behaviour, as `agent.evolve.strategies.map_elites` has them."""
COLUMN, ROW = 216, 44


@dataclass(frozen=True)
class Score:
    """Mean score of a design on a split, and its 95 % interval.

    Wilson's when every score is 0 or 1; else by drawing the tasks again.
    """

    mean: float
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Design:
    """One design.

    Attributes:
        standing: seed, archived or refused.
        error: why it was refused.
        scores: by split.
        cost: US dollars of its evaluations.
        effort: mean cost of a task in what the archive was paid in (`ArchiveState.unit`).
        errors: how many of them failed.
        niche: (part of effort, part of behaviour), each from 0; None before any result.
    """

    id: str
    name: str
    code: str = ""
    thought: str = ""
    parents: tuple[str, ...] = ()
    generation: int = 0
    operator: str = ""
    standing: str = ""
    error: str = ""
    scores: Mapping[str, Score] = field(default_factory=dict)
    cost: float = 0.0
    effort: float = 0.0
    errors: int = 0
    niche: tuple[int, int] | None = None

    @property
    def fitness(self) -> float | None:
        """The mean score on the split that the search saw; on any when there is none such."""
        found = self.score
        return found.mean if found else None

    @property
    def score(self) -> Score | None:
        """What `fitness` is the mean of."""
        return self.scores.get("search") or next(iter(self.scores.values()), None)


@dataclass(frozen=True)
class Niche:
    """One cell of the grid of niches: its fittest design and how many designs are in it."""

    best: Design | None = None
    count: int = 0


@dataclass(frozen=True)
class ArchiveState:
    """All designs, parents before children.

    Attributes:
        unit: what effort is counted in.
        plan: how the evolution was asked for, for a person: (what, value).
        champion: id of the design that is taken for the best: as the evolution says, else as its strategies see it,
            by the lower quantile of its posterior on the search split.
        end: the comparison of the champion on the held-out tasks; empty while there is none.
        alive: the evolution goes on now.
    """

    name: str
    designs: tuple[Design, ...] = ()
    results: tuple[ResultRecord, ...] = ()
    problems: tuple[str, ...] = ()
    unit: str = "US dollars"
    plan: tuple[tuple[str, str], ...] = ()
    champion: str = ""
    end: Mapping[str, Any] = field(default_factory=dict)
    alive: bool = False

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits there are results on; the one that the search saw comes first."""
        names = {split for design in self.designs for split in design.scores}
        return tuple(sorted(names, key=lambda name: (name != "search", name)))

    @property
    def best(self) -> Design | None:
        """The champion."""
        return self.design(self.champion)

    @property
    def niches(self) -> list[list[Niche]]:
        """Rows by how rare what a design solves is, the rarest first; columns by effort, the cheapest first."""
        grid = [[Niche() for _ in range(NICHES)] for _ in range(NICHES)]
        for design in self.designs:
            if design.niche is None:
                continue
            column, row = design.niche[0], NICHES - 1 - design.niche[1]
            before = grid[row][column]
            better = before.best is None or (design.fitness or 0.0) > (before.best.fitness or 0.0)
            grid[row][column] = Niche(design if better else before.best, before.count + 1)
        return grid if any(cell.count for row in grid for cell in row) else []

    def design(self, id: str) -> Design | None:
        """A design by its id."""
        return next((design for design in self.designs if design.id == id), None)

    def best_so_far(self) -> list[tuple[int, float]]:
        """(generation, the best fitness up to it)."""
        found: list[tuple[int, float]] = []
        best = 0.0
        for generation in sorted({design.generation for design in self.designs}):
            best = max([best, *(d.fitness or 0.0 for d in self.designs if d.generation == generation)])
            found.append((generation, best))
        return found

    def _end_of(self, id: str, places: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
        """Where the label beside a design ends, and the lines to its children begin."""
        found = self.design(id)
        letters = max(len(found.name[:19]), len(found.operator[:12]) + 5) if found else 0
        return places[id][0] + 22 + round(6.6 * letters), places[id][1]

    def lineage(self) -> dict[str, Any]:
        """Places of the designs by generation and fitness, and the edges between them, for the drawing."""
        levels: dict[int, list[Design]] = {}
        for design in self.designs:
            levels.setdefault(design.generation, []).append(design)
        places: dict[str, tuple[int, int]] = {}
        for column, generation in enumerate(sorted(levels)):
            ranked = sorted(levels[generation], key=lambda d: (d.fitness is None, -(d.fitness or 0.0)))
            for row, design in enumerate(ranked):
                places[design.id] = (24 + COLUMN * column, 46 + ROW * row)
        best, line = self.best, list[str]()
        while best is not None and best.id not in line:
            line.append(best.id)
            best = self.design(best.parents[0]) if best.parents else None
        strong = set(zip(line[1:], line, strict=False))
        edges = [
            (
                *self._end_of(parent, places),
                *places[design.id],
                "chosen" if (parent, design.id) in strong else "ghost" if rank else "",
            )
            for design in self.designs
            for rank, parent in enumerate(design.parents)
            if parent in places
        ]
        width = max((x for x, _ in places.values()), default=0) + COLUMN
        height = max((y for _, y in places.values()), default=0) + 40
        heads = [(24 + COLUMN * column, generation) for column, generation in enumerate(sorted(levels))]
        return {
            "places": places,
            "edges": sorted(edges, key=lambda edge: edge[4] == "chosen"),
            "line": set(line),
            "width": width,
            "height": height,
            "heads": heads,
        }


NOTHING = Score(0.0, 0.0, 0.0, 0)


def read_archive(root: Path) -> ArchiveState:
    """The archive in `root`, as far as it can be read."""
    try:
        with EvolutionReader(root) as reader:
            results = reader.results()
            by_split = {split: reader.scored(split) for split in ("search", "held-out")}
            plan, end, alive = reader.plan(), reader.end() or {}, in_use(reader.folder.lock)
    except (TreewrightError, ValueError, TypeError, KeyError) as error:
        hint = error.hint if isinstance(error, TreewrightError) else ""
        return ArchiveState(root.name, problems=(f"the archive cannot be read: {error}. {hint}".strip(),))
    unit, efforts = _efforts(results)
    members = [
        Member(each.design.id, each.design.order, scores=each.scores, cost=efforts.get(each.design.id, 0.0))
        for each in by_split["search"]
        if each.scores
    ]
    cells = zip(bins(cost_of(members), NICHES), bins(rarity_of(members), NICHES), strict=True)
    niches = {member.id: cell for member, cell in zip(members, cells, strict=True)}
    champion = leader(members)
    costs: dict[str, float] = {}
    failures: dict[str, int] = {}
    for result in results:
        costs[result.design] = costs.get(result.design, 0.0) + result.usd
        failures[result.design] = failures.get(result.design, 0) + bool(result.error)
    designs = []
    for index, scored in enumerate(by_split["search"]):
        record = scored.design
        scores = {split: _score(list(each[index].scores.values())) for split, each in by_split.items()}
        designs.append(
            Design(
                record.id,
                record.name or record.id,
                record.code,
                record.thought,
                record.parents,
                record.generation,
                record.operator,
                record.standing,
                record.error,
                {split: score for split, score in scores.items() if score.count},
                costs.get(record.id, 0.0),
                efforts.get(record.id, 0.0),
                failures.get(record.id, 0),
                niches.get(record.id),
            )
        )
    designs.sort(key=lambda design: design.generation)
    chosen = str((end.get("champion") or {}).get("id", "")) or (champion.id if champion else "")
    return ArchiveState(root.name, tuple(designs), results, (), unit, _plan(plan), chosen, end, alive)


def _efforts(results: Sequence[ResultRecord]) -> tuple[str, dict[str, float]]:
    """What a task costs each design, in the dearest unit that anything was paid in, and the unit's name."""
    units = (("US dollars", "usd"), ("calls", "calls"), ("test runs", "executions"), ("seconds", "seconds"))
    name, field_name = next((unit for unit in units if any(getattr(row, unit[1]) for row in results)), units[0])
    totals: dict[str, list[float]] = {}
    for row in results:
        totals.setdefault(row.design, []).append(float(getattr(row, field_name)))
    return name, {design: sum(values) / len(values) for design, values in totals.items()}


def _plan(plan: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    known = ("strategy", "proposer", "designs", "evaluations", "seed")
    found = [(name, str(plan[name])) for name in known if name in plan]
    return (*found, *((f"tasks, {name}", str(len(plan[key]))) for name, key in TASKS if plan.get(key)))


TASKS = (("search", "search"), ("held-out", "held_out"))


def _score(values: Sequence[float]) -> Score:
    if not values:
        return NOTHING
    mean = sum(values) / len(values)
    if set(values) <= {0.0, 1.0}:
        band = wilson(round(sum(values)), len(values))
        return Score(mean, band.low, band.high, len(values))
    drawn = np.random.default_rng(0).choice(np.array(values), (RESAMPLES, len(values))).mean(axis=1)
    low, high = np.percentile(drawn, LEVEL)
    return Score(mean, float(low), float(high), len(values))
