"""Printing an outcome for a person."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from agent.cli.text import one_line, safe
from agent.outcome import Outcome

if TYPE_CHECKING:
    from rich.console import Console

HEADLINES = {
    "solved": ("bold green", "Solved"),
    "abstained": ("bold yellow", "Abstained"),
    "budget": ("bold yellow", "Budget used up"),
    "failed": ("bold red", "Failed"),
    "interrupted": ("bold yellow", "Interrupted"),
}
SHOWN = 8


def print_outcome(outcome: Outcome, console: Console) -> None:
    """The patch, why it is believed, what it took, and what to do next."""
    from rich.syntax import Syntax
    from rich.text import Text

    style, word = HEADLINES[outcome.status]
    head = Text(word, style=style)
    if outcome.patch:
        head.append(f"  confidence {outcome.confidence:.2f}", style="default")
    if outcome.reason:
        head.append(f"  {one_line(outcome.reason, 200)}", style="default")
    console.print(head, soft_wrap=True)
    if outcome.patch:
        console.print()
        if console.is_terminal:
            console.print(Syntax(safe(outcome.patch), "diff", background_color="default", word_wrap=True))
        else:
            console.print(safe(outcome.patch), markup=False, highlight=False, soft_wrap=True)
        _print_proof(outcome, console)
    spending = outcome.spending
    console.print(
        f"Took {spending.seconds:.1f} s, {spending.executions} test runs, {spending.nodes} nodes, "
        f"{spending.calls} model calls, {spending.tokens} tokens, ${spending.usd:.4f}",
        highlight=False,
        soft_wrap=True,
    )
    run = shlex.quote(outcome.run)
    console.print(f"Run: {run}\n     treewright show {run}", highlight=False, markup=False, soft_wrap=True)


def _print_proof(outcome: Outcome, console: Console) -> None:
    proof = outcome.proof

    def line(text: str, style: str = "") -> None:
        console.print(safe(text), style=style, markup=False, highlight=False, soft_wrap=True)

    for test in proof.fixed[:SHOWN]:
        line(f"  failed before, passes now: {test}", "green")
    if len(proof.fixed) > SHOWN:
        line(f"  and {len(proof.fixed) - SHOWN} more")
    for test in proof.unfixed[:SHOWN]:
        line(f"  still fails: {test}", "red")
    line(f"  {proof.held} regression tests hold")
    for test in proof.broken[:SHOWN]:
        line(f"  breaks: {test}", "red")
    if proof.critic:
        line(f"  critic: {one_line(proof.critic, 300)}")
    for factor in proof.factors:
        line(f"  odds x{factor.odds:.2f}: {one_line(factor.evidence, 120)}", "dim")
    console.print()
