"""What decides which design is developed further, and which is tried on which task next."""

from __future__ import annotations

import importlib
import math
import pkgutil
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, cast

from tools.errors import InputError
from tools.extensions import installed, load_extension


@dataclass(frozen=True)
class Member:
    """A design as a strategy sees it.

    Attributes:
        id: of the design.
        order: its place in the archive.
        parents: designs it was made from, the one that was changed first.
        scores: by task of the search split, in [0, 1].
        pending: tasks it is being tried on.
        cost: mean cost of a task, in whatever unit all members share.
    """

    id: str
    order: int
    parents: tuple[str, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    pending: frozenset[str] = frozenset()
    cost: float = 0.0

    @property
    def mean(self) -> float:
        """Mean of its scores; 0 without any."""
        return sum(self.scores.values()) / len(self.scores) if self.scores else 0.0


@dataclass(frozen=True)
class Expand:
    """Make a new design from these; the first is the one to change."""

    parents: tuple[str, ...]


@dataclass(frozen=True)
class Evaluate:
    """Try a design on a task."""

    design: str
    task: str


Decision = Expand | Evaluate


@dataclass(frozen=True)
class View:
    """An evolution at one moment.

    Attributes:
        members: designs that can be evaluated, in order; seeds first.
        tasks: of the search split, in the one order in which every design meets them.
        expanding: parents of the designs that are being made.
        evaluations: how many may be made in all.
        designs: how many new designs may be made in all.
        seeds: how many of the members were given.
        tried: how many designs were made, the refused ones included.
    """

    members: Sequence[Member]
    tasks: Sequence[str]
    expanding: Sequence[tuple[str, ...]] = ()
    evaluations: int = 0
    designs: int = 0
    seeds: int = 1
    tried: int = 0

    @cached_property
    def children(self) -> Mapping[str, int]:
        """How many designs were, or are being, made from each by changing it."""
        counts = dict.fromkeys((member.id for member in self.members), 0)
        for parents in (*(member.parents for member in self.members), *self.expanding):
            if parents and parents[0] in counts:
                counts[parents[0]] += 1
        return counts

    @cached_property
    def done(self) -> int:
        """Evaluations made or under way."""
        return sum(len(member.scores) + len(member.pending) for member in self.members)

    @property
    def may_evaluate(self) -> bool:
        """Whether the evaluations allow one more."""
        return self.done < self.evaluations

    @property
    def may_expand(self) -> bool:
        """Whether one more design may be made, and could still be tried."""
        return self.tried + len(self.expanding) < self.designs and self.may_evaluate

    @cached_property
    def best(self) -> Member | None:
        """The member that is taken for the best."""
        return leader(self.members)

    @cached_property
    def estimates(self) -> Mapping[str, float]:
        """Success on all tasks, by what each does on the tasks that it shares with the best member.

        A mean over few tasks and one over many are not compared: the few may be the easy ones.
        """
        best = self.best
        if best is None:
            return {member.id: 0.0 for member in self.members}
        return {member.id: _estimate(member, best) for member in self.members}


class Strategy(Protocol):
    """Decides what is done next.

    Its randomness comes from the generator it is given, so that a resumed evolution decides as an unbroken one.
    """

    def ask(self, view: View, rng: random.Random) -> Decision | None:
        """What to do now; None when nothing is to be done until something under way has ended."""
        ...


def names() -> tuple[str, ...]:
    """The strategies there are."""
    package = importlib.import_module("agent.evolve.strategies")
    return tuple(sorted(module.name for module in pkgutil.iter_modules(package.__path__)))


def create(name: str) -> Strategy:
    """The strategy `name`: class `MapElites` of module `map_elites`, and so on; or a file's or an installed package's.

    Raises:
        InputError: there is none of that name.
    """
    brought = installed("strategy")
    if name.endswith(".py") or name in brought:
        return cast(Strategy, cast(Callable[[], object], load_extension(name, "strategy"))())
    if name not in names():
        raise InputError(f"no strategy is called {name!r}", hint=f"there are {', '.join((*names(), *brought))}")
    module = importlib.import_module(f"agent.evolve.strategies.{name}")
    return cast(Strategy, getattr(module, name.title().replace("_", ""))())


def belief(won: float, count: float, *, quantile: float = 0.05) -> float:
    """The lower quantile of the posterior of a success that was seen `won` times in `count`, Beta(1 + won, 1 + lost).

    By the normal approximation on the logit, which is monotone and close enough to order members.
    """
    a, b = 1.0 + won, 1.0 + count - won
    z = _Z if quantile == 0.05 else _normal(quantile)
    mean = math.log(a / b)
    return 1.0 / (1.0 + math.exp(-(mean + z * math.sqrt(1.0 / a + 1.0 / b))))


def beliefs(members: Sequence[Member]) -> Mapping[str, float]:
    """For each member with scores, the lower quantile of its success on the tasks of the one that met most of them.

    A race lets many designs meet its first tasks only, and those may be the easy ones: a member counts with what it
    does beyond that one on the tasks that both met, and with no more weight than there are such tasks.
    """
    known = [member for member in members if member.scores]
    if not known:
        return {}
    measure = max(known, key=lambda member: (len(member.scores), -member.order))
    found = {}
    for member in known:
        count = len(member.scores.keys() & measure.scores.keys())
        found[member.id] = belief(_estimate(member, measure) * count, count)
    return found


def leader(members: Sequence[Member]) -> Member | None:
    """The member that is believed in most, the oldest of equals; None without any scores."""
    found = beliefs(members)
    known = [member for member in members if member.id in found]
    return max(known, key=lambda member: (found[member.id], -member.order), default=None)


def weighted(rng: random.Random, members: Sequence[Member], weights: Sequence[float]) -> Member:
    """One member, in proportion to the weights; evenly when all are 0."""
    total = sum(weights)
    return rng.choices(members, weights if total > 0 and math.isfinite(total) else None)[0]


def sigmoid(value: float) -> float:
    """1 / (1 + e^-x), without overflow."""
    return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, value))))


def clades(view: View) -> Iterator[tuple[Member, list[Member]]]:
    """Each member with its clade: itself and all that descend from it by changes. Nothing is changed in place."""
    below: dict[str, list[Member]] = {member.id: [member] for member in view.members}
    for member in reversed(view.members):
        if member.parents and member.parents[0] in below:
            below[member.parents[0]].extend(below[member.id])
    return ((member, below[member.id]) for member in view.members)


def _estimate(member: Member, best: Member) -> float:
    common = [task for task in member.scores if task in best.scores]
    if not common:
        return 0.0
    difference = sum(member.scores[task] - best.scores[task] for task in common) / len(common)
    return min(1.0, max(0.0, best.mean + difference))


def _normal(quantile: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(quantile)


_Z = -1.6448536269514722
