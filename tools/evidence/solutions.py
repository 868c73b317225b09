"""Function-level solutions: a normal form to merge equals by, and static findings about quality."""

from __future__ import annotations

import ast
import builtins
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tools.evidence.concepts import asked_for, heeded
from tools.syntax import parse_python

_KNOWN = frozenset(dir(builtins)) | {"__name__", "__file__"}
_WORD = re.compile(r"[A-Za-z]+")
_STRING = re.compile(r"\"([^\"\n]+)\"|'([^'\n]+)'")
_BRANCHES = (ast.If, ast.For, ast.While, ast.IfExp, ast.comprehension)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the text of one solution says.

    Attributes:
        form: equal for solutions that differ in names of variables, comments, docstrings and layout only.
        findings: named numbers, the same names for every solution.
        heeded: the concepts of the requirement of which the code shows any trace.
    """

    form: str
    findings: Mapping[str, float]
    heeded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Requirement:
    """What the prompt names: long words (their first five letters), quoted strings, concepts."""

    words: frozenset[str]
    strings: frozenset[str]
    concepts: frozenset[str]
    length: int


def read_requirement(prompt: str, entry_point: str) -> Requirement:
    """The words of the docstring of `entry_point`, or of all that follows its `def` when there is none."""
    text = prompt[max(0, prompt.rfind(f"def {entry_point}")) :]
    quoted = re.search(r"(\"\"\"|''')(.*?)(\1|$)", text, re.DOTALL)
    text = quoted.group(2) if quoted else text
    words = frozenset(word.lower()[:5] for word in _WORD.findall(text) if len(word) >= 4)
    return Requirement(words, frozenset(a or b for a, b in _STRING.findall(text)), asked_for(text), len(text))


def read_solution(prompt: str, code: str, entry_point: str, requirement: Requirement) -> Reading:
    """Read the body `code` that follows `prompt`, without running it."""
    lines = [line for line in code.splitlines() if line.strip()]
    prose = [line for line in lines if line.lstrip().startswith("#")]
    said = {word.lower()[:5] for line in lines if line not in prose for word in _WORD.findall(line)}
    findings = dict.fromkeys(("parses", "undefined", "returns", "constant", "size", "branches"), 0.0)
    findings |= {"parameters": 0.0, "trailing": 0.0, "prints": 0.0, "stub": 1.0, "helpers": 0.0}
    findings["strings"] = 0.0 if requirement.strings else 0.5
    findings["comments"] = min(len(prose), 5) / 3
    findings["long"] = float(len(code) > 900)
    findings["words"] = len(requirement.words & said) / max(1, len(requirement.words))
    try:
        tree = parse_python(prompt + code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Reading(code.strip(), findings)
    findings["parses"] = 1.0
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    findings["helpers"] = float(len(functions) > 1)
    findings["trailing"] = float(
        any(not isinstance(node, ast.FunctionDef | ast.Import | ast.ImportFrom) for node in tree.body)
    )
    function = next((node for node in reversed(functions) if node.name == entry_point), None)
    if function is None:
        return Reading(code.strip(), findings)
    body = _without_prose(function)
    findings |= _of_body(tree, function, body, requirement)
    head, text = _normal(function, body)
    return Reading(f"{head}\n{text}", findings, heeded(requirement.concepts, text))


def _of_body(
    tree: ast.Module, function: ast.FunctionDef, body: list[ast.stmt], requirement: Requirement
) -> dict[str, float]:
    nodes = [node for statement in body for node in ast.walk(statement)]
    used = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    returned = [node.value for node in nodes if isinstance(node, ast.Return | ast.Yield) and node.value is not None]
    parameters = [argument.arg for argument in function.args.args]
    constants = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    strings = requirement.strings
    return {
        "undefined": float(bool(used - _defined(tree))),
        "returns": float(bool(returned)),
        "constant": float(bool(returned) and all(isinstance(value, ast.Constant) for value in returned)),
        "size": math.log1p(len(nodes)),
        "branches": min(sum(isinstance(node, _BRANCHES) for node in nodes), 6) / 3,
        "parameters": sum(name in used for name in parameters) / max(1, len(parameters)),
        "prints": float(any(_calls(node, ("print", "input")) for node in nodes)),
        "stub": float(all(isinstance(statement, ast.Pass) for statement in body)),
        "strings": len(strings & constants) / len(strings) if strings else 0.5,
    }


def _calls(node: ast.AST, names: tuple[str, ...]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


class _NoProse(ast.NodeTransformer):
    """Takes docstrings and other bare constants out, at any depth."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if isinstance(node.value, ast.Constant) else self.generic_visit(node)


def _without_prose(function: ast.FunctionDef) -> list[ast.stmt]:
    return [kept for statement in function.body if (kept := _NoProse().visit(statement)) is not None]


def _defined(tree: ast.Module) -> set[str]:
    names = set(_KNOWN)
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                names.add(name)
            case ast.Import() | ast.ImportFrom():
                names.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
            case ast.ExceptHandler(name=str(name)):
                names.add(name)
    return names


class _Renamer(ast.NodeTransformer):
    """Gives variables their number of appearance as name."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def _name(self, name: str) -> str:
        return self.names.setdefault(name, f"v{len(self.names)}")

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(self._name(node.arg))

    def visit_Name(self, node: ast.Name) -> ast.Name:
        known = node.id in self.names or isinstance(node.ctx, ast.Store)
        return ast.Name(self._name(node.id) if known else node.id, node.ctx)


def _normal(function: ast.FunctionDef, body: list[ast.stmt]) -> tuple[str, str]:
    """Parameters and body with the variables renamed."""
    renamer = _Renamer()
    head = ast.unparse(renamer.visit(function.args))
    return head, "\n".join(ast.unparse(renamer.visit(statement)) for statement in body)
