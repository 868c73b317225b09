"""Engine overhead: expansions per second with instant callables, peak memory of a tree of 10,000 nodes, decisions.

Run: python benchmarks/engine.py
"""

from __future__ import annotations

import asyncio
import random
import time
import tracemalloc
from collections.abc import Sequence

from search import engine, policy
from search.budget import Budget
from search.events import Expansion
from search.tree import Child, Node, Tree

NODES = 10_000


def actions(node: Node) -> Sequence[str]:
    if node.kind == "root":
        return ("think",)
    return ("repair",) if node.depth < 8 and node.expansions < 5 else ()


async def search(name: str, concurrency: int, seed: int = 0) -> tuple[Tree, int]:
    rng = random.Random(seed)

    async def expand(expansion: Expansion) -> Sequence[Child]:
        return (Child("patch" if expansion.action == "think" else "repair", None, rng.random()),)

    tree = Tree()
    chosen = policy.create(name, seed)
    result = await engine.run(
        tree, chosen, expand, actions=actions, concurrency=concurrency, budget=Budget(nodes=NODES)
    )
    return tree, result.expansions


def main() -> None:
    print("| policy | concurrency | expansions | expansions/s |\n|---|---|---|---|")
    for name in policy.names():
        for concurrency in (1, 8):
            started = time.perf_counter()
            _, count = asyncio.run(search(name, concurrency))
            seconds = time.perf_counter() - started
            print(f"| {name} | {concurrency} | {count:,} | {count / seconds:,.0f} |")
    tracemalloc.start()
    tree, _ = asyncio.run(search("best_first", 1))
    size, peak = tracemalloc.get_traced_memory()
    print(f"\ntree of {len(tree):,} nodes: {size / 2**20:.1f} MiB, peak of the search {peak / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
