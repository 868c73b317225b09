"""The thinker: different strategies for one issue."""

from __future__ import annotations

from collections.abc import Sequence

import prompts
from agent.roles.answers import Strategies
from agent.roles.locator import Locator
from agent.roles.team import Team
from agent.work import Strategy


async def think(team: Team, locator: Locator, count: int) -> Sequence[Strategy]:
    """At most `count` strategies, the best bet first."""
    turn = prompts.render("thinker", count=count, plan=locator.places(), code=locator.code(()))
    answer = await team.ask("thinker", turn, Strategies)
    return answer.strategies[:count]
