"""`treewright demo`: repair a real, historical bug of a released package, with no key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = "Examples:\n\ntreewright demo\n\ntreewright demo --list"


def command(
    name: Annotated[str, typer.Argument(help="Which bug; the default one if not given.")] = "",
    listing: Annotated[bool, typer.Option("--list", help="List the bugs there are.")] = False,
    folder: Annotated[Path, typer.Option("--folder", help="Where the case is rebuilt and solved.")] = Path(".demo"),
) -> None:
    """Download a release with a real bug, repair it from the upstream regression test, compare with the fix."""
    import asyncio

    from agent.cli.running import run_and_report
    from agent.comparison import compare
    from agent.config import resolve
    from agent.folders import new_folder_in
    from environments.cases import demo_case, load_cases, prepare
    from environments.registry import create
    from environments.tasks import Task

    cases = load_cases(examples())
    if listing:
        for case in cases:
            if case.demo:
                typer.echo(f"{case.name:<28} {case.package} {case.buggy.version}: {case.description}")
        return
    case = demo_case(cases, name or None)
    typer.echo(f"{case.package} {case.buggy.version}: {case.description}")
    typer.echo(f"The upstream regression test of {case.fixed.version} is the failing test. Preparing ...")
    prepared = asyncio.run(prepare(case, (folder / case.name).resolve(), downloads=(folder / "downloads").resolve()))
    task = Task(
        id=case.name,
        repository=str(prepared.repository),
        problem=case.issue,
        test="pytest",
        python=str(prepared.python),
        failing_tests=prepared.failing_tests,
    )
    settings = resolve({"design": "mechanical", "model": "", "concurrency": 2, "max_seconds": 600.0}).settings
    outcome = run_and_report(task, settings, new_folder_in(folder.resolve() / "runs", case.name))
    if outcome.status == "solved":
        found = asyncio.run(compare(prepared, outcome.patch, create("bubblewrap"), folder.resolve() / case.name))
        total = found.same + len(found.differing)
        typer.echo(f"The tests of {case.package} {case.fixed.version}: {found.same} of {total} end as on that release.")
        for test in found.differing[:5]:
            typer.echo(f"  differs: {test}")
    raise typer.Exit(outcome.exit_code)


def examples() -> Path:
    """The folder of the manifests, beside the packages of a checkout."""
    from tools.errors import InputError

    found = Path(__file__).parents[2] / "examples" / "cases"
    if not found.is_dir():
        raise InputError("the example cases are not installed", hint="run the demo from a checkout: make demo")
    return found
