"""A run at one moment as plain data, and what changed between two moments."""

from __future__ import annotations

from typing import Any

from agent.viewer.markup import visible
from agent.viewer.runs import RunState, tree_rows


def frame(state: RunState) -> dict[str, Any]:
    """A run at one moment, as the script of its page takes it."""
    spend = state.spend
    best = max((node.value for node in state.nodes if node.value is not None), default=None)
    return {
        "nodes": tree_rows(state),
        "chosen": state.chosen,
        "status": state.status,
        "alive": state.alive,
        "held": state.held,
        "phase": visible(state.phase),
        "events": state.events,
        "clock": [round(state.seconds, 1), state.told],
        "numbers": {
            "nodes": len(state.nodes),
            "best": best,
            "calls": spend.calls,
            "tokens": spend.tokens,
            "cached": spend.cached_share,
            "usd": spend.usd,
        },
    }


def difference(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """`new` with only the rows that `old` does not have as they are; empty when nothing changed."""
    known = {row["id"]: row for row in old.get("nodes", ())}
    changed = [row for row in new["nodes"] if known.get(row["id"]) != row]
    rest = {key: value for key, value in new.items() if key != "nodes"}
    if not changed and rest == {key: value for key, value in old.items() if key != "nodes"}:
        return {}
    return rest | {"nodes": changed}
