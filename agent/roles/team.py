"""The team: puts the turns of the roles to their models, behind one shared, stable prefix."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel

import prompts
from agent import scope
from agent.model.types import Message, Model, Request, Response, ToolSpec

Answer = TypeVar("Answer", bound=BaseModel)


class Team:
    """The roles of one task.

    Every conversation begins with the same two messages (who we are; the issue and the
    located code), so that a provider's prompt cache serves them to all roles and siblings.
    """

    def __init__(self, model: Model, context: str) -> None:
        self._model = model
        self._context = context

    def opening(self, turn: str) -> tuple[Message, ...]:
        """The conversation up to and including the turn of a role, with what a person said about this attempt."""
        if said := scope.guidance():
            turn = f"{turn}\n\n{prompts.render('guidance', said=said)}"
        return (
            Message("system", prompts.render("system"), cache=True),
            Message("user", self._context, cache=True),
            Message("user", turn),
        )

    async def complete(
        self,
        role: str,
        messages: tuple[Message, ...],
        *,
        tools: tuple[ToolSpec, ...] = (),
        schema: type[BaseModel] | None = None,
        temperature: float = 0.0,
        sample: int = 0,
        max_tokens: int = 4096,
    ) -> Response:
        """One request in the current scope."""
        return await self._model.complete(
            Request(
                role,
                messages,
                tools=tools,
                schema=schema,
                temperature=temperature,
                max_tokens=max_tokens,
                sample=sample,
                scope=scope.current(),
            )
        )

    async def ask(
        self, role: str, turn: str, schema: type[Answer], *, temperature: float = 0.0, sample: int = 0
    ) -> Answer:
        """A question with a typed answer.

        Raises:
            agent.model.errors.ModelError: also when the answer does not fit the schema after a re-ask.
        """
        response = await self.complete(role, self.opening(turn), schema=schema, temperature=temperature, sample=sample)
        if not isinstance(response.parsed, schema):
            raise TypeError(f"the model layer returned no {schema.__name__}")
        return response.parsed
