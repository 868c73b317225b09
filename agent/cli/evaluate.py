"""`treewright evaluate`: grade patches with hidden tests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tools.errors import InputError

if TYPE_CHECKING:
    from agent.evaluation.dataset import Evaluation, Told
    from environments.benchmarks import BenchmarkTask

EXAMPLES = (
    "Examples:\n\n"
    "treewright evaluate predictions.jsonl --dataset swe-bench-lite --split dev --out graded -j 2\n\n"
    "treewright evaluate --repo . --base HEAD --patch fix.diff --test-patch tests.diff --tests test_x.py::test_y --json"
)


class Harness(StrEnum):
    """Who grades: we, the official harness, or both, to see whether they agree."""

    OURS = "ours"
    OFFICIAL = "official"
    BOTH = "both"


MANY, ONE = "Predictions for a dataset", "One patch"

Dataset = Annotated[str, typer.Option("--dataset", "-d", help="As for batch.", rich_help_panel=MANY)]
Split = Annotated[str, typer.Option("--split", help="Of the dataset.", rich_help_panel=MANY)]
Mirrors = Annotated[Path | None, typer.Option("--mirrors", help="Folder of OWNER__NAME.git.", rich_help_panel=MANY)]
Ids = Annotated[list[str] | None, typer.Option("--ids", help="Only this one; repeatable.", rich_help_panel=MANY)]
Filter = Annotated[str, typer.Option("--filter", help="Pattern that ids must match.", rich_help_panel=MANY)]
Slice = Annotated[str, typer.Option("--slice", help="As in Python: 0:50.", rich_help_panel=MANY)]
Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="Folder of evaluation.json; beside the predictions.", rich_help_panel=MANY),
]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, help="Instances at a time.", rich_help_panel=MANY)]
Redo = Annotated[bool, typer.Option("--redo", help="Grade again what was graded.", rich_help_panel=MANY)]
RunEmpty = Annotated[bool, typer.Option("--run-empty", help="Run tests for empty patches too.", rich_help_panel=MANY)]
HarnessOption = Annotated[
    Harness, typer.Option("--harness", help="Who grades; official needs Docker.", rich_help_panel=MANY)
]
BuildImages = Annotated[
    bool, typer.Option("--build-images", help="Build images that cannot be fetched.", rich_help_panel=MANY)
]
Repo = Annotated[str, typer.Option("--repo", help="Path or URL of a git repository.", rich_help_panel=ONE)]
Base = Annotated[str, typer.Option("--base", help="Revision that the patches are for.", rich_help_panel=ONE)]
Patch = Annotated[Path | None, typer.Option("--patch", help="The patch to grade.", rich_help_panel=ONE)]
TestPatch = Annotated[Path | None, typer.Option("--test-patch", help="The hidden tests.", rich_help_panel=ONE)]
Tests = Annotated[
    list[str] | None,
    typer.Option("--tests", help="Ids that must pass, by commas, or @FILE; repeatable.", rich_help_panel=ONE),
]
Setup = Annotated[str, typer.Option("--setup", help="Prepares a workspace at the base.", rich_help_panel=ONE)]
SetupNetwork = Annotated[bool, typer.Option("--setup-network", help="With the network.", rich_help_panel=ONE)]
Test = Annotated[str, typer.Option("--test", help="Runs the tests; detected if empty.", rich_help_panel=ONE)]
Python = Annotated[str, typer.Option("--python", help="Interpreter: X.Y or a path.", rich_help_panel=ONE)]


def command(
    predictions: Annotated[str, typer.Argument(help="File, folder of a batch, or gold.")] = "",
    *,
    dataset: Dataset = "",
    split: Split = "",
    mirrors: Mirrors = None,
    ids: Ids = None,
    filter: Filter = "",
    slice: Slice = "",
    out: Out = None,
    jobs: Jobs = 1,
    redo: Redo = False,
    run_empty: RunEmpty = False,
    harness: HarnessOption = Harness.OURS,
    build_images: BuildImages = False,
    repo: Repo = ".",
    base: Base = "HEAD",
    patch: Patch = None,
    test_patch: TestPatch = None,
    tests: Tests = None,
    setup: Setup = "",
    setup_network: SetupNetwork = False,
    test: Test = "",
    python: Python = "",
    environment: Annotated[str, typer.Option("--environment", help="bubblewrap, docker; local for one patch.")] = (
        "bubblewrap"
    ),
    image: Annotated[str, typer.Option("--image", help="Image, for docker.")] = "",
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Grade patches by hidden tests: tests and settings come from the base and the hidden tests, whatever they do."""
    given = locals()
    if bool(predictions) == bool(patch):
        hint = "treewright evaluate PREDICTIONS --dataset NAME, or --patch FILE --tests IDS"
        raise InputError("give predictions or one patch", hint=hint)
    raise typer.Exit(_many(given) if predictions else _one(given))


