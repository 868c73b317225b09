"""What a repository itself may say: how it is set up and tested, and nothing that reaches host, keys or network."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import replace
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from environments.tasks import Task
from tools.errors import InputError

FILE = ".treewright.toml"


class RepositorySettings(BaseModel):
    """The file `.treewright.toml` at the top of a repository, as it is at the base commit.

    Both commands run in the sandbox. What they may not do there, they cannot do by standing here; flags win over them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    setup: str = Field(default="", max_length=10_000)
    """Shell command that prepares a workspace, run once, in the sandbox."""

    test: str = Field(default="", max_length=10_000)
    """Shell command that runs the tests, in the sandbox."""

    python: str = Field(default="", pattern=r"^(3\.\d{1,2})?$")
    """Version of the interpreter, X.Y; a path is the user's to give."""


class Files(Protocol):
    """The files of a snapshot."""

    def exists(self, path: str) -> bool:
        """Whether there is such a file."""
        ...

    def read(self, path: str) -> bytes:
        """Its content."""
        ...


def with_repository_settings(task: Task, files: Files) -> tuple[Task, str]:
    """`task` with what its repository says where the user said nothing, and one line that tells what was taken.

    Raises:
        InputError: the file is not valid, or sets what a repository may not set.
    """
    if not files.exists(FILE):
        return task, ""
    found = _read(files.read(FILE))
    taken = {name: value for name, value in found.model_dump().items() if value and not getattr(task, name)}
    return replace(task, **taken), f"{FILE} sets {', '.join(taken)}" if taken else ""


def _read(content: bytes) -> RepositorySettings:
    try:
        values = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{FILE} of the repository is not valid TOML: {error}", hint="mend it, or remove it"
        ) from error
    for key in values:
        if key not in RepositorySettings.model_fields:
            close = difflib.get_close_matches(key, RepositorySettings.model_fields, n=1)
            allowed = ", ".join(RepositorySettings.model_fields)
            hint = (
                f"did you mean {close[0]!r}?" if close else f"it may set {allowed}; the rest is for your own settings"
            )
            raise InputError(f"{FILE} of the repository may not set {key!r}", hint=hint)
    try:
        return RepositorySettings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{FILE} of the repository: {first['loc'][0]}: {first['msg']}", hint="mend it") from error
