"""Text from models, tools and repositories, made safe for a terminal."""

from __future__ import annotations

import unicodedata

KEPT = {"\n", "\t"}


def safe(text: str) -> str:
    """`text` with control, format and bidirectional characters written out instead of obeyed."""
    return "".join(character if _harmless(character) else _escaped(character) for character in text)


def one_line(text: str, limit: int = 80) -> str:
    """The first words of `text`, on one safe line."""
    line = safe(" ".join(text.split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _harmless(character: str) -> bool:
    return character in KEPT or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def _escaped(character: str) -> str:
    return f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}"
