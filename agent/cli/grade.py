"""`treewright grade`: what the hidden tests of a function-level problem say of a run's answer."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tools.errors import InputError

EXAMPLES = (
    "Examples:\n\ntreewright grade latest --problem HumanEval.jsonl.gz\n\n"
    "treewright grade --source solution.py --problem HumanEval.jsonl.gz#HumanEval/7 --json"
)


def command(
    run: Annotated[str, typer.Argument(help="Folder of the run, its name, or `latest`.")] = "latest",
    *,
    problem: Annotated[str, typer.Option("--problem", help="The file with the hidden tests; FILE#ID.")] = "",
    source: Annotated[Path | None, typer.Option("--source", help="A module to grade instead of a run.")] = None,
    python: Annotated[str, typer.Option("--python", help="Interpreter of the solution: X.Y or a path.")] = "",
    environment: Annotated[str, typer.Option("--environment", help="bubblewrap or local.")] = "bubblewrap",
    json_output: Annotated[bool, typer.Option("--json", help="Print the grade as JSON.")] = False,
) -> None:
    """Grade an answer by hidden tests: exit code 0 when all pass, 1 when not."""
    import asyncio

    from agent.grading import answer_of
    from environments.functions.formats import find_problem
    from environments.functions.grading import grade_patch, grade_source
    from environments.registry import create

    if not problem:
        raise InputError("which problem?", hint="give --problem FILE, with #ID for a --source")
    sandbox = create(environment)
    if source is not None:
        if not source.is_file():
            raise InputError(f"no such file: {source}")
        asked = find_problem(problem)
        text = source.read_text(encoding="utf-8", errors="replace")
        grade = asyncio.run(grade_source(asked, text, sandbox, python=python))
    else:
        task, patch = answer_of(run)
        asked = find_problem(problem if "#" in problem else f"{problem}#{task}")
        grade = asyncio.run(grade_patch(asked, patch, sandbox, python=python))
    if json_output:
        typer.echo(json.dumps({"problem": asked.statement.id, **asdict(grade)}, indent=1))
    else:
        typer.echo(f"{asked.statement.id}: {'passed' if grade.passed else 'failed'}")
        for number, result in enumerate(grade.results, 1):
            if result:
                typer.echo(f"  test {number}: {result}")
        if grade.problem:
            typer.echo(f"  {grade.problem}")
    raise typer.Exit(0 if grade.passed else 1)
