"""A model that plays all roles of one problem: what it drafts is a list, what it generates is given."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from agent.config import resolve
from agent.kit import Kit
from agent.model.types import Request, Response, Usage
from agent.outcome import Outcome
from agent.solve import _Session, solve
from agent.store.folder import RunFolder
from environments.functions.problems import Statement
from environments.functions.repository import as_task

USAGE = Usage(100, 10)


class Player:
    """Answers by role.

    Attributes:
        drafts: bodies of the function, one for each draft in order; the last one again when there are no more.
        answers: for other roles and schemas, by the schema's name or the role: an object, a text, or a function.
        requests: what was asked.
    """

    def __init__(self, entry: str, drafts: Iterable[str], **answers: Any) -> None:
        self.entry = entry
        self.drafts = list(drafts)
        self.answers = answers
        self.requests: list[Request] = []
        self.drafted = 0

    async def complete(self, request: Request) -> Response:
        """The answer."""
        self.requests.append(request)
        if request.schema is None and request.role == "solver":
            body = self.drafts[min(self.drafted, len(self.drafts) - 1)]
            self.drafted += 1
            return Response(f"Draft {self.drafted}.\n\n{body}\n", usage=USAGE)
        key = request.schema.__name__ if request.schema else request.role
        answer = self.answers.get(key, "SAME") if key == "distinguisher" else self.answers[key]
        if isinstance(answer, Callable):  # type: ignore[arg-type]
            answer = answer(request)
        if request.schema is None:
            return Response(str(answer), usage=USAGE)
        return Response(json.dumps(answer), parsed=request.schema.model_validate(answer), usage=USAGE)

    def turns(self, role: str) -> list[str]:
        """The last message of each request of a role."""
        return [request.messages[-1].content for request in self.requests if request.role == role]


def written(name: str, parameters: str, body: str) -> str:
    """A draft that writes a whole function."""
    return f"FUNCTION: solution.py::{name}\n```python\ndef {name}({parameters}):\n{body}\n```\n"


async def play(
    statement: Statement,
    design: str,
    player: Player,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    **settings: Any,
) -> tuple[Outcome, Kit]:
    """Solves the problem by a design with the player for a model; the outcome, and the kit as the design left it."""

    async def model(self: _Session, budget: object) -> Player:
        return player

    kits: list[Kit] = []
    design_of = _Session._design

    async def remembered(self: _Session, solve_with: Any, kit: Any) -> str:
        kits.append(kit)
        return await design_of(self, solve_with, kit)

    monkeypatch.setattr(_Session, "_model", model)
    monkeypatch.setattr(_Session, "_design", remembered)
    chosen = resolve({"design": design, "model": "openai/played", "protocol": "tools", **settings}).settings
    task = as_task(statement, tmp_path / "problems")
    return await solve(task, chosen, RunFolder(tmp_path / "run")), kits[0]
