"""What happens during a search, for the policy, the store and the live view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from search.tree import Node, node_id

StopReason = Literal["stopped", "exhausted", "budget", "cancelled", "error"]
"""Why a search ended: the stop rule, nothing left to expand, the budget, a cancellation, an infrastructure failure."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """One attempt to do `action` at `node`, the `ordinal`-th of its sort (from 0)."""

    node: Node
    action: str
    ordinal: int

    @property
    def id(self) -> str:
        """Its identity: the same for the same attempt in any run, whatever else was under way."""
        return node_id(self.node.id, "expansion", self.action, self.ordinal, 0)


@dataclass(frozen=True, slots=True)
class NodeAdded:
    """A node was added; `expansion` found it (None for nodes that were there before the search)."""

    node: Node
    expansion: Expansion | None = None


@dataclass(frozen=True, slots=True)
class NodeUpdated:
    """The value, the status or the open actions of a node changed."""

    node: Node


@dataclass(frozen=True, slots=True)
class ExpansionStarted:
    """An attempt began."""

    expansion: Expansion


@dataclass(frozen=True, slots=True)
class ExpansionEnded:
    """An attempt is over.

    Attributes:
        children: what it added.
        failure: why the attempt failed, or "" when it did not.
        cancelled: it was stopped from outside before it could end.
    """

    expansion: Expansion
    children: tuple[Node, ...] = ()
    failure: str = ""
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Stopped:
    """The search is over."""

    reason: StopReason
    best: Node | None


Event = NodeAdded | NodeUpdated | ExpansionStarted | ExpansionEnded | Stopped
