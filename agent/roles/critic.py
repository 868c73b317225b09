"""The critic: judges a patch with all that is known of it, and may fault the tests."""

from __future__ import annotations

from collections.abc import Mapping

import prompts
from agent.roles.team import Team
from agent.work import Critique, Work


async def critique(team: Team, work: Work, patch: str, results: str, tests: Mapping[str, bytes]) -> Critique:
    """What the critic says of `patch`."""
    written = "\n\n".join(f"# {path}\n{content.decode(errors='replace')}" for path, content in tests.items())
    turn = prompts.render("critic", strategy=work.strategy, patch=patch, note=work.note, results=results, tests=written)
    return await team.ask("critic", turn, Critique)
