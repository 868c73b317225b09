"""One policy on one simulated task: the engine as it is, with a simulated model, clock and bill."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from agent.bench.clock import simulate
from agent.bench.world import Sample, SimulatedTask
from search import engine, policy
from search.events import Event, Expansion, NodeAdded
from search.policies.codetree import CORRECTIONS, Codetree
from search.selection.matrix import Candidate, Floats, Matrix, Test
from search.tree import Child, Judgement, Node, Tree

REPAIRS, DRAFTS, DEPTH = 3, 6, 5
"""Repairs of a candidate, candidates of a strategy, depth of the tree."""
FINALISTS, MARGIN = 4, 1.5
"""Those told apart by written tests: how many, and how much lower the log odds of the last may be."""


@dataclass(frozen=True)
class Contestant:
    """A policy and how it is used.

    Attributes:
        policy: its name.
        options: of its constructor.
        strategies: whether the root is expanded into strategies first, or straight into candidates.
        critic: whether every candidate is shown to the critic, which costs a call.
        own: the answer is the policy's own (`Codetree.answer`), not that of a selection rule.
    """

    policy: str
    options: Mapping[str, Any] = field(default_factory=dict)
    strategies: bool = True
    critic: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate, when it was there.

    Attributes:
        calls: model calls that had ended by then, its own included.
        seconds: of simulated time, where a call takes about one.
    """

    sample: Sample
    calls: int
    seconds: float
    node: Node


def contestants() -> dict[str, Contestant]:
    """All policies, with CodeTree as published, with each correction alone, and with all."""
    found = {"repeated": Contestant("repeated", strategies=False)}
    for name in policy.names():
        if name not in ("repeated", "codetree"):
            found[name] = Contestant(name)
    found["strategies only"] = Contestant("repeated")
    found["codetree as published"] = Contestant("codetree", {"limit": 20}, critic=True, own=True)
    for name in CORRECTIONS:
        found[f"codetree + {name}"] = Contestant("codetree", {"limit": 20, name: True}, critic=True, own=True)
    found["codetree + all"] = Contestant("codetree", CORRECTIONS, critic=True, own=True)
    found["codetree"] = Contestant("codetree", CORRECTIONS, critic=True)
    return found


def compete(task: SimulatedTask, contestant: Contestant, *, calls: int, workers: int, seed: int) -> list[Found]:
    """Let a policy search until `calls` model calls have ended; its candidates in the order they were ready."""
    return simulate(_compete(task, contestant, calls, workers, seed))


async def _compete(task: SimulatedTask, contestant: Contestant, calls: int, workers: int, seed: int) -> list[Found]:
    tree, found, ended = Tree(), list[Found](), 0
    chosen = policy.create(contestant.policy, seed, **contestant.options)
    ready: dict[str, tuple[Sample, int, float]] = {}

    async def expand(expansion: Expansion) -> Sequence[Child]:
        nonlocal ended
        node, loop = expansion.node, asyncio.get_running_loop()
        cost = 1 if expansion.action == "think" or not contestant.critic else 2
        await asyncio.sleep(_latency(expansion.id, cost))
        ended += cost
        if expansion.action == "think":
            return [Child("strategy", place) for place in range(len(task.chances))]
        if isinstance(node.payload, Sample):
            sample, kind = task.repair(expansion.id, node.payload), "repair"
        else:
            strategy = node.payload if isinstance(node.payload, int) else None
            sample, kind = task.draw(expansion.id, strategy), "patch"
        ready[expansion.id] = (sample, ended, loop.time())
        return [_child(sample, kind, critic=contestant.critic)]

    def actions(node: Node) -> Sequence[str]:
        if node.kind == "root":
            return ("implement",) if not contestant.strategies else () if node.attempts else ("think",)
        if node.kind == "strategy":
            return ("implement",) if node.expansions < DRAFTS else ()
        return ("repair",) if node.depth < DEPTH and node.expansions < REPAIRS else ()

    def observe(event: Event) -> None:
        if isinstance(event, NodeAdded) and event.expansion is not None and event.expansion.id in ready:
            sample, done, at = ready.pop(event.expansion.id)
            if done <= calls:
                found.append(Found(sample, done, at, event.node))

    def over(_: object) -> bool:
        return ended >= calls or (
            contestant.own and isinstance(chosen, Codetree) and any(chosen.accepts(each.node) for each in found)
        )

    await engine.run(tree, chosen, expand, actions=actions, concurrency=workers, stop=over, observers=(observe,))
    return found


