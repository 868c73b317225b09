"""`treewright localize`: rank the files and functions an issue is about, without a model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tools.localization import Ranking, Reason


EXAMPLES = (
    "Examples:\n\ntreewright localize --repo . --issue bug.md --explain\n\n"
    "treewright localize --repo mirror.git --base v1.2 --issue 'a crash in parse()' --json -k 20\n\n"
    "treewright localize --issue bug.md --coverage coverage.json --failing-test tests/test_parse.py::test_empty"
)


def command(
    *,
    repo: Annotated[Path, typer.Option(help="A git repository, bare or not.")] = Path(),
    issue: Annotated[
        str, typer.Option(help="A file with the issue, `-` for standard input, or the text itself.")
    ] = "-",
    base: Annotated[str, typer.Option(help="The commit to look at; nothing after it is read.")] = "HEAD",
    k: Annotated[int, typer.Option("-k", min=1, help="How many files and functions.")] = 10,
    explain: Annotated[bool, typer.Option("--explain", help="Show what each signal contributes.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    cache: Annotated[Path | None, typer.Option(help="Folder of the shared index.")] = None,
    history: Annotated[Path | None, typer.Option(help="Another repository to read the past from.")] = None,
    coverage: Annotated[
        Path | None,
        typer.Option(help="What tests execute, from `coverage json --show-contexts`; needs --failing-test."),
    ] = None,
    failing_test: Annotated[
        list[str] | None, typer.Option(help="A test in --coverage that shows the issue; repeatable.")
    ] = None,
    embedding_model: Annotated[
        str | None, typer.Option(help="Also ask this embedding model (through litellm); costs money.")
    ] = None,
) -> None:
    """Rank the files and functions an issue is about: no model, no network, the same every time."""
    from environments.tasks import read_problem
    from tools.issues import parse_issue
    from tools.localization import Localizer

    text = read_problem(issue)
    suspicion = _suspicion(coverage, failing_test or [])
    localizer = Localizer(repo, base, cache=cache, history=history)
    try:
        embed = _embedder(embedding_model) if embedding_model else None
        ranking = localizer.rank(parse_issue(text), coverage=suspicion, embed=embed, k=k)
    finally:
        localizer.close()
    if as_json:
        typer.echo(json.dumps(to_json(ranking, explain=explain), indent=2, ensure_ascii=True))
        return
    for note in ranking.notes:
        typer.echo(f"note: {note}", err=True)
    typer.echo(to_text(ranking, explain=explain))


def _suspicion(coverage: Path | None, failing: list[str]) -> dict[str, dict[int, float]]:
    from tools.errors import InputError
    from tools.faults.coverage_json import HINT, read_coverage
    from tools.faults.suspicious import by_line, suspicious_lines

    if coverage is None and not failing:
        return {}
    if coverage is None:
        raise InputError("--failing-test needs --coverage FILE, to know what the test executes", hint=HINT)
    if not failing:
        raise InputError("--coverage needs --failing-test ID, to know what to explain", hint="it may be repeated")
    return by_line(suspicious_lines(read_coverage(coverage, failing)))


def _embedder(model: str) -> Callable[[list[str]], list[list[float]]]:
    def embed(texts: list[str]) -> list[list[float]]:
        from agent.model.client import load
        from agent.model.redaction import redact
        from tools.errors import InfrastructureError

        litellm = load()
        try:
            answer = litellm.embedding(model=model, input=texts)
        except Exception as error:
            if not type(error).__module__.startswith("litellm"):
                raise
            text = redact(" ".join(str(error).split()))
            hint = f"`treewright doctor --model {model}` checks the key; or leave --embedding-model out"
            raise InfrastructureError(f"{model} gave no embeddings: {text}", hint=hint) from error
        return [item["embedding"] for item in answer.data]

    return embed


def to_json(ranking: Ranking, *, explain: bool) -> dict[str, object]:
    """The ranking as plain data; reasons are signal names, with contributions and details when explained."""
    return {
        "files": [
            {"path": file.path, "score": round(file.score, 6), "reasons": _reasons(file.reasons, explain)}
            for file in ranking.files
        ],
        "functions": [
            {
                "path": function.path,
                "name": function.name,
                "score": round(function.score, 6),
                "start": function.start,
                "end": function.end,
                "reasons": _reasons(function.reasons, explain),
            }
            for function in ranking.functions
        ],
        "notes": list(ranking.notes),
    }


def _reasons(reasons: tuple[Reason, ...], explain: bool) -> list[object]:
    if not explain:
        return [reason.signal for reason in reasons[:5]]
    return [
        {"signal": reason.signal, "contribution": round(reason.contribution, 6), "detail": reason.detail}
        for reason in reasons
    ]


def to_text(ranking: Ranking, *, explain: bool) -> str:
    """The ranking for a person."""
    if not ranking.files:
        return "nothing in the repository has to do with these words: name a function, a file, or what is printed"
    lines = ["files"]
    for file in ranking.files:
        lines.append(f"{file.score:8.3f}  {file.path}")
        lines += _explained(file.reasons) if explain else []
    lines.append("functions")
    for function in ranking.functions:
        lines.append(f"{function.score:8.3f}  {function.path}:{function.start}-{function.end}  {function.name}")
        lines += _explained(function.reasons) if explain else []
    return "\n".join(lines)


def _explained(reasons: tuple[Reason, ...]) -> list[str]:
    return [
        f"          {reason.contribution:+7.3f}  {reason.signal:<16} {reason.detail}".rstrip() for reason in reasons
    ]
