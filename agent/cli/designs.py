"""`treewright designs`: looking at designs, making them, and living with what an evolution found."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.cli import options
from tools.errors import InputError

GROUP_EXAMPLES = (
    "Examples:\n\ntreewright designs list\n\ntreewright designs new mine.py && treewright designs check mine.py"
)
app = typer.Typer(help="Look at designs, write them, run them.", no_args_is_help=True, epilog=GROUP_EXAMPLES)

Json = Annotated[bool, typer.Option("--json", help="Print as JSON.")]
Named = Annotated[str, typer.Argument(help="Built-in name, a .py file, or name or id in --evolution.")]
Evolution = Annotated[Path | None, typer.Option("--evolution", "-e", help="Folder of an evolution.")]
OfEvolution = Annotated[Path, typer.Argument(help="Folder of an evolution.")]

LIST = "Examples:\n\ntreewright designs list\n\ntreewright designs list --evolution runs/evolution --json"
SHOW = "Examples:\n\ntreewright designs show codetree\n\ntreewright designs show 3f2a --evolution runs/evolution --json"
DIFF = (
    "Examples:\n\ntreewright designs diff mechanical examples/patient.py\n\n"
    "treewright designs diff mechanical mechanical_7 --evolution runs/evolution"
)
NEW = "Examples:\n\ntreewright designs new careful\n\ntreewright designs new careful --out my_designs"
CHECK = "Examples:\n\ntreewright designs check careful.py\n\ntreewright designs check careful.py --json"
LINEAGE = (
    "Examples:\n\ntreewright designs lineage runs/evolution\n\n"
    "treewright designs lineage runs/evolution --format graphml --out lineage.graphml"
)
PLOT = (
    "Examples:\n\ntreewright designs plot runs/evolution --out fitness.png\n\n"
    "treewright designs plot runs/evolution --out fitness.html"
)
EXPORT = (
    "Examples:\n\ntreewright designs export mechanical_7 --evolution runs/evolution --out mine.py\n\n"
    "treewright designs export codetree --out mine.py"
)
RUN = (
    "Examples:\n\ntreewright designs run mechanical_7 --evolution runs/evolution --failing-test tests/test_a.py::test_b"
    "\n\ntreewright designs run careful.py --problem HumanEval.jsonl.gz#HumanEval/7 --model openai/gpt-4.1-mini"
)


@app.command("list", epilog=LIST)
def list_(*, evolution: Evolution = None, json_output: Json = False) -> None:
    """List the built-in designs, or those of an evolution, the most believed in first."""
    from agent.cli.text import one_line

    rows = _evolved(evolution) if evolution else _built_in()
    if json_output:
        typer.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        if evolution:
            score = f"{row['score']:.2f} on {row['tasks']}" if row["score"] is not None else row["standing"]
            typer.echo(
                one_line(f"{row['id'][:8]}  {score:>10}  {row['name']}  ({row['operator']})  {row['thought']}", 160)
            )
        else:
            typer.echo(one_line(f"{row['name']:13} {'model' if row['model'] else '-':6} {row['about']}", 160))


def _built_in() -> list[dict[str, Any]]:
    from agent import designs
    from agent.evolve import shelf

    return [{"name": name, **shelf.find(name).facts} for name in designs.names()]


def _evolved(root: Path) -> list[dict[str, Any]]:
    from agent.evolve.lineage import lineage
    from agent.evolve.reader import EvolutionReader

    with EvolutionReader(root) as reader:
        rows: list[dict[str, Any]] = lineage(reader.scored())["designs"]
    return sorted(rows, key=lambda row: (-(row["lower"] or 0.0), row["order"]))


@app.command("show", epilog=SHOW)
def show(name: Named, *, evolution: Evolution = None, json_output: Json = False) -> None:
    """Show a design: what is known of it, and its code."""
    from agent.cli.text import safe
    from agent.evolve import shelf

    found = shelf.find(name, evolution)
    if json_output:
        typer.echo(json.dumps({"name": found.name, "code": found.code, **found.facts}, indent=1))
        return
    for key, value in found.facts.items():
        if value not in ("", [], {}, False):
            shown = json.dumps(value) if isinstance(value, dict | list) else str(value)
            typer.echo(f"# {key}: {safe(shown)}".replace("\n", "\n# "))
    typer.echo(f"\n{safe(found.code)}")


@app.command("diff", epilog=DIFF)
def diff(
    first: Named,
    second: Annotated[str, typer.Argument(help="The other one.")],
    *,
    evolution: Evolution = None,
) -> None:
    """Show how the second design differs from the first; of an evolution, where it has both."""
    from agent.cli.text import safe
    from agent.evolve import shelf

    typer.echo(safe(shelf.difference(shelf.find(first, evolution), shelf.find(second, evolution))), nl=False)


@app.command("new", epilog=NEW)
def new(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits and _.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the file.")] = Path(),
) -> None:
    """Write a small design that works, to start from."""
    from agent.evolve import shelf

    path = shelf.scaffold(name, out)
    typer.echo(f"{path}\nnext: treewright designs check {path}")


@app.command("check", epilog=CHECK)
def check(file: Annotated[Path, typer.Argument(help="The design.")], *, json_output: Json = False) -> None:
    """Check a design without running it: entry point, imports, parameters. Exit code 2 when it is refused."""
    from agent.evolve import shelf

    if not file.is_file():
        raise InputError(f"no such file: {file}")
    code = file.read_text(encoding="utf-8", errors="surrogateescape")
    found = shelf.findings(code)
    facts = shelf.described(code)
    if json_output:
        typer.echo(json.dumps({"ok": not found, "findings": found, **facts}, indent=1))
    elif found:
        for line in found:
            sys.stderr.write(f"{file}: {line}\n")
    else:
        names = ", ".join(facts["parameters"]) or "none"
        typer.echo(
            f"{file}: it may be run; parameters: {names}; components: {', '.join(facts['components']) or 'none'}"
        )
    raise typer.Exit(2 if found else 0)


@app.command("lineage", epilog=LINEAGE)
def lineage(
    evolution: OfEvolution,
    *,
    format: Annotated[str, typer.Option("--format", "-f", help="text, json or graphml.")] = "text",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File; else standard output.")] = None,
) -> None:
    """Show who was made from whom, for a person or for another program."""
    from agent.cli.text import safe
    from agent.evolve import lineage as of
    from agent.evolve import shelf
    from agent.evolve.reader import EvolutionReader

    forms = {"text": of.as_text, "json": of.as_json, "graphml": of.as_graphml}
    if format not in forms:
        raise InputError(f"there is no format {format!r}", hint=f"one of {', '.join(forms)}")
    with EvolutionReader(evolution) as reader:
        text = forms[format](reader.scored())
    if out is not None:
        shelf.write(out, text)
    else:
        typer.echo(safe(text) if format == "text" else text)


@app.command("plot", epilog=PLOT)
def plot(
    evolution: OfEvolution,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="A .png, .svg, .pdf or .html file.")],
) -> None:
    """Draw the scores of the designs in the order in which they came."""
    from agent.evolve.lineage import draw
    from agent.evolve.reader import EvolutionReader

    with EvolutionReader(evolution) as reader:
        draw(reader.scored(), out)
    typer.echo(str(out))


@app.command("export", epilog=EXPORT)
def export(
    name: Named,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write.")],
    evolution: Evolution = None,
) -> None:
    """Write a design to a file, to read, change and run it."""
    from agent.evolve import shelf

    if out.exists():
        raise InputError(f"{out} is there already", hint="choose another name, or remove it")
    shelf.write(out, shelf.find(name, evolution).code)
    typer.echo(f"{out}\nnext: treewright solve --design {out} --sandboxed")


@app.command("run", epilog=RUN)
def run(
    name: Named,
    *,
    evolution: Evolution = None,
    repo: options.Repo = "",
    issue: options.Issue = "",
    problem: options.ProblemFile = "",
    failing_test: options.FailingTest = None,
    test: options.Test = "",
    python: options.Python = "",
    model: options.Model = None,
    unknown_price: options.UnknownPrice = None,
    max_cost: options.MaxCost = None,
    max_nodes: options.MaxNodes = None,
    max_seconds: options.MaxSeconds = None,
    seed: options.Seed = None,
    out: options.Out = None,
    json_output: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Solve one issue with a design, in a sandbox; `solve --design FILE --sandboxed` has all the options."""
    from agent.cli import solve
    from agent.evolve import shelf

    path = shelf.placed(shelf.find(name, evolution))
    solve.command(
        repo=repo, issue=issue, problem=problem, failing_test=failing_test, test=test, python=python, model=model,
        unknown_price=unknown_price, max_cost=max_cost, max_nodes=max_nodes, max_seconds=max_seconds, seed=seed,
        out=out, json_output=json_output, quiet=quiet, design=str(path), sandboxed=True,
    )  # fmt: skip
