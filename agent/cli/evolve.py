"""`treewright evolve`: a search over designs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.cli import options
from tools.errors import InputError

EXAMPLES = (
    "Examples:\n\ntreewright evolve --cases benchmarks/mechanical --out runs/evolution --designs 30 --max-nodes 12\n\n"
    "treewright evolve --problems HumanEval.jsonl.gz --out runs/adas --strategy adas_all --model openai/gpt-4.1-mini "
    "--max-total-cost 5"
)
TASKS, SEARCH = "Which tasks", "How designs are searched for"
SETTINGS = (
    *("model", "environment", "image", "protocol", "seed", "concurrency", "record", "replay", "cache"),
    *("max_cost", "max_tokens", "max_nodes", "max_seconds", "unknown_price", "confidence", "setup_network"),
)

Problems = Annotated[
    Path | None,
    typer.Option("--problems", help="Function-level problems, judged by hidden tests.", rich_help_panel=TASKS),
]
Cases = Annotated[
    list[Path] | None,
    typer.Option("--cases", help="Folder of bugs of released packages; repeatable.", rich_help_panel=TASKS),
]
Dataset = Annotated[
    str, typer.Option("--dataset", "-d", help="As for `batch`; judged by each run's tests.", rich_help_panel=TASKS)
]
Split = Annotated[str, typer.Option("--split", help="Of the dataset: test, dev.", rich_help_panel=TASKS)]
Ids = Annotated[list[str] | None, typer.Option("--ids", help="Only this task; repeatable.", rich_help_panel=TASKS)]
HeldOut = Annotated[
    float,
    typer.Option("--held-out", min=0.01, max=0.99, help="Share of the tasks kept for the end.", rich_help_panel=TASKS),
]
CaseCache = Annotated[
    Path | None,
    typer.Option("--case-cache", help="Where cases are rebuilt; in --out, if not given.", rich_help_panel=TASKS),
]
Strategy = Annotated[
    str,
    typer.Option("--strategy", help="Which design is developed next: a name or a .py file.", rich_help_panel=SEARCH),
]
Start = Annotated[
    list[str] | None,
    typer.Option("--start", help="Design to start with, name or file; repeatable.", rich_help_panel=SEARCH),
]
Designs = Annotated[int, typer.Option("--designs", min=1, help="Designs to make.", rich_help_panel=SEARCH)]
Evaluations = Annotated[
    int, typer.Option("--evaluations", min=1, help="Runs on the search tasks, in all.", rich_help_panel=SEARCH)
]
ProposerName = Annotated[
    str, typer.Option("--proposer", help="offline or meta; by whether there is a model.", rich_help_panel=SEARCH)
]
Parallel = Annotated[int, typer.Option("--parallel", min=1, help="Things at a time.", rich_help_panel=SEARCH)]
Executor = Annotated[
    str, typer.Option("--executor", help="local: this process; ray: a cluster of machines.", rich_help_panel=SEARCH)
]
RayAddress = Annotated[
    str, typer.Option("--ray-address", help="Of the cluster; without it one starts here.", rich_help_panel=SEARCH)
]
RayCpus = Annotated[
    float, typer.Option("--ray-cpus", min=0, help="Processors that each run claims.", rich_help_panel=SEARCH)
]
NoFinale = Annotated[
    bool, typer.Option("--no-finale", help="Leave the held-out tasks for later.", rich_help_panel=SEARCH)
]
MaxTotalCost = Annotated[
    float | None,
    typer.Option("--max-total-cost", min=0, help="US dollars, for all of it.", rich_help_panel=options.BUDGET),
]
Out = Annotated[
    Path, typer.Option("--out", "-o", help="Folder of the evolution; the same goes on.", rich_help_panel=options.RESULT)
]
Json = Annotated[bool, typer.Option("--json", help="Print events, one JSON a line.", rich_help_panel=options.RESULT)]


def command(
    *,
    out: Out,
    problems: Problems = None,
    cases: Cases = None,
    dataset: Dataset = "",
    split: Split = "",
    ids: Ids = None,
    held_out: HeldOut = 0.4,
    case_cache: CaseCache = None,
    strategy: Strategy = "hgm",
    start: Start = None,
    designs: Designs = 30,
    evaluations: Evaluations = 200,
    proposer: ProposerName = "",
    parallel: Parallel = 1,
    no_finale: NoFinale = False,
    executor: Executor = "local",
    ray_address: RayAddress = "",
    ray_cpus: RayCpus = 1.0,
    model: options.Model = None,
    role_model: options.RoleModel = None,
    environment: options.Environment = None,
    image: options.Image = None,
    protocol: options.Protocol = None,
    no_reproduction: options.NoReproduction = False,
    setup_network: options.SetupNetwork = None,
    seed: options.Seed = None,
    concurrency: options.Concurrency = None,
    record: options.Record = None,
    replay: options.Replay = None,
    cache: options.Cache = None,
    max_cost: options.MaxCost = None,
    max_tokens: options.MaxTokens = None,
    max_nodes: options.MaxNodes = None,
    max_seconds: options.MaxSeconds = None,
    unknown_price: options.UnknownPrice = None,
    max_total_cost: MaxTotalCost = None,
    confidence: options.Confidence = None,
    json_output: Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Search for better designs: make, try, keep, and compare the champion on held-out tasks, once.

    The same command goes on where it was stopped, however it was stopped. Designs run in a sandbox.

    Exit codes: 0 it came to its end, 3 the machine stopped it, 4 the money is spent, 130 interrupted.
    """
    _start(locals())


