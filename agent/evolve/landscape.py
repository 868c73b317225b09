"""A made-up world of designs in which the truth is known, to compare strategies at equal evaluations.

A design is a string of bits. An NK landscape (Kauffman) over them gives its true success, a second, independent one
gives how good it is at making other designs: what solves much need not lead to what solves more (the mismatch that
the Huxley-Gödel Machine is about). Tasks differ in difficulty; an evaluation is one draw.
"""

from __future__ import annotations

import math
import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from agent.evolve.strategy import Evaluate, Expand, Member, Strategy, View, leader, sigmoid

BITS = 24
LINKS = 4
SPREAD = 1.6
START = -1.4
"""Log-odds of an average design on an average task, and what one standard deviation of the landscape adds."""
HARDNESS = 1.2
BROKEN = 0.25
CANDIDATES = 4
MIXES = 0.3

Genome = tuple[int, ...]


class Landscape:
    """Two NK landscapes and a set of tasks.

    Args:
        seed: of all that is random in it.
        tasks: how many there are on the search split.
    """

    def __init__(self, seed: int, tasks: int = 60) -> None:
        self._seed = seed
        draw = random.Random(f"landscape {seed}")
        self.tasks = tuple(f"t{number}" for number in range(tasks))
        self._hardness = {task: draw.gauss(0.0, HARDNESS) for task in self.tasks}
        sample = [tuple(draw.randint(0, 1) for _ in range(BITS)) for _ in range(400)]
        self._scale = []
        for which in ("success", "making"):
            values = [self._height(which, genome) for genome in sample]
            mean = sum(values) / len(values)
            self._scale.append((mean, math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))))

    def start(self, number: int) -> Genome:
        """A seed design: an average one."""
        draw = random.Random(f"start {self._seed} {number}")
        genomes = [tuple(draw.randint(0, 1) for _ in range(BITS)) for _ in range(9)]
        return sorted(genomes, key=lambda genome: self._level(0, genome))[4]

    def success(self, genome: Genome | None) -> float:
        """True success on tasks of all difficulties, whichever the search split has; 0 of a broken design."""
        if genome is None:
            return 0.0
        level = START + SPREAD * self._level(0, genome)
        return sum(sigmoid(level - HARDNESS * quantile) for quantile in _QUANTILES) / len(_QUANTILES)

    def outcome(self, genome: Genome | None, task: str, who: str) -> float:
        """One draw; the same for the same design and task, whoever asks."""
        if genome is None:
            return 0.0
        chance = sigmoid(START + SPREAD * self._level(0, genome) - self._hardness[task])
        return float(random.Random(f"draw {self._seed} {who} {task}").random() < chance)

    def child(self, parents: Sequence[Genome | None], who: str) -> Genome | None:
        """A design made from others: the first is changed, a part of another may come in. None: it is broken.

        A parent that is good at making offers several changes, of which the best is taken.
        """
        draw = random.Random(f"child {self._seed} {who}")
        base = parents[0]
        if base is None:
            return None
        making = sigmoid(self._level(1, base))
        if draw.random() < BROKEN * (1.5 - making):
            return None
        offers = []
        for _ in range(1 + sum(draw.random() < making for _ in range(CANDIDATES - 1))):
            bits = list(base)
            donor = draw.choice(parents)
            if donor is not None and draw.random() < MIXES:
                first = draw.randrange(BITS)
                bits[first : first + BITS // 4] = donor[first : first + BITS // 4]
            for place in range(BITS):
                if draw.random() < 1.5 / BITS:
                    bits[place] = 1 - bits[place]
            offers.append(tuple(bits))
        return max(offers, key=lambda genome: self._level(0, genome))

    def _level(self, which: int, genome: Genome) -> float:
        mean, spread = self._scale[which]
        return (self._height(("success", "making")[which], genome) - mean) / spread

    def _height(self, which: str, genome: Genome) -> float:
        total = 0
        for place in range(BITS):
            linked = bytes(genome[(place + step * (1 + place % 3)) % BITS] for step in range(LINKS + 1))
            total += zlib.crc32(linked, zlib.crc32(f"{self._seed} {which} {place}".encode()))
        return total / (BITS * 2**32)


_HALF = (0.078, 0.237, 0.402, 0.579, 0.776, 1.010, 1.318, 1.863)
_QUANTILES = (*(-value for value in reversed(_HALF)), *_HALF)
"""Of the standard normal distribution, in the middle of sixteen equal parts."""


@dataclass(frozen=True)
class Returned:
    """What an evolution in the made-up world ended with.

    Attributes:
        truth: true success of the design it returns.
        reported: its success on the search split.
        best: true success of the best design it made, returned or not.
        start: true success of the best seed.
        designs: how many it made.
        evaluations: how many it spent.
    """

    truth: float
    reported: float
    best: float
    start: float
    designs: int
    evaluations: int

    @property
    def inflation(self) -> float:
        """By how much the report is above the truth."""
        return self.reported - self.truth


@dataclass
class _World:
    landscape: Landscape
    genomes: dict[str, Genome | None] = field(default_factory=dict)
    members: list[Member] = field(default_factory=list)

    def add(self, genome: Genome | None, parents: tuple[str, ...]) -> None:
        name = f"d{len(self.members)}"
        self.genomes[name] = genome
        self.members.append(Member(name, len(self.members), parents, cost=1.0))


def simulate(strategy: Strategy, seed: int, *, evaluations: int = 800, tasks: int = 60, seeds: int = 3) -> Returned:
    """One evolution in a made-up world, to its end."""
    landscape = Landscape(seed, tasks)
    world = _World(landscape)
    for number in range(seeds):
        world.add(landscape.start(number), ())
    step = 0
    while True:
        view = View(
            world.members, landscape.tasks, evaluations=evaluations, designs=evaluations, seeds=seeds,
            tried=len(world.members) - seeds,
        )  # fmt: skip
        decision = strategy.ask(view, random.Random(f"ask {seed} {step}"))
        step += 1
        if isinstance(decision, Evaluate):
            place = int(decision.design[1:])
            member = world.members[place]
            score = landscape.outcome(world.genomes[member.id], decision.task, member.id)
            world.members[place] = replace(member, scores={**member.scores, decision.task: score})
        elif isinstance(decision, Expand):
            genomes = [world.genomes[parent] for parent in decision.parents]
            world.add(landscape.child(genomes, f"{decision.parents[0]} {len(world.members)}"), decision.parents)
        else:
            break
    return _returned(world, seeds)


def _returned(world: _World, seeds: int) -> Returned:
    best = leader(world.members)
    assert best is not None  # the seeds are tried first
    truths = [world.landscape.success(world.genomes[member.id]) for member in world.members]
    return Returned(
        truths[best.order],
        best.mean,
        max(truths),
        max(truths[:seeds]),
        len(world.members) - seeds,
        sum(len(member.scores) for member in world.members),
    )
