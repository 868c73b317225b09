"""Simulated tasks: difficulty, strategies, repair as a Markov chain, tests and a critic whose errors are correlated.

Everything about a candidate is a function of the task and of its place in the tree, never of when it was asked for, so
all policies meet the same samples (common random numbers).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

MODES = 8
"""Ways to get a task wrong that samples have in common."""


@dataclass(frozen=True, slots=True)
class World:
    """What the tasks are like.

    Attributes:
        mean: share of right single samples over all tasks and well-placed strategies.
        spread: sum of the parameters of the Beta that difficulties come from; below 2 they are U-shaped.
        strategies: proposals per task.
        kinship: how alike the strategies of a task are: sum of the Beta of their chances.
        placed: chance that a strategy looks at the right place; a misplaced one never gets right, by repair neither.
        systematic: share of wrong samples whose error is one that others make too.
        tests: generated tests per task.
        right: chance that a right candidate passes a generated test.
        wrong: chance that a candidate with one defect passes one (FPR).
        rho: correlation of test errors: the chance that the tests' author does not think of a given error at all, and
            the share of invalid tests that are wrong in the way that the commonest error is.
        given: share of tasks with a test that the user named.
        sighted: chance that an author who sees two candidates that behave differently writes a test that shows it.
        insight: chance that such a test sides with the right one, when one of them is right.
        critic: how far apart the critic's logits for right and wrong are, in standard deviations of its noise.
        mute: share of the critic's answers that cannot be understood.
    """

    mean: float = 0.3
    spread: float = 1.2
    strategies: int = 6
    kinship: float = 4.0
    placed: float = 0.7
    systematic: float = 0.6
    tests: int = 6
    right: float = 0.875
    wrong: float = 0.4
    rho: float = 0.3
    given: float = 0.0
    sighted: float = 0.75
    insight: float = 0.75
    critic: float = 0.8
    mute: float = 0.03


@dataclass(frozen=True, slots=True)
class Sample:
    """One candidate.

    Attributes:
        strategy: number of the strategy it follows.
        defects: what is wrong with it; 0: it is right.
        behaviour: equal for candidates that behave alike.
        passed: per generated test.
        holds: no regression test breaks.
        given: whether it passes the named test; None without one.
        critic: the critic's score in (0, 1); None when it was not understood.
        undefined: it uses a name that does not exist.
    """

    strategy: int
    defects: int
    behaviour: str
    passed: tuple[bool, ...]
    holds: bool
    given: bool | None
    critic: float | None
    undefined: bool

    @property
    def correct(self) -> bool:
        """Whether it is right."""
        return self.defects == 0

    @property
    def score(self) -> float:
        """What `Evaluation.score` would be: the share of tests passed, halved when something breaks."""
        tests = [*self.passed, *([] if self.given is None else [self.given])]
        share = sum(tests) / len(tests) if tests else 0.5
        return share * (1.0 if self.holds else 0.5)


class SimulatedTask:
    """One task of a world.

    Args:
        world: its parameters.
        name: what everything random about it depends on.
    """

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        rng = self._rng("task")
        a = world.mean * world.spread
        ease = min(max(rng.betavariate(a, world.spread - a), 1e-3), 1.0 - 1e-3)
        chances = []
        for _ in range(world.strategies):
            placed = rng.random() < world.placed
            p = rng.betavariate(world.kinship * ease, world.kinship * (1.0 - ease))
            chances.append(p if placed else 0.0)
        noise = [p + rng.gauss(0.0, 0.25) for p in chances]
        order = sorted(range(world.strategies), key=lambda s: -noise[s])
        self.chances = tuple(chances[s] for s in order)
        weights = [1.0 / (1 + mode) for mode in range(MODES)]
        self._modes = tuple(rng.sample(range(MODES), MODES)), tuple(weights)
        misread = rng.random() < world.rho * (1.0 - world.right)
        self._valid = tuple(
            not misread and rng.random() < world.right / (1 - world.rho * (1 - world.right)) for _ in range(world.tests)
        )
        self._has_given = rng.random() < world.given

    def _rng(self, *place: object) -> random.Random:
        return random.Random("/".join(map(str, (self.name, *place))))

    @cached_property
    def solvable(self) -> bool:
        """Whether any strategy looks at the right place."""
        return any(self.chances)

    def draw(self, place: str, strategy: int | None = None) -> Sample:
        """A fresh candidate: by a strategy, or by one that the model happens to take."""
        rng = self._rng("draw", place)
        if strategy is None:
            weights = [1.0 / (1 + s) for s in range(len(self.chances))]
            strategy = rng.choices(range(len(self.chances)), weights)[0]
        defects = 0 if rng.random() < self.chances[strategy] else 1 + _geometric(rng, 0.5)
        return self._sample(rng, place, strategy, defects)

    def tell_apart(self, number: int, first: Sample, second: Sample) -> Callable[[Sample], bool] | None:
        """A test that passes on one of two candidates and fails on the other; None when the author finds none.

        Where neither is right the author does not know: the test passes on either, or on none (and is dropped).
        """
        pair = sorted({first.behaviour, second.behaviour})
        rng = self._rng("apart", number, *pair)
        if len(pair) < 2 or rng.random() > self.world.sighted:
            return None
        right = "right" in pair
        if not right and rng.random() < 1 / 3:
            return None
        wrong = next(each for each in pair if each != "right")
        sided = "right" if right and rng.random() < self.world.insight else wrong if right else rng.choice(pair)
        valid = sided == "right" or (not right and rng.random() < self.world.insight)

        def passes(sample: Sample) -> bool:
            if sample.behaviour in pair:
                return sample.behaviour == sided
            if sample.correct:
                return valid
            return self._rng("apart", number, *pair, sample.behaviour).random() < self.world.wrong

        return passes

    def repair(self, place: str, before: Sample) -> Sample:
        """One step of the chain: a defect less, one more, or another error of the same weight."""
        rng = self._rng("repair", place)
        p = self.chances[before.strategy]
        fix = (0.08 + 0.45 * math.sqrt(p)) if before.defects else 0.0
        regress = 0.12
        roll, defects = rng.random(), before.defects
        if roll < fix and (p > 0.0 or defects > 1):
            defects -= 1
        elif roll > 1.0 - regress:
            defects += 1
        elif rng.random() < 0.5:
            return before
        return self._sample(rng, place, before.strategy, defects)

    def _sample(self, rng: random.Random, place: str, strategy: int, defects: int) -> Sample:
        if defects == 0:
            behaviour = "right"
        elif rng.random() < self.world.systematic:
            mode = rng.choices(*self._modes)[0]
            behaviour = f"{mode}.{min(defects, 3)}"
        else:
            behaviour = f"own {place}"
        passed, holds, given, bias = self._behave(behaviour, defects)
        side = self.world.critic / 2 * (1 if defects == 0 else -1)
        logit = 1.5 * (side + bias + rng.gauss(0.0, 0.7))
        critic = None if rng.random() < self.world.mute else 1.0 / (1.0 + math.exp(-logit))
        undefined = rng.random() < (0.02 if defects == 0 else 0.12)
        return Sample(strategy, defects, behaviour, passed, holds, given, critic, undefined)

    def _behave(self, behaviour: str, defects: int) -> tuple[tuple[bool, ...], bool, bool | None, float]:
        """What running says of a behaviour, and the critic's bias about it: the same for all that behave so."""
        rng, world = self._rng("behaviour", behaviour), self.world
        bias = rng.gauss(0.0, 0.7)
        if defects == 0:
            tests = tuple(valid for valid in self._valid)
            return tests, rng.random() < 0.886, rng.random() < 0.98 if self._has_given else None, bias
        blind = rng.random() < world.rho
        common = behaviour.startswith(f"{self._modes[0][0]}.") and self._rng("misconception").random() < world.rho
        chance = world.wrong * 0.7 ** (min(defects, 3) - 1)
        tests = tuple(
            rng.random() < (0.97 if (blind and valid) or (common and not valid) else chance) for valid in self._valid
        )
        named = rng.random() < 0.97 if rng.random() < 0.1 else rng.random() < 0.1
        return tests, rng.random() < 0.656, named if self._has_given else None, bias


def _geometric(rng: random.Random, p: float) -> int:
    count = 0
    while rng.random() > p and count < 5:
        count += 1
    return count