def _many(given: dict[str, Any]) -> int:
    from agent.batch.layout import BatchFolder
    from agent.batch.reader import is_batch
    from agent.batch.report import write_report
    from agent.cli.interrupts import INTERRUPTED, until_done
    from agent.cli.text import one_line
    from agent.evaluation.harness import disagreeing
    from agent.evaluation.instance import InstanceResult
    from agent.evaluation.predictions import read_predictions
    from environments.benchmarks import Choice, load

    if not given["dataset"]:
        raise InputError("which dataset are the predictions for?", hint="give --dataset")
    if given["environment"] == "local":
        raise InputError("a dataset is not graded without isolation", hint="--environment bubblewrap or docker")
    choice = Choice(tuple(given["ids"] or ()), given["filter"], part=given["slice"])
    tasks = load(given["dataset"], split=given["split"], choice=choice, mirrors=given["mirrors"])
    patches = read_predictions(given["predictions"], tasks)
    where = Path(given["predictions"])
    out = given["out"] or (where if where.is_dir() else where.parent)

    def tell(name: str, result: InstanceResult) -> None:
        if given["json_output"]:
            typer.echo(json.dumps({"instance": name, **result.plain()}))
        else:
            typer.echo(f"{name:<36} {result.status:<11} {result.seconds:6.1f} s  {one_line(result.reason, 100)}")
            if result.missing:
                typer.echo(f"{'':<36} empty, as the repository lacks them: {one_line(', '.join(result.missing), 100)}")

    found = until_done(_graded(given, tasks, patches, out, tell), lambda text: typer.echo(text, err=True))
    if found is None:
        return INTERRUPTED
    totals = {**found.totals(), "not predicted": len(tasks) - len(patches)}
    differing = disagreeing(found, out) if given["harness"] == "both" else {}
    if given["json_output"]:
        typer.echo(json.dumps({"totals": totals, "disagreements": differing}))
    else:
        typer.echo(_table(totals))
        for name, (ours, theirs) in differing.items():
            typer.echo(f"disagreement: {name} is {ours} here, {theirs} for the harness")
    if is_batch(out):
        write_report(BatchFolder(out))  # last: its ledger may be on a server that is not there now
    return 1 if differing else 3 if totals.get("unavailable") or totals.get("error") else 0


async def _graded(
    given: dict[str, Any], tasks: Sequence[BenchmarkTask], patches: Mapping[str, str], out: Path, tell: Told
) -> Evaluation:
    from agent.evaluation.building import provider
    from agent.evaluation.dataset import evaluate
    from agent.evaluation.harness import BESIDE, NAMESPACE, evaluate_officially
    from agent.evaluation.instance import Grader
    from agent.folders import cache_folder
    from environments.registry import create

    harness, how = given["harness"], {"jobs": given["jobs"], "redo": given["redo"], "tell": tell}
    namespace = "none" if given["build_images"] else NAMESPACE
    if harness == "official":
        return await evaluate_officially(tasks, patches, out, namespace=namespace, **how)
    environments = provider(given["environment"], image=given["image"], build=given["build_images"])
    grader = Grader(environments, create("bubblewrap"), cache_folder() / "repositories", run_empty=given["run_empty"])
    found = await evaluate(tasks, patches, out, grader, **how)
    if harness == "both":
        await evaluate_officially(tasks, patches, out / BESIDE, namespace=namespace, **how)
    return found


def _table(totals: dict[str, Any]) -> str:
    rate = totals.pop("resolved_rate")
    rows = [f"{name:<14}{count:>6}" for name, count in totals.items()]
    return "\n".join(["", *rows, f"resolved      {100 * rate:5.1f} % of what was graded" if rate is not None else ""])


def _one(given: dict[str, Any]) -> int:
    import asyncio
    from dataclasses import asdict

    from agent.cli.text import safe
    from agent.evaluation.single import Request, evaluate_one
    from environments.registry import create

    request = Request(
        given["repo"],
        given["base"],
        _text(given["patch"]),
        _text(given["test_patch"]) if given["test_patch"] else "",
        _ids(given["tests"] or []),
        setup=given["setup"],
        setup_network=given["setup_network"],
        test=given["test"],
        python=given["python"],
    )
    verdict = asyncio.run(evaluate_one(request, create(given["environment"], image=given["image"] or None)))
    if given["json_output"]:
        typer.echo(json.dumps({"resolved": verdict.resolved, **asdict(verdict)}, indent=1))
    else:
        typer.echo(f"{verdict.status}{': ' if verdict.reason else ''}{safe(verdict.reason)}")
        for path, reason in verdict.left_out.items():
            typer.echo(f"  not graded: {safe(path)}: {reason}")
    return 0 if verdict.resolved else 1


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error


def _ids(given: list[str]) -> tuple[str, ...]:
    found: list[str] = []
    for each in given:
        if each.startswith("@"):
            found += _text(Path(each[1:])).splitlines()
        else:
            found += _split(each)
    ids = tuple(dict.fromkeys(test.strip() for test in found if test.strip()))
    if not ids:
        raise InputError("no tests are named", hint="give --tests ID or --tests @FILE, one id a line")
    return ids


def _split(text: str) -> list[str]:
    """By commas, but not those inside of brackets: ids of parametrised tests hold some."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "[") - (character == "]")
        if character == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts
