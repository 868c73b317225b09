"""The selector: chooses among finalists that the tests cannot tell apart."""

from __future__ import annotations

from collections.abc import Sequence

import prompts
from agent.roles.answers import Choice
from agent.roles.team import Team


async def choose(team: Team, patches: Sequence[tuple[str, str]]) -> int | None:
    """Index of the chosen patch, or None for none of them.

    Args:
        team: puts the question.
        patches: pairs of a patch and what running it showed.
    """
    candidates = [{"patch": patch, "results": results} for patch, results in patches]
    answer = await team.ask("selector", prompts.render("selector", candidates=candidates), Choice)
    if answer.choice is None or not 1 <= answer.choice <= len(patches):
        return None
    return answer.choice - 1
