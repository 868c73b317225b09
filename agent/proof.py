"""What an outcome says of its candidates: the evidence for the chosen one, and a row for each."""

from __future__ import annotations

from agent.local_kit import LocalKit
from agent.outcome import Factor, Proof, Ranked
from agent.standing import Standing
from agent.work import Evaluation
from search.tree import Node
from tools.snapshots import SnapshotStore


def proof_of(kit: LocalKit, node: Node) -> Proof:
    """Why a node's patch is believed."""
    work = kit.work(node)
    evaluation = work.evaluation
    factors = tuple(Factor(evidence=what, odds=odds) for what, odds in kit.confidence(node).factors)
    critic = f"{work.critique.verdict} ({work.critique.score:.2f}): {work.critique.reasons}" if work.critique else ""
    if evaluation is None:
        return Proof(critic=critic, factors=factors)
    unfixed = tuple(test for test in evaluation.targets if test not in evaluation.fixed)
    return Proof(
        fixed=evaluation.fixed,
        unfixed=unfixed,
        held=evaluation.held,
        broken=evaluation.broken,
        critic=critic,
        findings=evaluation.findings,
        factors=factors,
    )


def ranked(kit: LocalKit, snapshots: SnapshotStore, standing: Standing) -> Ranked:
    """A candidate as the outcome's list shows it."""
    work = kit.work(standing.node)
    evaluation = work.evaluation or Evaluation()
    patch = snapshots.diff(snapshots.base, work.snapshot)
    lines = [line for line in patch.splitlines() if line[:1] in ("+", "-") and line[:3] not in ("+++", "---")]
    return Ranked(
        node=standing.node.id,
        probability=standing.probability,
        title=work.title,
        tests={**evaluation.targets, **evaluation.controls, **evaluation.distinguishing},
        broken=len(evaluation.broken),
        behaviour=standing.behaviour,
        same=tuple(node.id for node in standing.same),
        critic=work.critique.score if work.critique else None,
        files=len(snapshots.changed_paths(snapshots.base, work.snapshot)),
        lines=len(lines),
        findings=evaluation.findings,
    )
