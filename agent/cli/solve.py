"""`treewright solve`: one issue in one repository."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from agent.cli import options
from tools.errors import InputError

if TYPE_CHECKING:
    from environments.tasks import Task

EXAMPLES = (
    "Examples:\n\n"
    "treewright solve OWNER/REPO#123 --model anthropic/claude-sonnet-4-5 --max-cost 2 --open-pr\n\n"
    "treewright solve --repo . --issue bug.md --model anthropic/claude-sonnet-4-5 --max-cost 2\n\n"
    "treewright solve --repo . --issue 'rounding is off' --failing-test tests/test_money.py::test_round\n\n"
    "treewright solve --problem HumanEval.jsonl.gz#HumanEval/7 --design codet --model openai/gpt-5-mini"
)

SETTINGS = (
    "model",
    "design",
    "policy",
    "sandboxed",
    "environment",
    "image",
    "protocol",
    "seed",
    "concurrency",
    "record",
    "replay",
    "cache",
    "max_cost",
    "max_tokens",
    "max_nodes",
    "max_seconds",
    "unknown_price",
    "confidence",
    "wrong_patch_cost",
    "setup_network",
)
"""The flags that are settings of the same name; None when they are not given."""


def command(
    reference: options.Reference = "",
    *,
    repo: options.Repo = "",
    issue: options.Issue = "",
    problem: options.ProblemFile = "",
    base: options.Base = "",
    allow_closed: options.AllowClosed = False,
    failing_test: options.FailingTest = None,
    include_uncommitted: options.IncludeUncommitted = False,
    setup: options.Setup = "",
    setup_network: options.SetupNetwork = None,
    test: options.Test = "",
    python: options.Python = "",
    model: options.Model = None,
    role_model: options.RoleModel = None,
    profile: options.Profile = "",
    design: options.Design = None,
    policy: options.Policy = None,
    tools: options.Tools = None,
    sandboxed: options.Sandboxed = None,
    environment: options.Environment = None,
    image: options.Image = None,
    protocol: options.Protocol = None,
    no_reproduction: options.NoReproduction = False,
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
    confidence: options.Confidence = None,
    wrong_patch_cost: options.WrongPatchCost = None,
    out: options.Out = None,
    apply: options.Apply = False,
    branch: options.Branch = "",
    open_pr: options.OpenPr = False,
    comment: options.Comment = False,
    dry_run: options.DryRun = False,
    json_output: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Solve one issue: a proven patch, an honest abstention, or a clear error."""
    _solve(locals())


def _solve(given: dict[str, Any]) -> None:
    from agent.cli.running import Delivery, start
    from agent.config import resolve

    chosen = [name for name in ("apply", "branch", "open_pr", "comment") if given[name]]
    if len(chosen) > 1:
        first, second = (f"--{name.replace('_', '-')}" for name in chosen[:2])
        raise InputError(f"{first} and {second} exclude each other", hint="choose one")
    if given["dry_run"] and not (given["open_pr"] or given["comment"]):
        raise InputError("--dry-run shows what --open-pr or --comment would send", hint="add one of them")
    flags = {name: given[name] for name in SETTINGS}
    flags["tools"] = tuple(given["tools"] or ()) or None
    flags["role_models"] = pairs(given["role_model"] or ()) or None
    flags["reproduction"] = False if given["no_reproduction"] else None
    settings = resolve(flags, profile=given["profile"]).settings
    delivery = Delivery(given["apply"], given["branch"], given["open_pr"], given["comment"], given["dry_run"])
    start(_task(given), settings, given["out"], delivery, json_output=given["json_output"], quiet=given["quiet"])


def _task(given: dict[str, Any]) -> Task:
    from environments.tasks import Task, read_problem

    if given["problem"]:
        return _function_task(given)
    issue, failing, out = given["issue"], tuple(given["failing_test"] or ()), given["out"]
    named = given["reference"] or (issue if issue.startswith("http") else "")
    if named:
        source = _from_forge(named, given)
    elif given["open_pr"] or given["comment"]:
        raise InputError("there is no issue to answer to", hint="treewright solve OWNER/REPO#N --open-pr")
    elif not issue and not failing:
        raise InputError("nothing to solve", hint="give --issue, or --failing-test for a test that shows the problem")
    else:
        problem = read_problem(issue) if issue else f"These tests fail: {', '.join(failing)}"
        source = {"id": "", "repository": given["repo"] or ".", "base": given["base"] or "HEAD", "problem": problem}
    if out:
        source["id"] = out.name
    return Task(
        setup=given["setup"],
        test=given["test"],
        python=given["python"],
        failing_tests=failing,
        include_uncommitted=given["include_uncommitted"],
        **source,
    )


def _function_task(given: dict[str, Any]) -> Task:
    """The task of a problem of a HumanEval-like file; its hidden tests end here."""
    from dataclasses import replace

    from agent.folders import cache_folder
    from environments.functions.formats import find_problem
    from environments.functions.repository import as_task

    if given["issue"] or given["failing_test"] or given["repo"]:
        raise InputError("--problem brings its own issue, tests and repository", hint="leave the others out")
    statement = find_problem(given["problem"]).statement
    return replace(as_task(statement, cache_folder() / "problems"), python=given["python"])


def _from_forge(named: str, given: dict[str, Any]) -> dict[str, str]:
    """What a task takes from the issue's page."""
    import sys

    from agent.cli.text import one_line
    from agent.forge.connect import connect
    from agent.forge.intake import take_in
    from agent.forge.references import parse_reference

    reference = parse_reference(named)
    if reference is None:
        hint = "give OWNER/REPO#N or the issue's URL; --issue takes files and text"
        raise InputError(f"{named} names no issue", hint=hint)
    taken = take_in(
        connect(reference),
        reference,
        repository=given["repo"],
        base=given["base"],
        pull_request=given["open_pr"],
        comment=given["comment"],
        allow_closed=given["allow_closed"],
    )
    if not given["quiet"]:
        for note in (reference.url, *taken.notes):
            sys.stderr.write(f"issue: {one_line(note, 110)}\n")
    number = f"{reference.project.rpartition('/')[2]}-{reference.number}"
    return {
        "id": number,
        "repository": taken.repository,
        "base": taken.base,
        "problem": taken.problem,
        "issue": reference.url,
    }


def pairs(texts: Sequence[str]) -> dict[str, str]:
    """`ROLE=NAME` texts as a mapping."""
    pairs = [text.partition("=") for text in texts]
    if any(not name or not value for name, _, value in pairs):
        raise InputError("--role-model wants ROLE=NAME, such as critic=openai/gpt-5-mini")
    return {name: value for name, _, value in pairs}
