"""The planner: refines the tokenless ranking into the places to change."""

from __future__ import annotations

from collections.abc import Sequence

import prompts
from agent.roles.answers import Plan
from agent.roles.team import Team


async def plan(team: Team, known: Sequence[str], limit: int) -> Plan:
    """The places to change; paths that do not exist in the repository are dropped.

    Args:
        team: puts the question.
        known: every path of the repository.
        limit: of the number of files.
    """
    answer = await team.ask("planner", prompts.render("planner", limit=limit), Plan)
    paths = set(known)
    return Plan(
        files=[path for path in answer.files if path in paths][:limit] or [""],
        functions=[place for place in answer.functions if place.path in paths],
        reason=answer.reason,
    )
