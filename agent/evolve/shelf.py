"""Designs by name, wherever they are: built in, in a file, or in the archive of an evolution."""

from __future__ import annotations

import ast
import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent import designs as built_in
from agent.evolve.archive import identity
from agent.evolve.components import components
from agent.evolve.parameters import parameters
from agent.evolve.reader import EvolutionReader
from agent.folders import cache_folder
from agent.isolation import gate
from tools.errors import InputError
from tools.syntax import parse_python

NEEDS_A_MODEL = re.compile(
    r"\bkit\.(write_tests|think|draft|implement|repair|episode|ask)\(|\bkit\.(critique)\((?!.*has_model)"
)
NAME = re.compile(r"[a-z][a-z0-9_]{0,60}")

SCAFFOLD = '''"""{title}: what it does, in one or two sentences."""

from __future__ import annotations

from collections.abc import Sequence

from agent.kit import Child, Kit, Node

SAMPLES = 3
TEMPERATURE = 0.8
PARAMETERS = {{"SAMPLES": (1, 2, 3, 5), "TEMPERATURE": (0.4, 0.8, 1.0)}}


async def solve(kit: Kit) -> None:
    """Draws patches until one is accepted."""
    await kit.localize()

    async def attempt(node: Node) -> Sequence[Child]:
        number = node.attempts.get("attempt", 0)
        work = await kit.draft(node, temperature=TEMPERATURE if number > 1 else 0.0, sample=number)
        return [kit.child(await kit.evaluate(work))]

    def actions(node: Node) -> Sequence[str]:
        return ("attempt",) if node.kind == "root" and node.attempts.get("attempt", 0) < SAMPLES else ()

    await kit.search("repeated", {{"attempt": attempt}}, actions)
    best = await kit.select()
    if best is None:
        await kit.abstain("no draft led to a patch")
    else:
        await kit.submit(best)
'''


@dataclass(frozen=True)
class Shown:
    """A design with what can be said of it without running it."""

    name: str
    code: str
    facts: dict[str, Any]


def find(name: str, evolution: Path | None = None) -> Shown:
    """A design: of an evolution when one is given, else built in or a file.

    Raises:
        InputError: there is none of that name.
    """
    if evolution is None:
        code = built_in.source(name)
        return Shown(Path(name).stem if name.endswith(".py") else name, code, described(code))
    with EvolutionReader(evolution) as reader:
        design = reader.find(name)
        facts = described(design.code) if design.standing != "refused" else {}
        for split in ("search", "held-out"):
            rows = next(each for each in reader.scored(split) if each.design.id == design.id)
            if rows.scores:
                facts[split] = {"score": rows.mean, "tasks": dict(rows.scores), "failures": dict(rows.failures)}
    kept = ("id", "generation", "operator", "standing", "error", "thought")
    facts |= {key: getattr(design, key) for key in kept} | {"parents": list(design.parents)}
    return Shown(design.name, design.code, facts)


def described(code: str) -> dict[str, Any]:
    """What a design says of itself: its first line, parameters, components, whether it needs a model."""
    try:
        text = ast.get_docstring(parse_python(code)) or ""
    except (SyntaxError, ValueError):
        return {"about": "", "parameters": {}, "components": [], "model": False}
    return {
        "about": text.strip().split("\n")[0],
        "parameters": {
            name: {"value": each.value, "choices": list(each.choices)} for name, each in parameters(code).items()
        },
        "components": sorted(components(code)),
        "model": bool(NEEDS_A_MODEL.search(code)),
    }


def findings(code: str) -> list[str]:
    """Everything against a design: the gate's findings, and parameters that are declared wrongly."""
    found = [str(finding) for finding in gate.check(code)]
    if found:
        return found
    for name, each in parameters(code).items():
        if each.value not in each.choices:
            found.append(f"{name} is {each.value!r}, which is not among its declared choices")
    return found


def scaffold(name: str, out: Path) -> Path:
    """Writes a new design to a folder.

    Raises:
        InputError: the name cannot be a module's, or the file is there already.
    """
    if not NAME.fullmatch(name):
        raise InputError(f"{name!r} cannot be a design's name", hint="lower-case letters, digits and _")
    path = out / f"{name}.py"
    if path.exists():
        raise InputError(f"{path} is there already", hint="choose another name, or remove it")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{out} cannot be made: {error.strerror}", hint="give another --out") from error
    write(path, SCAFFOLD.format(title=name.replace("_", " ").capitalize()))
    return path


def write(path: Path, text: str) -> None:
    """Writes a file for a person.

    Raises:
        InputError: it cannot be written there.
    """
    try:
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}", hint="give another --out") from error


def placed(design: Shown) -> Path:
    """The file of a design, by its content: a run that goes on later finds it again."""
    path = cache_folder() / "designs" / f"{identity(design.code)}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(design.code, encoding="utf-8", errors="surrogatepass")
    return path


def difference(first: Shown, second: Shown) -> str:
    """How the second differs from the first, as a unified diff."""
    a, b = (each.code.splitlines(keepends=True) for each in (first, second))
    return "".join(difflib.unified_diff(a, b, first.name, second.name))
