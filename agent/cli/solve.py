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
    "treewright solve --repo . --issue bug.md --model anthropic/claude-sonnet-4-5 --max-cost 2\n\n"
    "treewright solve --repo . --issue 'rounding is off' --failing-test tests/test_money.py::test_round"
)

SETTINGS = (
    "model",
    "design",
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
    "setup_network",
)
"""The flags that are settings of the same name; None when they are not given."""


def command(
    *,
    repo: options.Repo = ".",
    issue: options.Issue = "",
    base: options.Base = "HEAD",
    failing_test: options.FailingTest = None,
    include_uncommitted: options.IncludeUncommitted = False,
    setup: options.Setup = "",
    setup_network: options.SetupNetwork = None,
    test: options.Test = "",
    python: options.Python = "",
    model: options.Model = None,
    role_model: options.RoleModel = None,
    design: options.Design = None,
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
    out: options.Out = None,
    apply: options.Apply = False,
    branch: options.Branch = "",
    json_output: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Solve one issue: a proven patch, an honest abstention, or a clear error."""
    _solve(locals())


def _solve(given: dict[str, Any]) -> None:
    from agent.cli.running import Delivery, start
    from agent.config import resolve

    if given["apply"] and given["branch"]:
        raise InputError("--apply and --branch exclude each other", hint="choose one")
    flags = {name: given[name] for name in SETTINGS}
    flags["role_models"] = _pairs(given["role_model"] or ()) or None
    flags["reproduction"] = False if given["no_reproduction"] else None
    settings = resolve(flags).settings
    delivery = Delivery(given["apply"], given["branch"])
    start(_task(given), settings, given["out"], delivery, json_output=given["json_output"], quiet=given["quiet"])


def _task(given: dict[str, Any]) -> Task:
    from environments.tasks import Task, read_problem

    issue, failing, out = given["issue"], tuple(given["failing_test"] or ()), given["out"]
    if not issue and not failing:
        raise InputError("nothing to solve", hint="give --issue, or --failing-test for a test that shows the problem")
    return Task(
        id=out.name if out else "",
        repository=given["repo"],
        base=given["base"],
        problem=read_problem(issue) if issue else f"These tests fail: {', '.join(failing)}",
        setup=given["setup"],
        test=given["test"],
        python=given["python"],
        failing_tests=failing,
        include_uncommitted=given["include_uncommitted"],
    )


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    if any(not name or not value for name, _, value in pairs):
        raise InputError("--role-model wants ROLE=NAME, such as critic=openai/gpt-5-mini")
    return {name: value for name, _, value in pairs}
