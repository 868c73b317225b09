"""Prompt templates, one file per role and turn, versioned by content hash.

A template that lacks a variable fails at once (Jinja's StrictUndefined). Text that comes
from a repository, an issue or a model passes through the ``data`` filter, which fences it
with a fence that the text itself cannot close.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent / "templates"


def render(name: str, **values: Any) -> str:
    """The text of template `name` (without suffix) with `values` filled in."""
    return _environment().get_template(f"{name}.md.j2").render(**values).strip()


@cache
def version(name: str) -> str:
    """Content hash of a template, twelve hex digits; it changes when the prompt does."""
    return hashlib.sha256((FOLDER / f"{name}.md.j2").read_bytes()).hexdigest()[:12]


def versions() -> dict[str, str]:
    """The version of every template, by name."""
    return {name: version(name) for name in sorted(path.name.removesuffix(".md.j2") for path in FOLDER.glob("*.md.j2"))}


def fence(text: str, label: str = "") -> str:
    """Encloses `text` in a fence longer than any run of backticks inside it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    marks = "`" * max(3, longest + 1)
    return f"{marks}{label}\n{text.rstrip()}\n{marks}"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        auto_reload=False,
    )
    environment.filters["data"] = fence
    return environment
