"""The solver in one message: edits as text, no tools. What designs that sample many solutions draw from."""

from __future__ import annotations

import asyncio

import prompts
from agent.model.types import Message
from agent.roles.team import Team
from search.engine import ExpansionFailed
from tools.checks import gate
from tools.edits import EDIT_FORMAT, apply_edits, parse_edits
from tools.snapshots import Change, SnapshotFiles, SnapshotStore

ATTEMPTS = 2
SHOWN = 16_000


async def draft(
    team: Team, snapshots: SnapshotStore, snapshot: str, turn: str, *, temperature: float, sample: int
) -> tuple[str, str]:
    """The snapshot after the edits of one answer, and what was said with them; asks again when they do not apply.

    Raises:
        ExpansionFailed: there are no edits that can be made.
        agent.model.errors.ModelError: there is no answer.
    """
    messages = list(team.opening(turn))
    failures = ""
    for _ in range(ATTEMPTS):
        response = await team.complete("solver", tuple(messages), temperature=temperature, sample=sample)
        edits, unread = parse_edits(response.text)
        files = SnapshotFiles(snapshots, snapshot)
        result = await asyncio.to_thread(lambda files=files, edits=edits: gate(files, apply_edits(files, edits)))  # type: ignore[misc]
        if result.changes and not result.failures and not unread:
            changes = {path: Change(content) for path, content in result.changes.items()}
            after = await asyncio.to_thread(snapshots.commit, snapshot, changes, subject="draft")
            return after, response.text.strip().partition("\n")[0][:300]
        failures = "\n".join(str(failure) for failure in (*unread, *result.failures)) or "nothing would change"
        messages += [
            Message("assistant", response.text),
            Message("user", prompts.render("draft_retry", failures=failures)),
        ]
    raise ExpansionFailed(f"solver: {failures[:300]}")


def changed_code(snapshots: SnapshotStore, snapshot: str) -> str:
    """The files that differ from the base, whole, as they are in `snapshot`, within a budget of characters."""
    files = SnapshotFiles(snapshots, snapshot)
    parts: list[str] = []
    for path in snapshots.changed_paths(snapshots.base, snapshot):
        if files.exists(path):
            text = f"# {path}\n{files.read(path).decode(errors='replace')}"
            if sum(map(len, parts)) + len(text) <= SHOWN:
                parts.append(text)
    return "\n\n".join(parts)


__all__ = ["EDIT_FORMAT", "changed_code", "draft"]
