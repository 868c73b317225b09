"""What decides where the tree grows next."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import Any, Protocol, cast

from search.events import Event
from search.tree import Node, TreeView


@dataclass(frozen=True, slots=True)
class Choice:
    """Expand `node` by `action`, one of its open actions."""

    node: Node
    action: str


class Policy(Protocol):
    """Chooses the next expansion.

    The engine marks a choice as under way before it asks again, so a policy sees what is pending in the tree itself
    (`Node.pending`, `Node.attempts`). Asking changes nothing that a second ask would notice, apart from random draws;
    `observe` may get an event twice, and events of concurrent expansions in any order.
    Randomness comes from the seed given to the constructor alone.
    """

    def ask(self, tree: TreeView) -> Choice | None:
        """The next expansion, or None when there is nothing to do for now."""
        ...

    def observe(self, event: Event) -> None:
        """Learn what happened; the tree already shows it."""
        ...


FIRST = 2
"""So many expansions are under way at most while nothing has a value."""


def awaits_the_first(tree: TreeView) -> bool:
    """Whether it is better to see the first results, for policies that take the first proposals for the likeliest.

    Of many that are begun at once any might be the first to be finished.
    """
    return tree.root.mean is None and tree.root.pending >= FIRST


class UnknownPolicy(LookupError):
    """There is no policy of that name."""


def names() -> tuple[str, ...]:
    """The policies there are: the modules of `search.policies`."""
    package = importlib.import_module("search.policies")
    return tuple(sorted(module.name for module in pkgutil.iter_modules(package.__path__)))


def create(name: str, seed: int = 0, **options: Any) -> Policy:
    """Make the policy `name`: class `DepthFirst` of module `search.policies.depth_first`, and so on.

    Raises:
        UnknownPolicy: there is no such module; the message lists those there are.
    """
    if name not in names():
        raise UnknownPolicy(f"no policy is called {name!r}; there are {', '.join(names())}")
    module = importlib.import_module(f"search.policies.{name}")
    kind = getattr(module, name.title().replace("_", ""))
    return cast(Policy, kind(seed=seed, **options))
