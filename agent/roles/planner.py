"""The planner: refines the tokenless ranking into the places to change."""

from __future__ import annotations

import prompts
from agent.model.errors import ContextTooLong, InvalidAnswer, Refused
from agent.roles.answers import Plan
from agent.roles.locator import Locator
from agent.roles.team import Team


async def plan(team: Team, locator: Locator, limit: int) -> Plan:
    """The places to change; paths that do not exist in the repository are dropped, and all of them may be.

    An answer that cannot be used is an empty plan: the tokenless order stands, and nobody is asked again.

    Args:
        team: puts the question.
        locator: what is known of where the issue is; its ranking stands behind the answer.
        limit: of the number of files.
    """
    code, callees = locator.survey()
    turn = prompts.render("planner", limit=limit, code=code, callees=callees)
    try:
        answer = await team.ask("planner", turn, Plan)
    except (ContextTooLong, InvalidAnswer, Refused) as error:
        return Plan(files=[""], reason=f"no usable answer: {error}")
    paths = set(locator.files)
    return Plan(
        files=[path for path in answer.files if path in paths][:limit] or [""],
        functions=[place for place in answer.functions if place.path in paths],
        reason=answer.reason,
    )
