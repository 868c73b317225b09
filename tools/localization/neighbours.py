"""Who imports, calls and inherits from whom among the candidates; evidence flows along these edges.

Personalised PageRank (Page et al. 1999; Haveliwala 2002) on the small graph of the candidates, by power iteration in
sorted order: the same on every run.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain

from tools.localization.chunks import FileText
from tools.localization.index import Index
from tools.localization.modules import Modules

DAMPING = 0.6
ITERATIONS = 20
MAX_DEFINERS = 4

Edges = dict[int, dict[int, float]]


def file_edges(files: Sequence[FileText], index: Index, modules: Modules) -> Edges:
    """Weighted edges from a file to those it imports and whose definitions it mentions; both ends are candidates."""
    numbers = [file.number for file in files]
    tags = index.tags(numbers)
    here = set(numbers)
    edges: Edges = {number: {} for number in numbers}
    definers: dict[str, list[int]] = {}
    for number in numbers:
        for name in {definition.simple for definition in tags[number].definitions}:
            if len(name) > 3 and not name.startswith("__"):
                definers.setdefault(name, []).append(number)
    definers = {name: homes for name, homes in definers.items() if len(homes) <= MAX_DEFINERS}
    for file in files:
        out = edges[file.number]
        for item in tags[file.number].imports:
            for target in modules.imported(file.number, item)[:3]:
                if target in here and target != file.number:
                    out[target] = out.get(target, 0.0) + 1.0
        mentioned = Counter(chain.from_iterable(chunk.words.keys() & definers.keys() for chunk in file.chunks))
        for name, count in sorted(mentioned.items()):
            for target in definers[name]:
                if target != file.number:
                    out[target] = out.get(target, 0.0) + math.sqrt(count) / len(definers[name]) ** 2
    return edges


def reversed_edges(edges: Edges) -> Edges:
    """The same edges the other way round."""
    back: Edges = {number: {} for number in edges}
    for source, targets in edges.items():
        for target, weight in targets.items():
            back[target][source] = weight
    return back


def pagerank(edges: Edges, seeds: Mapping[int, float]) -> dict[int, float]:
    """Personalised PageRank from `seeds`; sums to 1. What a node without edges holds returns to the seeds."""
    nodes = sorted(edges)
    total = sum(max(seeds.get(node, 0.0), 0.0) for node in nodes)
    if not nodes or total <= 0:
        return dict.fromkeys(nodes, 0.0)
    restart = {node: max(seeds.get(node, 0.0), 0.0) / total for node in nodes}
    out = {node: sum(edges[node].values()) for node in nodes}
    rank = dict(restart)
    for _ in range(ITERATIONS):
        lost = sum(rank[node] for node in nodes if not out[node])
        following = {node: (1 - DAMPING + DAMPING * lost) * restart[node] for node in nodes}
        for node in nodes:
            if out[node]:
                share = DAMPING * rank[node] / out[node]
                for target, weight in edges[node].items():
                    following[target] += share * weight
        rank = following
    return rank


def received(edges: Edges, rank: Mapping[int, float]) -> dict[int, float]:
    """What each node gets from its neighbours in one step from `rank`, without what it has of its own."""
    inflow: dict[int, float] = {}
    for node in sorted(edges):
        total = sum(edges[node].values())
        for target, weight in edges[node].items():
            inflow[target] = inflow.get(target, 0.0) + rank[node] * weight / total
    return inflow
