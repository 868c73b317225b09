"""The `treewright` command."""

from __future__ import annotations

import os
import sys
from typing import Annotated, TextIO, cast

import typer

from agent.cli import (
    apply,
    audit,
    batch,
    bench,
    compare,
    config,
    demo,
    designs,
    doctor,
    env,
    evaluate,
    evolve,
    export,
    gc,
    grade,
    init,
    localize,
    publish,
    resume,
    sandbox,
    scaling,
    show,
    solve,
    steer,
    view,
)
from agent.cli import map as map_
from tools.errors import TreewrightError

OVERVIEW = len(sys.argv) < 3
"""Whether no command's own help is asked for: the overview is plain, as typer's rich help takes 0.3 s to import."""

app = typer.Typer(
    name="treewright",
    help="Solves issues in code repositories by a search tree of strategies and patches, each step proved with tests.",
    no_args_is_help=True,
    rich_markup_mode=None if OVERVIEW else "rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Examples:\n\ntreewright demo\n\n"
    "treewright solve --repo . --failing-test tests/test_money.py::test_round\n\n"
    "treewright solve OWNER/REPO#123 --model anthropic/claude-sonnet-4-5\n\n"
    "Exit codes: 0 solved, 1 abstained, 2 usage or input error, 3 infrastructure failure, "
    "4 budget exhausted before any candidate, 130 interrupted (resumable).",
)
DEBUG = "TREEWRIGHT_DEBUG"


@app.callback(invoke_without_command=True)
def main(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
) -> None:
    """Options that come before the command."""
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"treewright {installed('treewright')}")
        raise typer.Exit
    if debug:
        os.environ[DEBUG] = "1"


app.command("solve", epilog=solve.EXAMPLES)(solve.command)
app.command("batch", epilog=batch.EXAMPLES)(batch.command)
app.command("evolve", epilog=evolve.EXAMPLES)(evolve.command)
app.command("compare", epilog=compare.EXAMPLES)(compare.command)
app.command("scaling", epilog=scaling.EXAMPLES)(scaling.command)
app.command("resume", epilog=resume.EXAMPLES)(resume.command)
app.command("show", epilog=show.EXAMPLES)(show.command)
app.command("steer", epilog=steer.EXAMPLES)(steer.command)
app.command("view", epilog=view.EXAMPLES)(view.command)
app.command("export", epilog=export.EXAMPLES)(export.command)
app.command("evaluate", epilog=evaluate.EXAMPLES)(evaluate.command)
app.command("grade", epilog=grade.EXAMPLES)(grade.command)
app.command("diff", epilog=apply.DIFF_EXAMPLES)(apply.diff)
app.command("apply", epilog=apply.APPLY_EXAMPLES)(apply.apply)
app.command("undo", epilog=apply.UNDO_EXAMPLES)(apply.undo)
app.command("publish", epilog=publish.EXAMPLES)(publish.command)
app.command("audit", epilog=audit.EXAMPLES)(audit.command)
app.command("demo", epilog=demo.EXAMPLES)(demo.command)
app.command("init", epilog=init.EXAMPLES)(init.command)
app.command("doctor", epilog=doctor.EXAMPLES)(doctor.command)
app.command("gc", epilog=gc.EXAMPLES)(gc.command)
app.command("localize", epilog=localize.EXAMPLES)(localize.command)
app.command("map", epilog=map_.EXAMPLES)(map_.command)
app.add_typer(designs.app, name="designs")
app.add_typer(config.app, name="config")
app.add_typer(sandbox.app, name="sandbox")
app.add_typer(env.app, name="env")
app.add_typer(bench.app, name="bench")


def run() -> None:
    """Entry point: errors a person can act on become a few lines and an exit code."""
    from agent.cli.text import GONE, Forgiving

    sys.stderr = cast("TextIO", Forgiving(sys.stderr))
    try:
        app()
    except TreewrightError as error:
        if os.environ.get(DEBUG):
            raise
        from agent.cli.text import safe

        sys.stderr.write(f"error: {safe(str(error))}\n")
        if error.hint:
            sys.stderr.write(f"  try: {safe(error.hint)}\n")
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno not in GONE:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
