"""What is written under an issue or into a pull request: what was proved, what it cost, how to see it oneself."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from agent.outcome import Outcome

SHOWN = 20
CANDIDATES = 5
LONGEST_TITLE = 120
LONGEST_BODY = 60_000
_TICKS = re.compile(r"`+")
HEADLINES = {
    "solved": "A patch that the tests below support.",
    "abstained": "No patch is proposed: the best one is not proved, or not probable enough.",
    "budget": "No patch: the budget was used up before there was a candidate.",
    "failed": "No patch: the run failed for reasons that have nothing to do with the issue.",
    "interrupted": "No patch: the run was interrupted.",
}


@dataclass(frozen=True)
class Origin:
    """What a run began with, for whoever wants to repeat it.

    Attributes:
        issue: the page of the issue.
        number: of the issue.
        title: of the issue.
        commit: the commit the patch is made on.
        model: name of the model; empty for mechanical repair.
        design: name of the design.
        seed: of the run.
        policy: in place of the design's own; empty when there is none.
    """

    issue: str
    number: int
    title: str
    commit: str
    model: str
    design: str
    seed: int
    policy: str = ""


def pull_request_title(origin: Origin) -> str:
    """One line that names the issue."""
    title = f"Fix #{origin.number}: {' '.join(origin.title.split())}"
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"


def pull_request_body(outcome: Outcome, origin: Origin) -> str:
    """What was proved, in Markdown. Text of models, tests and repositories is code there, never markup or a mention."""
    return _bounded([f"Fixes #{origin.number}", "", *_evidence(outcome), *_cost(outcome), *_again(origin)])


def comment_body(outcome: Outcome, origin: Origin) -> str:
    """The outcome with the patch, when there is one."""
    lines = [*_evidence(outcome)]
    if outcome.patch:
        lines += ["<details><summary>Patch</summary>", "", _fence(outcome.patch, "diff"), "", "</details>", ""]
    return _bounded([*lines, *_cost(outcome), *_again(origin)])


def commit_message(outcome: Outcome, origin: Origin) -> str:
    """Of the one commit on the branch."""
    fixed = "\n".join(f"Passes now: {test}" for test in outcome.proof.fixed[:SHOWN])
    return f"{pull_request_title(origin)}\n\n{fixed}\n\nProposed by treewright, confidence {outcome.confidence:.2f}.\n"


def _evidence(outcome: Outcome) -> list[str]:
    proof = outcome.proof
    lines = [f"**{HEADLINES[outcome.status]}**", ""]
    if outcome.reason:
        lines += [_fence(outcome.reason), ""]
    if outcome.patch:
        lines += [f"Probability of being right, as estimated: **{outcome.confidence:.2f}**", ""]
        lines += ["| test | before | after |", "|---|---|---|"]
        lines += [f"| {_code(test)} | fails | passes |" for test in proof.fixed[:SHOWN]]
        lines += [f"| {_code(test)} | fails | fails |" for test in proof.unfixed[:SHOWN]]
        lines += [f"| {_code(test)} | passes | **fails** |" for test in proof.broken[:SHOWN]]
        lines += [_more(proof.fixed, proof.unfixed, proof.broken)]
        lines += [f"| {proof.held} regression tests | pass | pass |", ""]
        lines += _ranking(outcome)
        if proof.critic:
            lines += ["What the critic said:", "", _fence(proof.critic), ""]
    return [line for line in lines if line is not None]


def _ranking(outcome: Outcome) -> list[str]:
    if len(outcome.ranking) < 2:
        return []
    lines = ["| candidate | probability | tests passed | breaks | lines |", "|---|---|---|---|---|"]
    for each in outcome.ranking[:CANDIDATES]:
        passed = list(each.tests.values()).count("passed")
        name = f"**{each.node[:7]}**" if each.node == outcome.node else each.node[:7]
        lines.append(
            f"| {name} | {each.probability:.2f} | {passed} of {len(each.tests)} | {each.broken} | {each.lines} |"
        )
    return [*lines, ""]


def _cost(outcome: Outcome) -> list[str]:
    spent = outcome.spending
    return [
        f"Cost: ${spent.usd:.4f}, {spent.calls} model calls, {spent.tokens} tokens, {spent.executions} test runs, "
        f"{spent.nodes} nodes, {spent.seconds:.0f} s.",
        "",
    ]


def _again(origin: Origin) -> list[str]:
    command = ["treewright", "solve", origin.issue, "--base", origin.commit, "--design", origin.design]
    command += ["--policy", origin.policy] if origin.policy else []
    command += ["--model", origin.model] if origin.model else []
    command += ["--seed", str(origin.seed)]
    return ["To reproduce:", "", _fence(shlex.join(command), "sh"), "", "Made by treewright; a person should read it."]


def _more(*groups: Sequence[str]) -> str:
    left = sum(max(0, len(group) - SHOWN) for group in groups)
    return f"| and {left} more | | |" if left else "| | | |"


def _code(text: str) -> str:
    """A code span in a table: no markup and no mention can come out of it."""
    clean = " ".join(text.split()).replace("|", "\\|")
    ticks = "`" * (max((len(run) for run in _TICKS.findall(clean)), default=0) + 1)
    pad = " " if "`" in clean else ""
    return f"{ticks}{pad}{clean}{pad}{ticks}"


def _fence(text: str, language: str = "text") -> str:
    ticks = "`" * max(3, max((len(run) for run in _TICKS.findall(text)), default=0) + 1)
    return f"{ticks}{language}\n{text.rstrip()}\n{ticks}"


def _bounded(lines: Sequence[str]) -> str:
    body = "\n".join(lines).strip() + "\n"
    if len(body) <= LONGEST_BODY:
        return body
    return body[:LONGEST_BODY] + "\n" + "`" * 20 + "\n\n(cut: longer than the forge takes)\n"
