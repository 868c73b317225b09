"""`treewright batch`: many tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from agent.cli import options

EXAMPLES = (
    "Examples:\n\n"
    "treewright batch --dataset tasks/ --out runs/first -j 8 --model anthropic/claude-sonnet-4-5 --max-cost 1\n\n"
    "treewright batch --dataset tasks.jsonl --slice 0:50 --out runs/first --retry-infra 3 --json"
)
TASKS, RUNNING = "Which tasks", "How many at a time"

SETTINGS = (
    *("model", "design", "environment", "image", "protocol", "seed", "concurrency", "record", "replay", "cache"),
    *("max_cost", "max_tokens", "max_nodes", "max_seconds", "unknown_price", "confidence", "wrong_patch_cost"),
    *("setup_network", "policy", "sandboxed"),
)

Dataset = Annotated[
    str,
    typer.Option(
        "--dataset",
        "-d",
        help="swe-bench-lite, swe-bench-verified, a name on the hub, a file, or a folder of TOML files.",
        rich_help_panel=TASKS,
    ),
]
Split = Annotated[str, typer.Option("--split", help="Of the dataset: test, dev.", rich_help_panel=TASKS)]
Mirrors = Annotated[
    Path | None,
    typer.Option("--mirrors", help="Folder of bare repositories OWNER__NAME.git.", rich_help_panel=TASKS),
]
Ids = Annotated[list[str] | None, typer.Option("--ids", help="Only this task; repeatable.", rich_help_panel=TASKS)]
Slice = Annotated[str, typer.Option("--slice", help="As in Python: 0:50.", rich_help_panel=TASKS)]
Filter = Annotated[str, typer.Option("--filter", help="Pattern that ids must match.", rich_help_panel=TASKS)]
Shuffle = Annotated[bool, typer.Option("--shuffle", help="In a random order, by --seed.", rich_help_panel=TASKS)]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, help="Tasks at a time.", rich_help_panel=RUNNING)]
Concurrency = Annotated[
    int | None, typer.Option("--concurrency", help="Expansions at a time, in each task.", rich_help_panel=RUNNING)
]
MaxRequests = Annotated[
    int,
    typer.Option("--max-requests", min=1, help="Requests at a time, to each model.", rich_help_panel=RUNNING),
]
MaxSandboxes = Annotated[
    int | None,
    typer.Option("--max-sandboxes", min=1, help="Sandboxes at a time; one per core.", rich_help_panel=RUNNING),
]
RetryInfra = Annotated[
    int,
    typer.Option("--retry-infra", min=0, help="Tries more after infrastructure failures.", rich_help_panel=RUNNING),
]
Executor = Annotated[
    str, typer.Option("--executor", help="local: this machine; ray: a cluster of machines.", rich_help_panel=RUNNING)
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        help="Processes that share the tasks; one for 16 tasks at a time, at most one per core.",
        rich_help_panel=RUNNING,
    ),
]
RayAddress = Annotated[
    str,
    typer.Option("--ray-address", help="Of the cluster; without it one starts here.", rich_help_panel=RUNNING),
]
RayCpus = Annotated[
    float, typer.Option("--ray-cpus", min=0, help="Processors that each task claims.", rich_help_panel=RUNNING)
]
Redo = Annotated[
    list[str] | None,
    typer.Option("--redo", help="Do over: a task, a status, or all; repeatable.", rich_help_panel=RUNNING),
]
MaxTotalCost = Annotated[
    float | None,
    typer.Option("--max-total-cost", min=0, help="US dollars, for all tasks.", rich_help_panel=options.BUDGET),
]
Out = Annotated[
    Path, typer.Option("--out", "-o", help="Folder of the batch; the same goes on.", rich_help_panel=options.RESULT)
]
Store = Annotated[
    str,
    typer.Option(
        "--store",
        help="Keep the ledger in this PostgreSQL: postgresql://USER@HOST/NAME.",
        rich_help_panel=options.RESULT,
    ),
]
Name = Annotated[str, typer.Option("--name", help="Of the system, in the predictions.", rich_help_panel=options.RESULT)]
Abstentions = Annotated[
    bool,
    typer.Option(
        "--with-abstentions", help="Predict also what runs do not believe in.", rich_help_panel=options.RESULT
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print events, one JSON a line.", rich_help_panel=options.RESULT)]


def command(
    *,
    dataset: Dataset,
    out: Out,
    split: Split = "",
    mirrors: Mirrors = None,
    ids: Ids = None,
    filter: Filter = "",
    shuffle: Shuffle = False,
    slice: Slice = "",
    jobs: Jobs = 1,
    concurrency: Concurrency = None,
    max_requests: MaxRequests = 32,
    max_sandboxes: MaxSandboxes = None,
    retry_infra: RetryInfra = 1,
    redo: Redo = None,
    executor: Executor = "local",
    workers: Workers = None,
    ray_address: RayAddress = "",
    ray_cpus: RayCpus = 1.0,
    model: options.Model = None,
    role_model: options.RoleModel = None,
    design: options.Design = None,
    policy: options.Policy = None,
    tools: options.Tools = None,
    sandboxed: options.Sandboxed = None,
    environment: options.Environment = None,
    image: options.Image = None,
    protocol: options.Protocol = None,
    no_reproduction: options.NoReproduction = False,
    setup_network: options.SetupNetwork = None,
    seed: options.Seed = None,
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
    wrong_patch_cost: options.WrongPatchCost = None,
    store: Store = "",
    name: Name = "",
    with_abstentions: Abstentions = False,
    json_output: Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Run many tasks; the same command goes on where it was stopped, however it was stopped.

    Exit codes: 0 all tasks ended, 2 it could not begin, 3 infrastructure failures remain, 4 the money is spent,
    130 interrupted.
    """
    _start(locals())


def _start(given: dict[str, Any]) -> None:
    import os
    from dataclasses import asdict

    from agent.batch.executors.workers import default_workers
    from agent.batch.layout import BatchFolder
    from agent.batch.run import Options
    from agent.batch.sources import load_tasks
    from agent.cli.batch_running import run_and_report
    from agent.cli.solve import pairs
    from agent.config import resolve
    from agent.folders import no_repository
    from environments.benchmarks import Choice

    flags = {name: given[name] for name in SETTINGS}
    flags["tools"] = tuple(given["tools"] or ()) or None
    flags["role_models"] = pairs(given["role_model"] or ()) or None
    flags["reproduction"] = False if given["no_reproduction"] else None
    settings = resolve(flags).settings
    choice = Choice(tuple(given["ids"] or ()), given["filter"], given["shuffle"], settings.seed, given["slice"])
    batch = Options(
        jobs=given["jobs"],
        requests=given["max_requests"],
        sandboxes=given["max_sandboxes"] or os.cpu_count() or 1,
        usd=given["max_total_cost"],
        retry_infra=given["retry_infra"],
        redo=tuple(given["redo"] or ()),
        abstentions=given["with_abstentions"],
        name=given["name"],
        executor="ray" if given["ray_address"] else given["executor"],
        workers=min(given["workers"] or default_workers(settings, given["jobs"]), given["jobs"]),
        address=given["ray_address"],
        cpus=given["ray_cpus"],
        store=given["store"],
        source={"dataset": given["dataset"], "split": given["split"], **asdict(choice)},
    )
    tasks = load_tasks(given["dataset"], split=given["split"], choice=choice, mirrors=given["mirrors"])
    folder = BatchFolder(no_repository(given["out"]))
    raise typer.Exit(
        run_and_report(tasks, settings, folder, batch, json_output=given["json_output"], quiet=given["quiet"])
    )
