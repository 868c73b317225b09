"""`treewright doctor`: what works on this machine, and what to do about the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from environments.base import Check

EXAMPLES = "Examples:\n\ntreewright doctor\n\ntreewright doctor --json"


def command(
    model: Annotated[str, typer.Option("--model", "-m", help="Check the key of this model.")] = "",
    json_output: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Check git, the sandboxes, Docker and the model's key; says what to do about each."""
    import asyncio
    import json
    from dataclasses import asdict

    from agent.cli.text import safe
    from agent.config import resolve
    from environments.registry import checks

    found = asyncio.run(checks())
    found.append(_key_check(model or resolve({}).settings.model))
    if json_output:
        typer.echo(json.dumps([asdict(check) for check in found], indent=1))
    else:
        for check in found:
            typer.echo(f"{'ok  ' if check.ok else 'no  '} {check.name:<22} {safe(check.detail)}")
            if not check.ok and check.remedy:
                typer.echo(f"     {'':<22} try: {safe(check.remedy)}")
    sandboxes = [check for check in found if check.name in ("bubblewrap", "docker")]
    if not any(check.ok for check in sandboxes) or not all(check.ok for check in found if check.name == "git"):
        raise typer.Exit(3)


def _key_check(model: str) -> Check:
    from agent.model.client import missing_keys
    from environments.base import Check

    if not model:
        return Check("model", True, "none configured: mechanical repair", "give --model NAME, or set TREEWRIGHT_MODEL")
    missing = missing_keys(model)
    if missing:
        return Check("model", False, f"{model} needs {' and '.join(missing)}", f"export {missing[0]}=...")
    return Check("model", True, f"{model}: the keys it needs are set (not tried)")
