"""`treewright init`: a commented configuration file to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tools.errors import InputError

EXAMPLES = "Examples:\n\ntreewright init\n\ntreewright init --repository ."


def command(
    repository: Annotated[
        Path | None, typer.Option("--repository", help="Write .treewright.toml into this repository instead.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file that is there.")] = False,
) -> None:
    """Write a configuration file that explains every setting; all of them commented out."""
    from agent.config import config_file
    from agent.repository_settings import FILE
    from agent.settings_text import starting_file, starting_repository_file

    path = repository / FILE if repository else config_file()
    if repository and not repository.is_dir():
        raise InputError(f"no such folder: {repository}", hint="name the top folder of a repository")
    if path.exists() and not force:
        raise InputError(f"there is {path} already", hint="edit it, or add --force to begin anew")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(starting_repository_file() if repository else starting_file())
    typer.echo(f"wrote {path}")
