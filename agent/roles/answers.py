"""The typed answers of the roles that answer in one message."""

from __future__ import annotations

from pydantic import BaseModel, Field

from agent.work import Strategy


class Place(BaseModel):
    """A function, class or module-level name of a file."""

    path: str
    name: str = Field(description="function, Class.method, or a name assigned at module level")


class Plan(BaseModel):
    """The planner's answer: where to change something."""

    files: list[str] = Field(min_length=1, description="paths of files to change, most likely first")
    functions: list[Place] = Field(default=[], description="the places to change in them, likeliest first")
    reason: str = Field(default="", description="one or two sentences")


class Strategies(BaseModel):
    """The thinker's answer."""

    strategies: list[Strategy] = Field(min_length=1)


class FailureJudgement(BaseModel):
    """Whether a reproduction test fails for the reason the issue gives."""

    for_the_reason: bool
    why: str = Field(default="", description="one sentence")


class Choice(BaseModel):
    """The selector's answer: the number of a patch, from 1, or none."""

    choice: int | None = Field(description="number of the patch, or null for none")
    reason: str = Field(default="", description="two or three sentences")
