"""What a reporter's snippet does to which objects: constructions, and members used on what was constructed.

No execution and no whole parse, since snippets are cut, mixed with output and full of dots: assignments of calls give
variables their class, and every `variable.member`, `Class.member` and `Class(...).member` is a use.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_ASSIGNED = re.compile(r"^\s*(\w+)(?:\s*:\s*[\w.\[\]]+)?\s*=\s*(?:await\s+|new\s+)?([\w.]+)\s*\(", re.M)
_BOUND = re.compile(r"\bwith\s+([\w.]+)\(.*?\)\s+as\s+(\w+)\s*:", re.S)
_CLASS = re.compile(r"^\s*class\s+(\w+)\s*\(([^)]*)\)", re.M)
_USED = re.compile(r"(?<![\w.)\]])([A-Za-z_]\w*)\.([A-Za-z_]\w*)")
_CALLED = re.compile(r"(?<![\w])([A-Z]\w*)\(")
_CHAINED = re.compile(r"(?<![\w])([A-Z]\w*)\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)\.([A-Za-z_]\w*)")
MAX_CODE = 20_000


class Use(NamedTuple):
    """A class by its simple name and the member used on it; `__init__` for its construction."""

    owner: str
    member: str


def uses(code: str) -> list[Use]:
    """The uses in a snippet, each once, in order; an object's class is the last one assigned."""
    code = code[:MAX_CODE]
    kinds = {match[1]: match[2].rpartition(".")[2] for match in _ASSIGNED.finditer(code)}
    kinds |= {match[2]: match[1].rpartition(".")[2] for match in _BOUND.finditer(code)}
    parents = {
        match[1]: [base.strip().rpartition(".")[2] for base in match[2].split(",") if "=" not in base]
        for match in _CLASS.finditer(code)
    }
    found: dict[Use, None] = {}

    def add(owner: str, member: str) -> None:
        for name in parents.get(owner, [owner]):
            if name[:1].isupper():
                found[Use(name, member)] = None

    for match in _CHAINED.finditer(code):
        add(match[1], match[2])
    for match in _USED.finditer(code):
        add(kinds.get(match[1], match[1]), match[2])
    for match in _CALLED.finditer(code):
        add(match[1], "__init__")
    for match in _CLASS.finditer(code):
        add(match[1], "__init__")
    return list(found)
