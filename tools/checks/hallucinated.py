"""Names that a change makes up: imports and attributes that nothing in the repository defines.

jedi says what the thing before the dot is. Only what is certain counts: it is a module, class or object of the
repository itself, and either the module does not have the name, or the class does not and no other line of the
repository's Python has the word. What other packages define is not known here, and nothing is said of it.

jedi can take long, so `check` runs in a process of its own: `python -m tools.checks.hallucinated`.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import sysconfig
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.syntax import parse_python

SECONDS = 30.0
"""Limit of one check; where it is reached nothing is said."""
MOST_NODES = 200
SOURCES = ("", "src", "lib")
_WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")
_DYNAMIC = re.compile(r"__getattr__|__getattribute__|globals\(\)|setattr\(|__dict__|import \*|\btype\(.*\(")


def hallucinated(root: Path, lines: Mapping[str, Sequence[int]], *, seconds: float = SECONDS) -> tuple[str, ...]:
    """One line for each name that is made up, in the order of paths and lines.

    Args:
        root: a checkout of the state with the change.
        lines: per changed Python file the lines that are new, from 1.
        seconds: limit.
    """
    home = str(Path(__file__).resolve().parents[2])
    environment = os.environ | {"PYTHONPATH": home, "PYTHONSAFEPATH": "1"}
    job = json.dumps({"root": str(root), "lines": {path: list(each) for path, each in lines.items()}})
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tools.checks.hallucinated"],
            input=job,
            capture_output=True,
            text=True,
            timeout=seconds,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return ()
    return tuple(json.loads(done.stdout)) if done.returncode == 0 and done.stdout else ()


def check(root: Path, lines: Mapping[str, Sequence[int]]) -> list[str]:
    """What `hallucinated` gives, in this process."""
    import jedi

    sources = [str(root / each) for each in SOURCES if (root / each).is_dir()]
    standard = [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")]
    project = jedi.Project(root, sys_path=[*sources, *standard], smart_sys_path=False)
    words = _Words(root, lines)
    found = []
    for path, numbers in sorted(lines.items()):
        text = (root / path).read_text(encoding="utf-8", errors="replace")
        script = jedi.Script(text, path=root / path, project=project, environment=jedi.InterpreterEnvironment())
        for node in _suspects(text, frozenset(numbers)):
            try:
                message = (
                    _import(root, script, *node) if isinstance(node, tuple) else _attribute(root, script, node, words)
                )
            except (AttributeError, KeyError, ValueError, TypeError, RecursionError, NotImplementedError):
                continue  # jedi's own mistakes
            if message:
                found.append(f"{path}:{_line(node)}: {message}")
    return list(dict.fromkeys(found))


def _suspects(text: str, numbers: frozenset[int]) -> Iterator[ast.Attribute | tuple[ast.ImportFrom, ast.alias]]:
    """The imports and attributes on new lines."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parse_python(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    left = MOST_NODES
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.lineno in numbers and alias.name != "*":
                    yield node, alias
        elif isinstance(node, ast.Attribute) and node.end_lineno in numbers and _readable(node) and left:
            left -= 1
            yield node


def _readable(node: ast.Attribute) -> bool:
    """Whether it is read, and of something that has a name."""
    named = isinstance(node.value, ast.Name | ast.Attribute)
    return named and isinstance(node.ctx, ast.Load) and not node.attr.startswith("__")


def _line(node: ast.Attribute | tuple[ast.ImportFrom, ast.alias]) -> int:
    return node[1].lineno if isinstance(node, tuple) else (node.end_lineno or node.lineno)


def _import(root: Path, script: Any, statement: ast.ImportFrom, alias: ast.alias) -> str:
    """What is wrong with one name of a from-import."""
    if statement.module is None or script.goto(alias.lineno, alias.col_offset, follow_imports=True):
        return ""
    at = statement.col_offset + len("from ") + statement.level + len(statement.module) - 1
    modules = script.infer(statement.lineno, at)
    if not modules or not all(_whole_module(root, each) for each in modules):
        return ""
    return f"the module {statement.module} has no {alias.name}"


def _attribute(root: Path, script: Any, node: ast.Attribute, words: _Words) -> str:
    """What is wrong with one attribute."""
    line, column = node.end_lineno or node.lineno, (node.end_col_offset or 0) - len(node.attr)
    if script.goto(line, column, follow_imports=True):
        return ""
    base = node.value
    owners = script.infer(base.end_lineno, (base.end_col_offset or 1) - 1)
    if not owners:
        return ""
    if all(each.type == "module" for each in owners):
        name = ast.unparse(base)
        return f"the module {name} has no {node.attr}" if all(_whole_module(root, each) for each in owners) else ""
    known = all(each.type in ("class", "instance") and _inside(root, each.module_path) for each in owners)
    if not known or node.attr in words:
        return ""
    return f"{ast.unparse(base)} has no {node.attr}, and nothing in the repository has"


def _inside(root: Path, path: Path | None) -> bool:
    return path is not None and Path(path).resolve().is_relative_to(root.resolve())


def _whole_module(root: Path, name: Any) -> bool:
    """Whether a module is the repository's, and all its names are in its text."""
    path = name.module_path
    if name.type != "module" or not _inside(root, path) or path.suffix != ".py":
        return False
    return not _DYNAMIC.search(path.read_text(encoding="utf-8", errors="replace"))


class _Words:
    """The words of the repository's Python, the new lines left out; read when first asked for."""

    def __init__(self, root: Path, lines: Mapping[str, Sequence[int]]) -> None:
        self._root = root
        self._lines = lines
        self._words: set[bytes] | None = None

    def __contains__(self, word: str) -> bool:
        if self._words is None:
            self._words = set()
            for path in sorted(self._root.rglob("*.py")):
                if path.is_file() and not path.is_symlink():
                    self._words.update(_WORD.findall(self._old(path)))
        return word.encode() in self._words

    def _old(self, path: Path) -> bytes:
        data = path.read_bytes()
        new = set(self._lines.get(path.relative_to(self._root).as_posix(), ()))
        if not new:
            return data
        return b"\n".join(line for number, line in enumerate(data.split(b"\n"), 1) if number not in new)


def main() -> None:
    """Runs one job."""
    job = json.load(sys.stdin)
    json.dump(check(Path(job["root"]), job["lines"]), sys.stdout)


if __name__ == "__main__":
    main()
