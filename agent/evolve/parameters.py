"""The parameters that a design declares: constants of its module, and the values they may take.

A design says ``PARAMETERS = {"DEPTH": (1, 2, 3)}`` beside ``DEPTH = 2``. Both are read from its text,
without running it.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from tools.syntax import parse_python

DECLARATION = "PARAMETERS"
Value = bool | int | float | str


@dataclass(frozen=True)
class Parameter:
    """A constant that may be changed.

    Attributes:
        name: of the constant.
        value: what it is now.
        choices: what it may be.
    """

    name: str
    value: Value
    choices: tuple[Value, ...]

    @property
    def others(self) -> tuple[Value, ...]:
        """What it may be besides."""
        return tuple(choice for choice in self.choices if choice != self.value)

    @property
    def neighbours(self) -> tuple[Value, ...]:
        """The choices beside its value in the declared order; all others, when that is not among them."""
        if self.value not in self.choices:
            return self.others
        place = self.choices.index(self.value)
        return self.choices[max(0, place - 1) : place] + self.choices[place + 1 : place + 2]


def parameters(code: str) -> Mapping[str, Parameter]:
    """The declared parameters of a design, by name; what is declared wrongly is left out."""
    tree = parse_python(code)
    constants = _constants(tree)
    declared = constants.get(DECLARATION)
    if declared is None:
        return {}
    try:
        choices = ast.literal_eval(declared)
    except ValueError:
        return {}
    if not isinstance(choices, dict):
        return {}
    found = {}
    for name, values in choices.items():
        node = constants.get(name)
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, bool | int | float | str) and "\n" not in str(value):
            allowed = tuple(each for each in values if type(each) is type(value)) if _many(values) else ()
            found[name] = Parameter(name, value, allowed)
    return found


def with_values(code: str, values: Mapping[str, Value]) -> str:
    """The design with other values of constants; all else stays as it is written."""
    constants = _constants(parse_python(code))
    lines = code.encode().splitlines(keepends=True)
    places = [(name, constants[name]) for name in values]
    for name, node in sorted(places, key=lambda each: (each[1].lineno, each[1].col_offset), reverse=True):
        assert node.end_lineno == node.lineno  # a literal number, word or flag
        line = lines[node.lineno - 1]
        new = _literal(values[name]).encode()
        lines[node.lineno - 1] = line[: node.col_offset] + new + line[node.end_col_offset :]
    return b"".join(lines).decode()


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    """What the module assigns to plain names at its top."""
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found[node.target.id] = node.value
    return found


def _many(values: object) -> bool:
    return isinstance(values, tuple | list)


def _literal(value: Value) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)
