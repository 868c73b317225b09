"""Text from models, tools and repositories, made safe for a terminal, and a terminal that may go away."""

from __future__ import annotations

import contextlib
import errno
import re
import unicodedata
from typing import Any, TextIO

GONE = (errno.EPIPE, errno.EIO)
"""What writing gives when the reader of a pipe or the terminal is gone."""
UNUSUAL = re.compile(r"[^\t\n\x20-\x7e]")
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
"""Categories of Unicode that are obeyed or not seen."""


def safe(text: str) -> str:
    """`text` with control, format and bidirectional characters written out instead of obeyed."""
    return UNUSUAL.sub(lambda found: _shown(found[0]), text)


def one_line(text: str, limit: int = 80) -> str:
    """The first words of `text`, on one safe line."""
    line = safe(" ".join(text.split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def counted(number: int, what: str) -> str:
    """Such as ``1 node`` or ``3 nodes``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _shown(character: str) -> str:
    if unicodedata.category(character) not in HIDDEN:
        return character
    return f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}"


class Forgiving:
    """A stream whose reader may go away (a closed terminal, `| head`): what cannot be shown is lost, the work goes on.

    Args:
        stream: the real one; it answers for all but writing.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write as far as there is somebody to read."""
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush as far as there is somebody to read."""
        with contextlib.suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
