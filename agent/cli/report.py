"""Printing an outcome for a person."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from agent.cli.text import counted, one_line, safe
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
DIFF = {"diff ": "bold", "index ": "dim", "+++": "bold", "---": "bold", "@@": "cyan", "+": "green", "-": "red"}
"""Styles of a patch's lines by how they start."""


def print_outcome(outcome: Outcome, console: Console) -> None:
    """The patch, why it is believed, what it took, and what to do next."""
    from rich.text import Text

    style, word = HEADLINES[outcome.status]
    head = Text(word, style=style)
    if outcome.patch:
        head.append(f"  confidence {outcome.confidence:.2f}, {outcome.required:.2f} needed", style="default")
    if outcome.reason:
        head.append(f"  {one_line(outcome.reason, 200)}", style="default")
    console.print(head, soft_wrap=True)
    if outcome.patch:
        console.print()
        print_patch(outcome.patch, console)
        _print_proof(outcome, console)
        _print_ranking(outcome, console)
    spending = outcome.spending
    console.print(
        f"Took {spending.seconds:.1f} s, {counted(spending.executions, 'test run')}, "
        f"{counted(spending.nodes, 'node')}, {counted(spending.calls, 'model call')}, "
        f"{spending.tokens} tokens, ${spending.usd:.4f}",
        highlight=False,
        soft_wrap=True,
    )
    run = shlex.quote(outcome.run)
    nexts = ("show", "view", "apply") if outcome.patch else ("show", "view")
    lines = [f"Run: {run}", *(f"     treewright {name} {run}" for name in nexts)]
    console.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)


def print_patch(patch: str, console: Console) -> None:
    """A patch in colours, if there are any; its lines are not broken, so that it can be copied from the terminal."""
    from rich.text import Text

    for line in safe(patch).split("\n"):
        style = next((style for start, style in DIFF.items() if line.startswith(start)), "")
        console.print(Text(line, style=style), soft_wrap=True)


def print_prose(head: str, text: str, console: Console, style: str = "") -> None:
    """Text under a head, broken between words where somebody looks, and as one line in a log."""
    from textwrap import wrap

    indent = " " * (len(head) - len(head.lstrip()))
    whole = safe(f"{head}{text}")
    room = max(20, console.width - 1) if console.is_terminal else len(whole) + 1
    for line in wrap(whole.lstrip(), room, initial_indent=indent, subsequent_indent=indent + "    "):
        console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)


def _print_proof(outcome: Outcome, console: Console) -> None:
    proof = outcome.proof

    def line(text: str, style: str = "") -> None:
        console.print(safe(text), style=style, markup=False, highlight=False, soft_wrap=True)

    def prose(name: str, text: str, style: str = "") -> None:
        print_prose(f"  {name}: ", text, console, style)

    for test in proof.fixed[:SHOWN]:
        line(f"  failed before, passes now: {test}", "green")
    if len(proof.fixed) > SHOWN:
        line(f"  and {len(proof.fixed) - SHOWN} more")
    for test in proof.unfixed[:SHOWN]:
        line(f"  still fails: {test}", "red")
    line(f"  {counted(proof.held, 'regression test')} hold{'s' if proof.held == 1 else ''}")
    for test in proof.broken[:SHOWN]:
        line(f"  breaks: {test}", "red")
    if proof.critic:
        prose("critic", one_line(proof.critic, 300))
    for finding in proof.findings[:SHOWN]:
        prose("finding", one_line(finding, 200), "yellow")
    for factor in proof.factors:
        line(f"  odds x{factor.odds:.2f}: {one_line(factor.evidence, 120)}", "dim")
    console.print()


def _print_ranking(outcome: Outcome, console: Console) -> None:
    """The candidates with their probabilities, when there was more than one."""
    if len(outcome.ranking) < 2:
        return
    names = ("", "P(right)", "tests", "breaks", "critic", "size", "findings", "same", "node", "what")
    rows = []
    for place, each in enumerate(outcome.ranking[:SHOWN], start=1):
        passed = list(each.tests.values()).count("passed")
        rows.append(
            (
                "*" if each.node == outcome.node else f"{place}",
                f"{each.probability:.2f}",
                f"{passed}/{len(each.tests)}",
                f"{each.broken or ''}",
                f"{each.critic:.2f}" if each.critic is not None else "",
                f"{each.lines}" + (f" in {each.files} files" if each.files > 1 else ""),
                f"{len(each.findings) or ''}",
                f"{len(each.same) or ''}",
                each.node[:7],
                each.title,
            )
        )
    told = [place for place in range(len(names) - 1) if any(row[place] for row in rows)]
    widths = {place: max(len(names[place]), *(len(row[place]) for row in rows)) for place in told}
    room = max(20, console.width - sum(widths.values()) - 2 * len(widths))
    for row in (names, *rows):
        cells = [row[place].ljust(widths[place]) for place in told]
        console.print("  ".join([*cells, one_line(row[-1], room)]), markup=False, highlight=False, soft_wrap=True)
    if len(outcome.ranking) > SHOWN:
        console.print(f"and {len(outcome.ranking) - SHOWN} less probable candidates", highlight=False)
    console.print()
