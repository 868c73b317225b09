"""Plots as data for the chart library, whose script lies in its wheel. No text of models or repositories is in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.batch.results import BatchState, Task
from search.statistics.calibration import brier, expected_calibration_error, reliability
from search.statistics.intervals import wilson
from search.statistics.selective import aurc, risk_coverage

if TYPE_CHECKING:
    from bokeh.plotting import figure

    from agent.viewer.archives import ArchiveState

COLOURS = ("#3a8f67", "#3f7fc0", "#b0762c")
MUTED = "#8a8a84"
"""`plots.js` puts the colours of the page's theme in the place of these."""
FONT = "system-ui, sans-serif"
FEW = 3
"""Fewer points than this are no curve."""


def library() -> Path:
    """The chart library's script."""
    import bokeh

    return Path(bokeh.__file__).parent / "server" / "static" / "js" / "bokeh.min.js"


def batch_plots(states: Sequence[BatchState]) -> list[dict[str, Any]]:
    """Scaling, risk-coverage and reliability of one or more batches, as far as there is anything to plot."""
    states = plotted(states)
    if not states:
        return []
    plots = [_item("scaling", _scaling(states))]
    judged = [state for state in states if state.evaluated and len(_answered(state)) >= FEW]
    if judged:
        plots += [_item("risk-coverage", _risk(judged)), _item("reliability", _reliability(judged))]
    return plots


def plotted(states: Sequence[BatchState]) -> list[BatchState]:
    """Those with enough in them to be plotted."""
    return [state for state in states if len(state.ended) >= FEW]


def _scaling(states: Sequence[BatchState]) -> figure:
    """Share of tasks solved within a budget, by what each had used when it ended."""
    paid = any(task.row.usd > 0 for state in states for task in state.ended)
    label = "US dollars per task" if paid else "nodes per task"
    plot = plain_figure("Solved within a budget", label, "share of tasks")
    for state, colour in zip(states, COLOURS, strict=False):
        used = sorted((task.row.usd if paid else float(task.row.nodes)) for task in state.ended if task.right)
        most = max([task.row.usd if paid else float(task.row.nodes) for task in state.ended] or [1.0])
        total = len(state.ended)
        steps = [(0.0, 0), *((value, count) for count, value in enumerate(used, 1)), (most, len(used))]
        x = [value for value, _ in steps]
        bands = [wilson(count, total) for _, count in steps]
        plot.varea_step(x, [b.low for b in bands], [b.high for b in bands], step_mode="after", alpha=0.14, color=colour)
        y = [count / total for _, count in steps]
        plot.step(x, y, mode="after", line_width=2.2, color=colour, legend_label=_name(state, states))
    plot.x_range.start = 0  # type: ignore[attr-defined]
    plot.y_range.start, plot.y_range.end = 0, 1.02  # type: ignore[attr-defined]
    _legend(plot, states)
    return plot


def _answered(state: BatchState) -> list[Task]:
    return [task for task in state.ended if task.verdict and task.row.patch]


def _risk(states: Sequence[BatchState]) -> figure:
    """Of the answers given, the most confident first, the share that is wrong."""
    plot = plain_figure("Risk and coverage", "coverage: share of tasks answered", "risk: share of answers wrong")
    for state, colour in zip(states, COLOURS, strict=False):
        answers = _answered(state)
        confidence, right = [task.row.confidence for task in answers], [float(task.right) for task in answers]
        scale = len(answers) / len(state.ended)
        curve = risk_coverage(confidence, right)
        label = f"{_name(state, states)} AURC {aurc(confidence, right):.3f}".strip()
        x, y = [scale * share for share, _ in curve], [risk for _, risk in curve]
        plot.line(x, y, line_width=2.2, color=colour, legend_label=label)
        plot.scatter(x, y, size=5, color=colour)
    plot.x_range.start, plot.x_range.end = 0, 1.02  # type: ignore[attr-defined]
    plot.y_range.start, plot.y_range.end = 0, 1.02  # type: ignore[attr-defined]
    _legend(plot, states, always=True)
    return plot


