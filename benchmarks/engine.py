"""Engine overhead with instant callables: CPU time of the policies' decisions and of everything, peak memory.

Run: python benchmarks/engine.py
"""

from __future__ import annotations

import asyncio
import random
import time
import tracemalloc
from collections.abc import Sequence
from typing import Any

from search import engine, policy
from search.budget import Budget
from search.events import Event, Expansion
from search.policies.codetree import CORRECTIONS
from search.tree import Child, Node, Tree, TreeView

NODES = 10_000


def actions(node: Node) -> Sequence[str]:
    if node.kind == "root":
        return ("think",)
    return ("repair",) if node.depth < 8 and node.expansions < 5 else ()


class Timed:
    """A policy whose CPU time is counted."""

    def __init__(self, inner: policy.Policy) -> None:
        self.inner = inner
        self.seconds = 0.0

    def ask(self, tree: TreeView) -> policy.Choice | None:
        """The inner policy's choice."""
        started = time.thread_time()
        choice = self.inner.ask(tree)
        self.seconds += time.thread_time() - started
        return choice

    def observe(self, event: Event) -> None:
        """Tell the inner policy."""
        started = time.thread_time()
        self.inner.observe(event)
        self.seconds += time.thread_time() - started


async def search(name: str, concurrency: int, seed: int = 0, **options: Any) -> tuple[Tree, float]:
    rng = random.Random(seed)

    async def expand(expansion: Expansion) -> Sequence[Child]:
        return (Child("patch" if expansion.action == "think" else "repair", None, rng.random()),)

    tree = Tree()
    chosen = Timed(policy.create(name, seed, **options))
    await engine.run(tree, chosen, expand, actions=actions, concurrency=concurrency, budget=Budget(nodes=NODES))
    return tree, chosen.seconds


def main() -> None:
    print(f"| policy | workers | CPU s of {NODES:,} decisions | CPU s with the engine |\n|---|---|---|---|")
    variants: list[tuple[str, dict[str, Any]]] = [(name, {}) for name in policy.names()]
    for name, options in [*variants, ("ab_mcts", {"prior": "beta"}), ("codetree", CORRECTIONS)]:
        for concurrency in (1, 8):
            started = time.thread_time()
            _, decisions = asyncio.run(search(name, concurrency, **options))
            seconds = time.thread_time() - started
            print(f"| {name}{' *' if options else ''} | {concurrency} | {decisions:.2f} | {seconds:.2f} |", flush=True)
    tracemalloc.start()
    tree, _ = asyncio.run(search("best_first", 1))
    size, peak = tracemalloc.get_traced_memory()
    print(f"\ntree of {len(tree):,} nodes: {size / 2**20:.1f} MiB, peak of the search {peak / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
