"""The lineage of an evolution, for other programs and for people: JSON, GraphML, a picture of fitness."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.evolve.finale import lowers
from agent.evolve.reader import Scored
from tools.errors import InputError

PICTURES = (".png", ".svg", ".pdf")
PAGES = (".html",)
MANY = ("parents", "scores")
"""What GraphML has no place for: edges say the parents."""
ACROSS = "designs in the order in which they came, with a line from the one that was changed"
UPWARDS = "mean score on the search split, with its 95 % interval"
BEST = "best by the lower quantile"


def lineage(designs: Sequence[Scored]) -> dict[str, Any]:
    """Designs and who was made from whom, as plain data: `designs` and `edges` (parent, child, main)."""
    rows, sure = [], lowers(designs)
    for each in designs:
        design = each.design
        rows.append(
            {
                "id": design.id,
                "name": design.name,
                "order": design.order,
                "generation": design.generation,
                "operator": design.operator,
                "standing": design.standing,
                "parents": list(design.parents),
                "score": each.mean,
                "scores": dict(each.scores),
                "tasks": len(each.scores),
                "lower": sure.get(design.id),
                "usd": each.usd,
                "calls": each.calls,
                "error": design.error,
                "thought": design.thought,
            }
        )
    known = {each.design.id for each in designs}
    edges = [
        {"parent": parent, "child": each.design.id, "main": place == 0}
        for each in designs
        for place, parent in enumerate(each.design.parents)
        if parent in known
    ]
    return {"designs": rows, "edges": edges}


def as_json(designs: Sequence[Scored]) -> str:
    """The lineage as JSON."""
    return json.dumps(lineage(designs), indent=1)


def as_graphml(designs: Sequence[Scored]) -> str:
    """The lineage as GraphML, edges from parents to children."""
    import networkx as nx

    data = lineage(designs)
    graph: nx.DiGraph[str] = nx.DiGraph()
    for row in data["designs"]:
        kept = {key: _plain(value) for key, value in row.items() if key not in MANY and value is not None}
        graph.add_node(row["id"], **kept)
    for edge in data["edges"]:
        graph.add_edge(edge["parent"], edge["child"], main=edge["main"])
    return "\n".join(nx.generate_graphml(graph)) + "\n"


def as_text(designs: Sequence[Scored]) -> str:
    """The lineage as an indented tree: each design below the one that was changed."""
    below: dict[str, list[Scored]] = {}
    known = {each.design.id for each in designs}
    for each in designs:
        parent = each.design.parents[0] if each.design.parents and each.design.parents[0] in known else ""
        below.setdefault(parent, []).append(each)
    lines: list[str] = []
    waiting = [(each, 0) for each in reversed(below.get("", []))]
    while waiting:
        each, depth = waiting.pop()
        design = each.design
        score = f"{each.mean:.2f} on {len(each.scores)}" if each.mean is not None else design.standing
        lines.append(f"{'  ' * depth}{design.name} {design.id[:8]} ({design.operator}): {score}")
        waiting += [(child, depth + 1) for child in reversed(below.get(design.id, []))]
    return "\n".join(lines)


@dataclass(frozen=True)
class Point:
    """A design with results, as a plot shows it.

    Attributes:
        order: its place in the archive.
        generation: 0 for seeds.
        mean: score on the search split, with its 95 % interval from `low` to `high`.
        parent: order and mean of the design that was changed; None for seeds, and where that has no results.
        best: the mean of the design that was most believed in when this one had come.
    """

    order: int
    generation: int
    mean: float
    low: float
    high: float
    parent: tuple[int, float] | None
    best: float


def points(designs: Sequence[Scored]) -> list[Point]:
    """The designs that have results, in their order."""
    best: Scored | None = None
    found: list[Point] = []
    places: dict[str, tuple[int, float]] = {}
    sure = lowers(designs)
    for each in designs:
        mean, interval = each.mean, each.interval
        if mean is None or interval is None:
            continue
        if best is None or sure[each.design.id] > sure[best.design.id]:
            best = each
        design = each.design
        parent = places.get(design.parents[0]) if design.parents else None
        places[design.id] = design.order, mean
        leading = best.mean or 0.0
        found.append(Point(design.order, design.generation, mean, interval.low, interval.high, parent, leading))
    return found


def draw(designs: Sequence[Scored], path: Path) -> None:
    """Fitness and descent of the designs in the order in which they came, as a picture or a page of its own.

    Raises:
        InputError: the file's ending is unknown, or what draws it is not installed.
    """
    if not path.parent.is_dir():
        raise InputError(f"{path} cannot be written: there is no folder {path.parent}", hint="give another --out")
    if path.suffix in PICTURES:
        _picture(points(designs), path)
    elif path.suffix in PAGES:
        _page(points(designs), path)
    else:
        known = ", ".join((*PICTURES, *PAGES))
        raise InputError(f"{path.name}: no picture ends like this", hint=f"give a name that ends in {known}")


def _picture(shown: Sequence[Point], path: Path) -> None:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError("matplotlib is not installed", hint="install the extra `plots`, or draw an .html") from error
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for each in shown:
        axes.plot([each.order, each.order], [each.low, each.high], color="0.85", linewidth=3, zorder=1)
        if each.parent is not None:
            axes.plot([each.parent[0], each.order], [each.parent[1], each.mean], color="0.6", linewidth=0.7, zorder=2)
    orders = [each.order for each in shown]
    axes.step(orders, [each.best for each in shown], where="post", color="black", label=BEST, zorder=3)
    for generation in sorted({each.generation for each in shown}):
        own = [each for each in shown if each.generation == generation]
        label = f"generation {generation}" if generation else "given"
        axes.scatter([each.order for each in own], [each.mean for each in own], s=28, label=label, zorder=4)
    axes.set(xlabel=ACROSS, ylabel=UPWARDS, ylim=(-0.02, 1.02))
    figure.legend(loc="outside right upper", fontsize="small", frameon=False)
    figure.savefig(path)


def _page(shown: Sequence[Point], path: Path) -> None:
    try:
        from bokeh.embed import file_html
        from bokeh.palettes import Category10_10
        from bokeh.plotting import figure
        from bokeh.resources import INLINE
    except ImportError as error:
        raise InputError("bokeh is not installed", hint="install the extra `viewer`, or draw a .png") from error
    plot = figure(width=860, height=460, x_axis_label=ACROSS, y_axis_label=UPWARDS)
    orders, means = [each.order for each in shown], [each.mean for each in shown]
    plot.segment(
        orders, [each.low for each in shown], orders, [each.high for each in shown], color="#dddddd", line_width=3
    )
    lines = [(*each.parent, each.order, each.mean) for each in shown if each.parent is not None]
    plot.segment(*([line[place] for line in lines] for place in range(4)), color="#999999")
    plot.step(orders, [each.best for each in shown], mode="after", color="black", legend_label=BEST)
    colours = [Category10_10[each.generation % 10] for each in shown]
    plot.scatter(orders, means, size=8, color=colours, legend_label="designs, coloured by generation")
    path.write_text(file_html(plot, INLINE, "Fitness"), encoding="utf-8")


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float) else _written(str(value))


def _written(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return "".join(letter for letter in text if letter >= " " or letter in "\t\n")