def _reliability(states: Sequence[BatchState]) -> figure:
    """What the runs said they are sure of, against how often they were right."""
    plot = plain_figure("Reliability", "probability of being right, as the run says", "share that is right")
    plot.line([0, 1], [0, 1], color=MUTED, line_dash="dashed")
    for state, colour in zip(states, COLOURS, strict=False):
        answers = _answered(state)
        confidence, right = [task.row.confidence for task in answers], [task.right for task in answers]
        bins = reliability(confidence, right, bins=10)
        bands = [wilson(round(each.observed * each.count), each.count) for each in bins]
        low, high = [band.low for band in bands], [band.high for band in bands]
        x = [each.predicted for each in bins]
        plot.segment(x, low, x, high, color=colour, alpha=0.5, line_width=2)
        sizes = [6 + 2 * each.count**0.5 for each in bins]
        error = expected_calibration_error(confidence, right)
        label = f"{_name(state, states)} Brier {brier(confidence, right):.3f}, ECE {error:.3f}".strip()
        plot.scatter(x, [each.observed for each in bins], size=sizes, color=colour, legend_label=label)
    plot.x_range.start, plot.x_range.end = 0, 1.02  # type: ignore[attr-defined]
    plot.y_range.start, plot.y_range.end = 0, 1.02  # type: ignore[attr-defined]
    _legend(plot, states, always=True)
    return plot


def archive_plots(state: ArchiveState) -> list[dict[str, Any]]:
    """Fitness with intervals over the generations, and the best so far."""
    from bokeh.models import FixedTicker

    shown = [design for design in state.designs if design.fitness is not None]
    if not shown:
        return []
    plot = plain_figure("Fitness over generations", "generation", "mean score, 95 % interval")
    spread = {design.id: design.generation + _jitter(design, shown) for design in shown}
    for split, colour in zip(state.splits, COLOURS, strict=False):
        scored = [(spread[design.id], design.scores[split]) for design in shown if split in design.scores]
        x = [place for place, _ in scored]
        plot.segment(
            x, [s.low for _, s in scored], x, [s.high for _, s in scored], color=colour, alpha=0.4, line_width=2
        )
        plot.scatter(x, [s.mean for _, s in scored], size=8, color=colour, legend_label=split)
    best = state.best_so_far()
    if len(best) > 1:
        plot.step(
            [g for g, _ in best], [v for _, v in best], mode="after", color=MUTED, line_width=1.6, line_dash="dashed"
        )
    plot.y_range.start, plot.y_range.end = 0, 1.04  # type: ignore[attr-defined]
    last = max(design.generation for design in shown)
    plot.x_range.start, plot.x_range.end = -0.6, last + 0.6  # type: ignore[attr-defined]
    plot.xaxis.ticker = FixedTicker(ticks=list(range(last + 1)))
    _legend(plot, (), always=True)
    return [_item("fitness", plot)]


def _jitter(design: Any, designs: Sequence[Any]) -> float:
    level = [each.id for each in designs if each.generation == design.generation]
    return 0.5 * (level.index(design.id) - (len(level) - 1) / 2) / max(1, len(level))


def plain_figure(title: str, x: str, y: str) -> figure:
    """An empty figure in the style of the pages."""
    from bokeh.models.annotations import Title
    from bokeh.plotting import figure

    plot = figure(
        title=Title(text=title, text_color=MUTED, text_font_size="13px", text_font=FONT),
        height=330,
        sizing_mode="stretch_width",
        toolbar_location=None,
        tools="pan,wheel_zoom,reset",
    )
    plot.xaxis.axis_label, plot.yaxis.axis_label = x, y
    plot.background_fill_alpha = plot.border_fill_alpha = 0.0
    plot.outline_line_color = None
    plot.grid.grid_line_color, plot.grid.grid_line_alpha = MUTED, 0.18
    for axis in plot.axis:
        axis.axis_label_text_color = axis.major_label_text_color = MUTED
        axis.axis_line_color = axis.major_tick_line_color = MUTED
        axis.minor_tick_line_color = None
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_font = axis.major_label_text_font = FONT
    return plot


def _name(state: BatchState, states: Sequence[BatchState]) -> str:
    """A letter when there are several: names are text from outside."""
    return "AB"[list(states).index(state)] if len(states) > 1 else ""


def _legend(plot: figure, states: Sequence[BatchState], *, always: bool = False) -> None:
    plot.legend.visible = always or len(states) > 1
    plot.legend.background_fill_alpha = plot.legend.border_line_alpha = 0.0
    plot.legend.label_text_color, plot.legend.label_text_font = MUTED, FONT
    plot.legend.label_text_font_size, plot.legend.spacing = "11px", 0
    plot.legend.padding = 0  # type: ignore[assignment]
    plot.legend.margin = 0
    plot.legend.location = "top_left"
    if plot.legend.visible:
        plot.add_layout(plot.legend[0], "above")  # where it hides nothing


def _item(name: str, plot: figure) -> dict[str, Any]:
    from bokeh.embed import json_item

    # through JSON once, so that what is not a plain number is found here and not in the browser
    return {"name": name, "item": json.loads(json.dumps(json_item(plot)))}
