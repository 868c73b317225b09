"""The templates, for the server and for the static file."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChainableUndefined, Environment, FileSystemLoader
from markupsafe import Markup

from agent.viewer import markup

HERE = Path(__file__).parent
ASSETS = HERE / "assets"


@cache
def environment() -> Environment:
    """Jinja with autoescape everywhere, and every text made visible before it is escaped.

    What a half-written store does not have is shown as nothing, so a missing name is no error.
    """
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=ChainableUndefined,
        finalize=markup.finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "markdown": lambda text: markup.markdown(str(text)),
        "bounded": lambda text: markup.bounded(str(text)),
        "pretty": markup.pretty,
        "script_json": markup.script_json,
        "usd": usd,
        "count": count,
        "duration": duration,
        "moment": moment,
        "value": lambda number: f"{number:.2f}" if _is_number(number) else "–",
        "signed": lambda number: f"{number:+.2f}".replace("-", "−") if _is_number(number) else "–",
        "percent": lambda number: f"{100 * number:.0f} %" if _is_number(number) else "–",
    }
    return made


def render(template: str, **values: Any) -> str:
    """The HTML of a template; lone surrogates, which no encoding has, are written out."""
    text = environment().get_template(template).render(**values)
    return text.encode("utf-8", "backslashreplace").decode()


def page(template: str, *, static: Mapping[str, Any] | None = None, **values: Any) -> str:
    """A whole page.

    Args:
        template: its template, which extends ``base.html``.
        static: what a file without a server needs inline; None for a served page.
        values: for the template.
    """
    defaults: dict[str, Any] = {"static": static, "trusted": False, "crumbs": (), "plots": None, "glance": None}
    return render(template, **defaults | values)


@cache
def stylesheet() -> Markup:
    """All styles as one text."""
    return Markup((ASSETS / "viewer.css").read_text() + "\n" + markup.pygments_css())


def script(*names: str) -> Markup:
    """Scripts of ours, joined."""
    return Markup("\n".join((ASSETS / name).read_text() for name in names))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def usd(amount: float | None) -> str:
    """Money, with the digits that say something."""
    if amount is None or not _is_number(amount):
        return "–"
    return "$0" if amount == 0 else f"${amount:.4f}" if amount < 0.1 else f"${amount:,.2f}"


def count(number: float | None) -> str:
    """A number of things, short."""
    if number is None or not _is_number(number):
        return "–"
    for size, letter in ((1e6, "M"), (1e4, "k")):
        if number >= size:
            return f"{number / (1e3 if letter == 'k' else size):.1f} {letter}"
    return f"{number:,.0f}"


def duration(seconds: float | None) -> str:
    """A time span, short."""
    if seconds is None or not _is_number(seconds):
        return "–"
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"


def moment(when: float | None) -> str:
    """A point in time, UTC."""
    return "–" if not when or not _is_number(when) else time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(when))