def own_answer(found: Sequence[Found], contestant: Contestant) -> int | None:
    """Which candidate CodeTree's own rule answers with, as a place in `found`."""
    chosen = policy.create(contestant.policy, **contestant.options)
    if not isinstance(chosen, Codetree):
        raise TypeError(f"{contestant.policy} has no answer of its own")
    node = chosen.answer(each.node for each in found)
    return next((place for place, each in enumerate(found) if each.node is node), None)


def matrix_of(samples: Sequence[Sample], *, critic: bool, apart: Sequence[Callable[[Sample], bool]] = ()) -> Matrix:
    """What a selection rule sees of candidates: tests by origin and findings, never whether they are right.

    Args:
        samples: the candidates.
        critic: whether its scores are known.
        apart: distinguishing tests.
    """
    named = samples[0].given is not None
    tests = [Test(origin="generated") for _ in samples[0].passed]
    tests += [Test(origin="regression"), *([Test(origin="given")] if named else [])]
    tests += [Test(origin="distinguishing") for _ in apart]
    rows = [
        [*s.passed, s.holds, *([bool(s.given)] if named else []), *(passes(s) for passes in apart)] for s in samples
    ]
    candidates = tuple(Candidate(place, str(place), 1, findings(s, critic=critic)) for place, s in enumerate(samples))
    return Matrix(candidates, tuple(tests), np.array(rows, dtype=np.bool_))


def told_apart(
    task: SimulatedTask, samples: Sequence[Sample], *, critic: bool, rounds: int, logits: Callable[[Matrix], Floats]
) -> list[Callable[[Sample], bool]]:
    """The distinguishing tests that are written for the finalists, one in each round while there are some.

    Args:
        task: of the samples.
        samples: the candidates.
        critic: whether its scores are known.
        rounds: tests at most; a finalist that behaves unlike the best one must be close behind it.
        logits: log odds of each candidate.
    """
    apart: list[Callable[[Sample], bool]] = []
    for number in range(rounds):
        scores = logits(matrix_of(samples, critic=critic, apart=apart))
        order = np.lexsort((np.arange(len(scores)), -scores))[:FINALISTS]
        first = samples[order[0]]
        close = (samples[row] for row in order if scores[row] >= scores[order[0]] - MARGIN)
        other = next((sample for sample in close if sample.behaviour != first.behaviour), None)
        test = task.tell_apart(number, first, other) if other is not None else None
        if test is None:
            break
        apart.append(test)
    return apart


def findings(sample: Sample, *, critic: bool) -> dict[str, float]:
    """The static findings and the critic of a sample, under the names of `patch_evidence`."""
    heard = critic and sample.critic is not None
    score = min(max(sample.critic or 0.5, 0.02), 0.98)
    return {
        "undefined": float(sample.undefined),
        "critic": float(np.log(score / (1.0 - score))) if heard else 0.0,
        "asked": float(heard),
    }


def _child(sample: Sample, kind: str, *, critic: bool) -> Child:
    value = sample.score
    proved = value >= 1.0
    judged = Judgement(1.0 if proved else min(0.99, value))
    if critic:
        heard = sample.critic
        judged = Judgement(judged.passed, heard, None if heard is None else heard >= 0.5, asked=True)
        value = value if heard is None else (3 * value + heard) / 4
    return Child("repair" if kind == "repair" else "patch", sample, value, judgement=judged)


def _latency(place: str, calls: int) -> float:
    rng = random.Random(f"latency/{place}")
    return sum(rng.lognormvariate(-0.125, 0.5) for _ in range(calls))
