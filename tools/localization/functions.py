"""The signals of functions, methods and classes within the best files."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from tools.issues import Issue
from tools.localization.chunks import Chunk, FileText
from tools.localization.density import whole_scores
from tools.localization.entities import Evidence
from tools.localization.exact import exact_scores
from tools.localization.features import Features, SecondLook
from tools.localization.lexis import WORD
from tools.localization.query import QUERY_FIELDS
from tools.localization.relations import Clues, Key, add_relations

_SPREAD_NAMES = 3
_NAME = re.compile(r"[^\W\d]\w*")


def function_features(
    issue: Issue,
    second: SecondLook,
    clues: Clues,
    files: Sequence[tuple[int, float]],
) -> dict[Key, tuple[Chunk, Features]]:
    """The signals of every chunk of `files` (numbers with fused scores, best first)."""
    texts = {file.number: file for file in second.files}
    kept = [(number, score) for number, score in files if number in texts]
    chunks = [chunk for number, _ in kept for chunk in texts[number].chunks]
    table: dict[Key, Features] = {chunk.key: {} for chunk in chunks}
    _add_file(table, chunks, kept)
    for part in QUERY_FIELDS:
        top = max((chunk.scores[part] for chunk in chunks), default=0.0) or 1.0
        for chunk in chunks:
            table[chunk.key][f"text_{part}"] = chunk.scores[part] / top
    holding = second.files[0].holding if second.files else {}
    for name, scores in zip(("whole", "dense"), whole_scores(chunks, clues.query, holding), strict=True):
        for key, score in scores.items():
            table[key][name] = score
    for part in ("title", "prose"):
        for number, _ in kept:
            own = max((chunk.scores[part] for chunk in texts[number].chunks), default=0.0) or 1.0
            for chunk in texts[number].chunks:
                table[chunk.key][f"within_{part}"] = chunk.scores[part] / own
    _add_names(table, chunks, issue)
    _add_places(table, chunks, clues.evidence, texts, clues.coverage)
    _add_literals(table, chunks, second)
    _add_assignments(table, chunks, issue)
    for name, scores in exact_scores(chunks, issue).items():
        for key, score in scores.items():
            table[key][name] = score
    _add_calls(table, chunks)
    _add_kinds(table, chunks)
    add_relations(table, chunks, issue, clues)
    return {chunk.key: (chunk, table[chunk.key]) for chunk in chunks}


def _add_file(table: dict[Key, Features], chunks: Sequence[Chunk], files: Sequence[tuple[int, float]]) -> None:
    top = max((score for _, score in files), default=0.0)
    total = sum(math.exp(score - top) for _, score in files) or 1.0
    probability = {number: math.exp(score - top) / total for number, score in files}
    behind = {number: score - top for number, score in files}
    first = files[0][0] if files else -1
    for chunk in chunks:
        features = table[chunk.key]
        features["file_probability"] = probability[chunk.number]
        features["file_behind"] = max(behind[chunk.number], -8.0) / 8
        features["file_first"] = float(chunk.number == first)


def _add_names(table: dict[Key, Features], chunks: Sequence[Chunk], issue: Issue) -> None:
    title = set(WORD.findall(issue.title))
    prose = {*issue.code_names, *issue.identifiers} | {name.rpartition(".")[2] for name in issue.said_names}
    dotted = {part for name in issue.said_names for part in (name, ".".join(name.split(".")[-2:]))}
    snippet = set(WORD.findall(issue.field("code"))) - issue.defined_names
    plain = set(WORD.findall(issue.field("prose")))
    letters = set(_NAME.findall(issue.title))  # `Q` is a class
    mentioned = {part for name in issue.said_names for part in name.split(".")[-2:]}
    mentioned |= {*issue.code_names, *issue.identifiers}
    for chunk in chunks:
        owner, _, simple = chunk.definition.name.rpartition(".")
        owner = owner.rpartition(".")[2]
        features = table[chunk.key]
        features["name_title"] = float(simple in title)
        features["name_prose"] = float(simple in prose)
        features["name_plain"] = float(simple in plain and simple not in prose)
        features["name_snippet"] = float(simple in snippet)
        features["owner_title"] = float(owner in title)
        features["owner_prose"] = float(owner in prose or owner in plain)
        features["owner_snippet"] = float(owner in snippet)
        features["name_dotted"] = float(f"{owner}.{simple}" in dotted)
        said = 1.0 if owner in letters else 0.8 if owner in mentioned else 0.5 if owner in snippet else 0.0
        features["owner_named"] = said if owner else 0.0
        features["constructs"] = features["owner_named"] * float(simple in {"__init__", "__new__"})
        features["name_and_owner"] = float(simple in (title | prose) and owner in (title | prose | snippet))


def _add_places(
    table: dict[Key, Features],
    chunks: Sequence[Chunk],
    evidence: Evidence,
    texts: Mapping[int, FileText],
    coverage: Mapping[int, Mapping[int, float]],
) -> None:
    for chunk in chunks:
        features = table[chunk.key]
        span = range(chunk.definition.start, chunk.definition.end + 1)
        simple = chunk.simple
        features["place"] = max(
            evidence.places.get((chunk.number, simple), 0.0),
            evidence.places.get((chunk.number, chunk.definition.name), 0.0),
        )
        framed = [weight for line, weight in evidence.lines.get(chunk.number, {}).items() if line in span]
        features["frame_line"] = max(framed, default=0.0)
        quoted = sum(line in span for line in texts[chunk.number].quoted_lines)
        features["pasted"] = math.tanh(quoted / 3)
        if covered := [score for line, score in coverage.get(chunk.number, {}).items() if line in span]:
            features["coverage"] = max(covered)


def _add_literals(table: dict[Key, Features], chunks: Sequence[Chunk], second: SecondLook) -> None:
    for fragment, numbers in second.holders.items():
        holders = set(numbers)
        within = [chunk for chunk in chunks if chunk.number in holders and fragment in chunk.text]
        for chunk in within:
            table[chunk.key]["literal"] = min(3.0, table[chunk.key].get("literal", 0.0) + 1 / len(within))


def _add_assignments(table: dict[Key, Features], chunks: Sequence[Chunk], issue: Issue) -> None:
    """Methods that set an attribute the issue names."""
    said = {*issue.code_names, *issue.identifiers} | {part for name in issue.said_names for part in name.split(".")}
    said -= issue.defined_names
    setters: dict[str, list[Chunk]] = {}
    for chunk in chunks:
        for name in chunk.words.keys() & said:
            if re.search(rf"\b(?:self|this|cls)\.{re.escape(name)}\b(?:\s*:[^=\n]*)?\s*=(?!=)", chunk.text):
                setters.setdefault(name, []).append(chunk)
    for found in setters.values():
        for chunk in found:
            features = table[chunk.key]
            features["assigns"] = max(features.get("assigns", 0.0), 1 / len(found))


def _add_calls(table: dict[Key, Features], chunks: Sequence[Chunk]) -> None:
    """Evidence one step along calls: what strongly named functions call, and who calls them."""
    by_name: dict[str, list[Chunk]] = {}
    for chunk in chunks:
        by_name.setdefault(chunk.simple, []).append(chunk)
    strength = {chunk.key: _strength(table[chunk.key]) for chunk in chunks}
    strongest = max(strength.values(), default=0.0) or 1.0
    for chunk in sorted(chunks, key=lambda chunk: (-strength[chunk.key], chunk.key))[:40]:
        share = strength[chunk.key] / strongest
        for name in sorted(chunk.words.keys() & by_name.keys()):
            targets = by_name[name]
            for target in targets if len(targets) <= _SPREAD_NAMES else ():
                if target.key != chunk.key:
                    callee = table[target.key]
                    callee["called_by"] = max(callee.get("called_by", 0.0), share)
                    caller = table[chunk.key]
                    caller["calls"] = max(caller.get("calls", 0.0), strength[target.key] / strongest)


def _strength(features: Features) -> float:
    names = ("text_title", "text_prose", "text_names", "name_title", "name_prose", "place", "file_probability")
    return sum(features.get(name, 0.0) for name in names)


def _add_kinds(table: dict[Key, Features], chunks: Sequence[Chunk]) -> None:
    for chunk in chunks:
        features = table[chunk.key]
        simple = chunk.simple
        features["kind_type"] = float(chunk.definition.kind not in {"function", "method", "macro"})
        features["kind_init"] = float(simple in {"__init__", "constructor", "new"})
        features["kind_dunder"] = float(simple.startswith("__") and simple != "__init__")
        features["length"] = min(1.0, math.log1p(chunk.definition.end - chunk.definition.start) / 6)
