"""Evidence one step along calls, between what an issue speaks of and the files of its callees and callers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tools.localization.chunks import Chunk, FileText

SEEDS = 30
MAX_DEFINERS = 3
_SPOKEN = ("title", "prose", "names")

Strengths = Mapping[tuple[int, str], float]


def call_flow(files: Sequence[FileText], named: Strengths) -> tuple[dict[int, float], dict[int, float]]:
    """Per file number, the strongest function elsewhere that calls into it, and the strongest one elsewhere it calls.

    Args:
        files: the candidates.
        named: functions named outright, `(file number, qualified or simple name) -> strength`.
    """
    chunks = [chunk for file in files for chunk in file.chunks]
    by_name: dict[str, list[Chunk]] = {}
    for chunk in chunks:
        simple = chunk.simple
        if len(simple) > 3 and not simple.startswith("__"):
            by_name.setdefault(simple, []).append(chunk)
    by_name = {name: same for name, same in by_name.items() if len(same) <= MAX_DEFINERS}
    seeds = _seeds(chunks, named)
    called: dict[int, float] = {}
    calling: dict[int, float] = {}
    for chunk, strength in seeds:
        for name in chunk.words.keys() & by_name.keys():
            for target in by_name[name]:
                if target.number != chunk.number:
                    share = strength / len(by_name[name])
                    called[target.number] = max(called.get(target.number, 0.0), share)
    wanted = {chunk.simple: (chunk.number, strength) for chunk, strength in reversed(seeds)}
    wanted = {name: seed for name, seed in wanted.items() if name in by_name}
    for chunk in chunks:
        for name in wanted.keys() & chunk.words.keys() if wanted else ():
            number, strength = wanted[name]
            if number != chunk.number:
                calling[chunk.number] = max(calling.get(chunk.number, 0.0), strength / len(by_name[name]))
    return called, calling


def _seeds(chunks: Sequence[Chunk], named: Strengths) -> list[tuple[Chunk, float]]:
    """The functions the issue speaks of most, the best 1."""
    spoken = [sum(chunk.scores[part] for part in _SPOKEN) for chunk in chunks]
    top = max(spoken, default=0.0) or 1.0
    strengths = []
    for chunk, score in zip(chunks, spoken, strict=True):
        place = max(
            named.get((chunk.number, chunk.definition.name), 0.0),
            named.get((chunk.number, chunk.simple), 0.0),
        )
        strengths.append((score / top + place, chunk))
    strengths.sort(key=lambda item: (-item[0], item[1].key))
    best = strengths[0][0] if strengths and strengths[0][0] > 0 else 1.0
    return [(chunk, strength / best) for strength, chunk in strengths[:SEEDS]]
