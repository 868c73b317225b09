"""Scaling curves as one page that needs nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tools.errors import InputError, extra

if TYPE_CHECKING:
    from bokeh.plotting import figure

    from search.statistics.scaling import Scaling


def write_plot(path: Path, curve: Scaling) -> None:
    """Writes coverage, its fit and selected accuracy, against samples and against dollars where any were paid.

    Raises:
        InputError: the chart library is not installed, or the file cannot be written.
    """
    try:
        from bokeh.embed import file_html
        from bokeh.layouts import column
        from bokeh.resources import INLINE
    except ImportError as error:
        raise InputError("the chart library is not installed", hint=extra("viewer")) from error
    figures = [_figure(curve, "samples per task", [float(point.k) for point in curve.points], fit=True)]
    if any(point.usd > 0 for point in curve.points):
        figures.append(_figure(curve, "US dollars per task", [point.usd for point in curve.points], fit=False))
    try:
        path.write_text(file_html(column(*figures, sizing_mode="stretch_width"), INLINE, "Scaling"), encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {path}: {error}") from error


def _figure(curve: Scaling, label: str, x: list[float], *, fit: bool) -> figure:
    from agent.viewer.plots import COLOURS, MUTED, plain_figure

    plot = plain_figure("Coverage and selected accuracy", label, "share of tasks")
    for name, colour in zip(("coverage", "selected"), COLOURS, strict=False):
        y = [getattr(point, name) for point in curve.points]
        bands = [getattr(point, f"{name}_band") for point in curve.points]
        plot.varea(x, [band.low for band in bands], [band.high for band in bands], color=colour, alpha=0.14)
        plot.line(x, y, color=colour, line_width=2.2, legend_label=name)
        plot.scatter(x, y, color=colour, size=5)
    if fit and curve.fit is not None:
        fitted = [curve.fit(k) for k in x]
        name = f"exp({curve.fit.a:.2f} k^{curve.fit.b:.2f})"
        plot.line(x, fitted, color=MUTED, line_dash="dashed", legend_label=name)
    plot.y_range.start, plot.y_range.end = 0, 1.02  # type: ignore[attr-defined]
    plot.legend.location = "bottom_right"
    return plot
