"""The options of `treewright solve`, one type each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SOURCE, MODEL, BUDGET, RESULT = "What to solve", "How", "Limits", "What comes out"


def _designs(incomplete: str) -> list[str]:
    """Names of designs, for the shell's completion; files are completed by the shell."""
    from agent.designs import names
    from tools.extensions import installed

    return [name for name in (*names(), *installed("solve")) if name.startswith(incomplete)]


def _policies(incomplete: str) -> list[str]:
    """Names of policies, likewise."""
    from search.policy import names
    from tools.extensions import installed

    return [name for name in (*names(), *installed("policy")) if name.startswith(incomplete)]


Reference = Annotated[str, typer.Argument(help="Issue on GitHub or GitLab: its URL, or OWNER/REPO#N.")]
Repo = Annotated[
    str,
    typer.Option("--repo", help="Path or URL of a git repository; here, or the issue's own.", rich_help_panel=SOURCE),
]
Issue = Annotated[
    str, typer.Option("--issue", "-i", help="File, - for standard input, or the text.", rich_help_panel=SOURCE)
]
ProblemFile = Annotated[
    str,
    typer.Option("--problem", help="FILE#ID of a HumanEval, MBPP or CodeContests JSONL file.", rich_help_panel=SOURCE),
]
Base = Annotated[
    str, typer.Option("--base", help="Revision to start from; HEAD, or the default branch.", rich_help_panel=SOURCE)
]
AllowClosed = Annotated[bool, typer.Option("--allow-closed", help="Solve a closed issue, too.", rich_help_panel=SOURCE)]
FailingTest = Annotated[
    list[str] | None,
    typer.Option("--failing-test", help="A test that shows the problem; repeatable.", rich_help_panel=SOURCE),
]
IncludeUncommitted = Annotated[
    bool, typer.Option("--include-uncommitted", help="Start from the work tree as it is.", rich_help_panel=SOURCE)
]
Setup = Annotated[
    str, typer.Option("--setup", help="Command that prepares a workspace, run once.", rich_help_panel=SOURCE)
]
SetupNetwork = Annotated[
    bool | None, typer.Option("--setup-network", help="Let the setup use the network.", rich_help_panel=SOURCE)
]
Test = Annotated[
    str, typer.Option("--test", help="Command that runs the tests; detected if empty.", rich_help_panel=SOURCE)
]
Python = Annotated[
    str, typer.Option("--python", help="Interpreter of the tests: X.Y or a path.", rich_help_panel=SOURCE)
]
Model = Annotated[
    str | None,
    typer.Option("--model", "-m", help="Model, in litellm's naming; none: mechanical.", rich_help_panel=MODEL),
]
RoleModel = Annotated[
    list[str] | None, typer.Option("--role-model", help="ROLE=NAME; repeatable.", rich_help_panel=MODEL)
]
Profile = Annotated[str, typer.Option("--profile", help="Profile of your configuration file.", rich_help_panel=MODEL)]
Design = Annotated[
    str | None,
    typer.Option("--design", help="Name of a design, or a file.", rich_help_panel=MODEL, autocompletion=_designs),
]
Policy = Annotated[
    str | None,
    typer.Option(
        "--policy",
        help="Policy or file, in place of the design's own.",
        rich_help_panel=MODEL,
        autocompletion=_policies,
    ),
]
Tools = Annotated[
    list[str] | None,
    typer.Option("--tools", help="File with tools for the model; repeatable.", rich_help_panel=MODEL),
]
Sandboxed = Annotated[
    bool | None,
    typer.Option("--sandboxed", help="Run the design in a sandbox: nobody has read it.", rich_help_panel=MODEL),
]
Environment = Annotated[
    str | None, typer.Option("--environment", help="bubblewrap, docker or local (no isolation).", rich_help_panel=MODEL)
]
Image = Annotated[str | None, typer.Option("--image", help="Image, for docker.", rich_help_panel=MODEL)]
Protocol = Annotated[
    str | None, typer.Option("--protocol", help="Tool calls: auto, tools or text.", rich_help_panel=MODEL)
]
NoReproduction = Annotated[
    bool, typer.Option("--no-reproduction", help="Write no reproduction tests.", rich_help_panel=MODEL)
]
Seed = Annotated[int | None, typer.Option("--seed", help="For whatever is random.", rich_help_panel=MODEL)]
Concurrency = Annotated[
    int | None, typer.Option("--concurrency", "-j", help="Expansions at a time.", rich_help_panel=MODEL)
]
Record = Annotated[str | None, typer.Option("--record", help="Append calls to a transcript.", rich_help_panel=MODEL)]
Replay = Annotated[str | None, typer.Option("--replay", help="Answer calls from a transcript.", rich_help_panel=MODEL)]
Cache = Annotated[bool | None, typer.Option("--cache", help="Reuse answers across runs.", rich_help_panel=MODEL)]
MaxCost = Annotated[float | None, typer.Option("--max-cost", help="US dollars.", rich_help_panel=BUDGET)]
MaxTokens = Annotated[int | None, typer.Option("--max-tokens", help="Tokens.", rich_help_panel=BUDGET)]
MaxNodes = Annotated[int | None, typer.Option("--max-nodes", help="Expansions of the tree.", rich_help_panel=BUDGET)]
MaxSeconds = Annotated[float | None, typer.Option("--max-seconds", help="Seconds.", rich_help_panel=BUDGET)]
UnknownPrice = Annotated[
    str | None, typer.Option("--unknown-price", help="error, free, or USD per million tokens.", rich_help_panel=BUDGET)
]
Confidence = Annotated[
    float | None, typer.Option("--confidence", help="Least probability to call it solved.", rich_help_panel=BUDGET)
]
WrongPatchCost = Annotated[
    float | None,
    typer.Option("--wrong-patch-cost", help="C: solved from probability C/(1+C) on.", rich_help_panel=BUDGET),
]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="Folder of the run; made if missing.", rich_help_panel=RESULT)
]
Apply = Annotated[bool, typer.Option("--apply", help="Put a solved patch into the work tree.", rich_help_panel=RESULT)]
Branch = Annotated[str, typer.Option("--branch", help="Commit a solved patch to a new branch.", rich_help_panel=RESULT)]
OpenPr = Annotated[
    bool, typer.Option("--open-pr", help="Push a solved patch and open a draft pull request.", rich_help_panel=RESULT)
]
Comment = Annotated[bool, typer.Option("--comment", help="Post the outcome under the issue.", rich_help_panel=RESULT)]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Solve, show what would be sent, and send nothing.", rich_help_panel=RESULT)
]
Json = Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.", rich_help_panel=RESULT)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.", rich_help_panel=RESULT)]
