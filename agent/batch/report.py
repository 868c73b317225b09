"""The report of a batch: `report.md`, and `report.html` that says the same and needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from agent.batch.layout import BatchFolder
from agent.batch.manifest import replace_file
from agent.batch.results import BatchState, confidences, load_batch
from agent.store.encoding import storable

LONGEST = 300
STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse}td,th{padding:.2em .8em;border-bottom:1px solid #8884;text-align:left}"
)
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True)
class Section:
    """A heading, lines of text, and a table; the first row names its columns."""

    title: str
    lines: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def write_report(folder: BatchFolder, store: str = "") -> None:
    """Write both from what the folder holds now; for `store` see `BatchReader`."""
    sections = report(load_batch(folder.root, store))
    replace_file(folder.report, markdown(sections))
    replace_file(folder.page, page(sections))


def report(state: BatchState) -> list[Section]:
    """What is to be said of a batch."""
    share, interval = state.rate
    word = "resolved, by hidden tests" if state.evaluated else "solved, by the runs' own word"
    totals = state.totals
    lines = [
        f"{state.solved} of {len(state.ended)} tasks {word}: "
        f"{share:.1%}, 95 % interval {interval.low:.1%} to {interval.high:.1%} (Wilson).",
        f"US dollars {totals.usd:.4f}, {totals.calls} calls, {totals.tokens} tokens, {totals.nodes} nodes.",
    ]
    if (quality := confidences(state)) is not None:
        lines.append(
            f"Probabilities of {quality.tasks} patches: AURC {quality.aurc:.3f}, Brier {quality.brier:.3f}, "
            f"ECE {quality.ece:.3f} (perfect ones would have {quality.chance[0]:.3f})."
        )
    sections = [Section(state.name, tuple(lines) + state.problems)]
    if state.manifest is not None:
        given = state.manifest
        models = ", ".join(f"{role} {name}" for role, name in sorted(given.models.items())) or "none"
        about = [("what", ""), ("system", given.name), ("design", given.design), ("models", models)]
        about += [("tasks", f"{given.tasks}, SHA-256 {given.dataset_hash[:16]}")]
        about += [("source", ", ".join(f"{key} {value}" for key, value in sorted(given.source.items()) if value))]
        sections.append(Section("What was run", rows=tuple(about)))
    counts = tuple((status, str(count)) for status, count in sorted(totals.counts.items()))
    sections.append(Section("How tasks ended", rows=(("status", "tasks"), *counts)))
    if state.causes:
        causes = tuple((status, cause, str(count), id) for status, cause, count, id in state.causes)
        sections.append(Section("Why", rows=(("status", "reason", "tasks", "such as"), *causes)))
    heads = ("task", "status", "probability", "nodes", "calls", "tokens", "US dollars", "seconds")
    rows = tuple(
        (
            task.row.id,
            task.status,
            f"{task.row.confidence:.2f}" if task.row.patch else "",
            str(task.row.nodes),
            str(task.row.calls),
            str(task.row.tokens),
            f"{task.row.usd:.4f}",
            f"{task.row.seconds:.0f}",
        )
        for task in state.tasks
    )
    return [*sections, Section("Tasks", rows=(heads, *rows))]


def markdown(sections: Sequence[Section]) -> str:
    """As Markdown; what comes from outside cannot form any."""
    parts = []
    for level, section in enumerate(sections):
        parts.append(f"{'##' if level else '#'} {_plain(section.title)}\n")
        parts += [f"{_plain(line)}\n" for line in section.lines]
        if section.rows:
            lines = [f"| {' | '.join(map(_plain, row))} |" for row in section.rows]
            lines.insert(1, "|" + "---|" * len(section.rows[0]))
            parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def page(sections: Sequence[Section]) -> str:
    """As a page without scripts."""
    parts = [
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
        f'content="{POLICY}"><title>{_html(sections[0].title)}</title><style>{STYLE}</style>'
    ]
    for level, section in enumerate(sections):
        name = "h2" if level else "h1"
        parts.append(f"<{name}>{_html(section.title)}</{name}>")
        parts += [f"<p>{_html(line)}</p>" for line in section.lines]
        if section.rows:
            head, *body = ("".join(f"<td>{_html(cell)}</td>" for cell in row) for row in section.rows)
            rows = "".join(f"<tr>{row}</tr>" for row in body)
            parts.append(f"<table><thead><tr>{head.replace('td>', 'th>')}</tr></thead><tbody>{rows}</tbody></table>")
    return "\n".join(parts) + "\n"


def _line(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in storable(text))[:LONGEST]


def _html(text: str) -> str:
    return escape(_line(text))


def _plain(text: str) -> str:
    """One line in which nothing is markup."""
    return "".join(f"\\{each}" if each in "\\`*_[]<>|#" else each for each in _line(text))
