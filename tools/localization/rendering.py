"""Text for a model: skeletons of files and a map of the repository within a token budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tools.localization.index import Index
from tools.localization.tags import Definition, Tags

CHARACTERS_PER_TOKEN = 4
MAX_SIGNATURE_LINES = 8
FULL_NAMES = 1500
SHORT_NAMES = 300
"""Characters of the names of a file whose signatures do not fit."""
_TYPES = {"class", "struct", "interface", "trait", "enum", "module", "type"}


def render_skeleton(index: Index, number: int) -> str:
    """A file's definitions as written, bodies elided; each line carries its number."""
    text = index.read([number]).get(number, "")
    return "\n".join(_signatures(text.split("\n"), index.tags([number])[number].definitions))


def _signatures(lines: Sequence[str], definitions: Sequence[Definition]) -> list[str]:
    shown: list[str] = []
    last = 0
    for definition in definitions:
        if definition.start <= last:
            continue
        end = _signature_end(lines, definition)
        shown += [f"{number:5d}| {lines[number - 1]}" for number in range(definition.start, end + 1)]
        last = end
        if definition.end > end and definition.kind not in _TYPES and definition.kind != "variable":
            shown[-1] += " ..."
    return shown


def _signature_end(lines: Sequence[str], definition: Definition) -> int:
    """The line where the header of a definition ends: brackets closed, after decorators."""
    depth = 0
    limit = min(definition.end, len(lines), definition.start + MAX_SIGNATURE_LINES - 1)
    for number in range(definition.start, limit + 1):
        line = lines[number - 1]
        depth += sum(map(line.count, "([")) - sum(map(line.count, ")]"))
        decorator = line.lstrip().startswith(("@", "#[")) or not line.strip()
        if depth <= 0 and not decorator:
            return number
        depth = max(depth, 0) if decorator else depth
    return limit


def render_map(index: Index, paths: Sequence[str], focus: set[tuple[str, str]], budget_tokens: int) -> str:
    """Files in the order given, each with its definitions' signatures, until the budget is used.

    The best files get all their signatures, and what is left over names; functions in `focus` are always shown in
    files that are shown, variables too. Never longer than the budget.
    """
    budget = budget_tokens * CHARACTERS_PER_TOKEN
    pieces: list[str] = []
    for rank, path in enumerate(paths):
        file = index.by_path[path]
        tags = index.tags([file.number])[file.number]
        names = {name for focused, name in focus if focused == path}
        text = index.read([file.number]).get(file.number, "") if rank < 60 or names else ""
        share = 1.0 if len(paths) == 1 else 0.4 if rank == 0 else 0.25 if rank < 4 else 0.1
        for lines in _ways(text, tags, names):
            piece = "\n".join([f"{path}:", *lines]) + "\n"
            if lines and len(piece) <= budget * share:
                break
        else:
            piece = f"{path}\n"
        if len(piece) > budget:
            piece = f"{path}\n"
        if len(piece) > budget:
            break
        budget -= len(piece)
        pieces.append(piece)
    return "".join(pieces)


def _ways(text: str, tags: Tags, focus: set[str]) -> Iterator[list[str]]:
    """From the most to the least that can be said of a file."""
    lines = text.split("\n") if text else []
    definitions = [found for found in tags.definitions if found.kind != "variable" or found.name in focus]
    if lines:
        yield _signatures(lines, definitions)
    owners = {name.rpartition(".")[0] for name in focus}
    shown = [definition for definition in definitions if definition.name in focus or definition.name in owners]
    rest = [definition for definition in definitions if definition not in shown]
    if lines and shown:
        yield _signatures(lines, shown) + _named(rest, FULL_NAMES)
        yield _signatures(lines, shown) + _named(rest, SHORT_NAMES)
    yield _named(definitions, FULL_NAMES)
    yield _named(definitions, SHORT_NAMES)
    yield _named([definition for definition in definitions if "." not in definition.name], SHORT_NAMES)


def _named(definitions: Sequence[Definition], limit: int) -> list[str]:
    """Names alone, those of a class on a line of its own, in about `limit` characters; what is left out is counted."""
    groups: dict[str, list[str]] = {}
    for definition in definitions:
        owner, _, simple = definition.name.rpartition(".")
        if definition.kind in _TYPES:
            groups.setdefault(definition.name, [])
        else:
            groups.setdefault(owner, []).append(simple)
    loose = [name for name, inside in groups.items() if name and not inside]
    groups = {"": groups.get("", []) + loose} | {name: inside for name, inside in groups.items() if name and inside}
    shown: list[str] = []
    used = left = 0
    for owner, names in groups.items():
        taken: list[str] = []
        for name in names:
            if used + len(name) + 2 > limit:
                break
            taken.append(name)
            used += len(name) + 2
        left += len(names) - len(taken)
        if taken:
            shown.append(f"       {owner + ': ' if owner else ''}{', '.join(taken)}")
            used += len(owner)
    if shown and left:
        shown.append(f"       ... and {left} more")
    return shown
