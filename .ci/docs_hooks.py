"""Pages of the documentation that are generated from the code: the commands and their options."""

from __future__ import annotations

from typing import Any

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from agent.cli.main import app


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Adds the reference of the commands."""
    files.append(File.generated(config, "reference/commands.md", content=commands_page()))
    return files


def commands_page() -> str:
    """Every command with its options, as `--help` has them."""
    lines = ["# Commands", "", "Each of these prints the same with `--help`."]
    lines += _section(typer.main.get_command(app), "treewright", 2)
    return "\n".join(lines) + "\n"


def _section(command: Any, name: str, level: int) -> list[str]:
    lines = ["", f"{'#' * level} `{name}`", "", " ".join((command.help or "").split()), ""]
    if getattr(command, "commands", None):
        lines += _examples(command)
        for child in command.commands.values():
            lines += _section(child, f"{name} {child.name}", level + 1)
        return lines
    lines += ["| option | what | default |", "|---|---|---|"]
    for parameter in command.params:
        if parameter.name == "help":
            continue
        is_option = parameter.param_type_name == "option"
        names = " ".join(f"`{each}`" for each in parameter.opts) if is_option else f"`{parameter.name.upper()}`"
        default = parameter.default
        shown = "" if default in (None, "", False, ()) or callable(default) else f"`{default}`"
        lines.append(f"| {names} | {_cell(getattr(parameter, 'help', '') or '')} | {shown} |")
    return [*lines, *_examples(command)]


def _examples(command: Any) -> list[str]:
    found = [line.strip() for line in (command.epilog or "").splitlines() if line.strip().startswith("treewright")]
    return ["", "```", *found, "```"] if found else []


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