def _start(given: dict[str, Any]) -> None:
    from rich.console import Console

    from agent.cli.evolve_view import shown
    from agent.cli.interrupts import INTERRUPTED, until_done
    from agent.cli.solve import pairs
    from agent.config import resolve
    from agent.evolve.layout import EvolutionFolder
    from agent.evolve.run import Options, evolve
    from agent.folders import no_repository

    flags = {name: given[name] for name in SETTINGS}
    flags["role_models"] = pairs(given["role_model"] or ()) or None
    flags["reproduction"] = False if given["no_reproduction"] else None
    settings = resolve(flags).settings
    folder = EvolutionFolder(no_repository(given["out"]))
    asked = Options(
        strategy=given["strategy"],
        seeds=tuple(given["start"] or ()),
        designs=given["designs"],
        evaluations=given["evaluations"],
        proposer=given["proposer"],
        parallel=given["parallel"],
        usd=given["max_total_cost"],
        finale=not given["no_finale"],
        executor="ray" if given["ray_address"] else given["executor"],
        address=given["ray_address"],
        cpus=given["ray_cpus"],
    )
    console = Console(stderr=True)
    with shown(console, quiet=given["quiet"], events=given["json_output"]) as watcher:

        async def work() -> Any:
            exams = await _exams(given, folder.root, settings, watcher.told)
            return await evolve(exams, settings, folder, asked, watcher=watcher)

        summary = until_done(work(), watcher.told)
    if summary is None:
        sys.stderr.write("interrupted; everything that finished is saved. The same command goes on from here.\n")
        raise typer.Exit(INTERRUPTED)
    _report(summary, folder, json_output=given["json_output"], quiet=given["quiet"])
    raise typer.Exit(summary.exit_code)


async def _exams(given: dict[str, Any], out: Path, settings: Any, tell: Any) -> Any:
    """The tasks that were named, parted."""
    import asyncio

    from agent.evolve import exams as of

    sources = [name for name in ("problems", "cases", "dataset") if given[name]]
    if len(sources) != 1:
        raise InputError("which tasks?", hint="give one of --problems FILE, --cases FOLDER, --dataset NAME")
    ids = tuple(given["ids"] or ())
    shown = {"ids": list(ids), "held_out": given["held_out"]}
    if given["problems"]:
        found = of.problem_exams(given["problems"], out / "problems", settings.environment, ids=ids)
        shown["problems"] = given["problems"].name
    elif given["cases"]:
        tell("rebuilding the cases from their releases, where they are not there yet")
        found = await of.case_exams(given["cases"], given["case_cache"] or out / "cases", names=ids)
        shown["cases"] = [folder.name for folder in given["cases"]]
    else:
        from agent.batch.sources import load_tasks
        from environments.benchmarks import Choice

        tasks = await asyncio.to_thread(load_tasks, given["dataset"], split=given["split"], choice=Choice(ids))
        found = tuple(of.Exam(task, of.OwnTests()) for task in tasks)
        shown |= {"dataset": given["dataset"], "split": given["split"]}
    return of.split(found, held_out=given["held_out"], seed=settings.seed, source=shown)


def _report(summary: Any, folder: Any, *, json_output: bool, quiet: bool) -> None:
    from agent.cli.text import safe
    from agent.evolve import finale

    state, finish = summary.state, summary.finish
    if json_output:
        numbers = {"designs": state.designs[0], "refused": state.refused, "evaluations": state.evaluations[0]}
        last = {"event": "summary", **numbers, "usd": state.usd, "end": summary.end, "stopped": finish.reason}
        typer.echo(json.dumps(last | {"exit_code": summary.exit_code}))
    elif not quiet:
        lines = [state.line(), *(finale.told(summary.end) if summary.end else ()), f"report: {folder.report}"]
        for line in lines:
            typer.echo(safe(line))
    if finish.reason:
        sys.stderr.write(f"error: {safe(finish.reason)}\n")
        if finish.hint:
            sys.stderr.write(f"  try: {safe(finish.hint)}\n")
