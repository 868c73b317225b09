"""What a console can do."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def repaints(console: Console) -> bool:
    """Whether a view may draw over itself: on a real terminal that a person looks at.

    A log is no terminal, even when colours are forced (`FORCE_COLOR`), and neither is a CI service that pretends to
    be one: each repaint would be another screenful of text there.
    """
    real = console.file.isatty() and not console.is_dumb_terminal
    return console.is_terminal and real and not os.environ.get("CI")
