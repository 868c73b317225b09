"""The typed answers of the roles that answer in one message."""

from __future__ import annotations

from pydantic import BaseModel, Field

from agent.work import Strategy


class Place(BaseModel):
    """A function or class of a file."""

    path: str
    name: str


class Plan(BaseModel):
    """The planner's answer: where to change something."""

    files: list[str] = Field(min_length=1)
    functions: list[Place] = []
    reason: str = ""


class Strategies(BaseModel):
    """The thinker's answer."""

    strategies: list[Strategy] = Field(min_length=1)


class FailureJudgement(BaseModel):
    """Whether a reproduction test fails for the reason the issue gives."""

    for_the_reason: bool
    why: str = ""


class Choice(BaseModel):
    """The selector's answer: the number of a patch, from 1, or none."""

    choice: int | None
    reason: str = ""
