"""`treewright config`: what the settings are, and where each comes from."""

from __future__ import annotations

from typing import Annotated

import typer

SHOW_EXAMPLES = "Examples:\n\ntreewright config show --origin\n\ntreewright config show --profile cheap --json"
SCHEMA_EXAMPLES = (
    "Examples:\n\ntreewright config schema > treewright.schema.json\n\ntreewright config schema | jq .title"
)
PATH_EXAMPLES = 'Examples:\n\ntreewright config path\n\n$EDITOR "$(treewright config path)"'

GROUP_EXAMPLES = "Examples:\n\ntreewright config show --origin\n\ntreewright config schema > treewright.schema.json"
app = typer.Typer(help="Show the settings, and where each comes from.", no_args_is_help=True, epilog=GROUP_EXAMPLES)


@app.command("show", epilog=SHOW_EXAMPLES)
def show(
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value comes from.")] = False,
    profile: Annotated[str, typer.Option("--profile", help="As with this profile.")] = "",
    json_output: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Print the settings as they are here and now: defaults, then file, then environment."""
    import json

    from agent.cli.text import safe
    from agent.config import resolve
    from agent.settings_text import rows, toml_value

    found = rows(resolve({}, profile=profile))
    if json_output:
        typer.echo(json.dumps(found, indent=1))
        return
    width = max(len(row["name"]) for row in found)
    for row in found:
        value = f"{row['name']:<{width}} = {safe(toml_value(row['value']))}"
        typer.echo(f"{value:<50} # {safe(row['origin'])}" if origin else value)


@app.command("schema", epilog=SCHEMA_EXAMPLES)
def schema_() -> None:
    """Print the JSON schema of the configuration file, for editors."""
    import json

    from agent.settings_text import schema

    typer.echo(json.dumps(schema(), indent=1))


@app.command("path", epilog=PATH_EXAMPLES)
def path() -> None:
    """Print where your configuration file lies, whether it is there or not."""
    from agent.config import config_file

    typer.echo(str(config_file()))
