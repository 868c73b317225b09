"""A recorded evolution on contest problems: its meta agent's answers replayed through the loop give the same archive.

`recorded/adas_transcript.jsonl.gz` has every answer, to the meta agent and to the designs, with a hash of what was
asked; `recorded/adas.json` has the archive. The answers were written by hand from the prompts alone.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from agent import designs as built_in
from agent.batch.job import Job, JobResult
from agent.config import Settings
from agent.evolve.exams import Exam, Exams, Verdict
from agent.evolve.layout import EvolutionFolder
from agent.evolve.meta import MetaAgent, Written
from agent.evolve.novelty import shape
from agent.evolve.reader import EvolutionReader
from agent.evolve.run import Options, evolve
from agent.isolation import gate
from agent.model.types import Request, Response
from agent.outcome import Outcome, Spending
from environments.tasks import Task

FOLDER = Path(__file__).parent / "recorded"
RECORD: dict[str, Any] = json.loads((FOLDER / "adas.json").read_text())
with gzip.open(FOLDER / "adas_transcript.jsonl.gz", "rt") as lines:
    CALLS = [json.loads(line) for line in lines]
META = [call for call in CALLS if call["scope"].startswith("proposal")]
WRITTEN = [Written.model_validate_json(call["answer"]) for call in META]
EXAMPLES = Path(__file__).parents[2] / "examples"


class Recorded:
    """Gives the recorded answers in their order, and keeps what was asked."""

    def __init__(self) -> None:
        self.left = list(zip(META, WRITTEN, strict=True))
        self.asked: list[Request] = []

    async def complete(self, request: Request) -> Response:
        call, written = self.left.pop(0)
        assert request.scope == call["scope"]
        self.asked.append(request)
        return Response(written.model_dump_json(), parsed=written)

    def openings(self) -> list[str]:
        """What each proposal began with."""
        return [request.messages[-1].content for request in self.asked if len(request.messages) == 2]


class Rerun:
    """Gives the recorded outcome of a design, known by its code, on a task."""

    def __init__(self) -> None:
        codes = {each["code"]: each["name"] for each in RECORD["seeds"]} | {each.code: each.name for each in WRITTEN}
        self.names = {shape(code): name for code, name in codes.items()}
        self.rows = {(row["design"], row["task"]): row for row in RECORD["results"]}
        self.scores: dict[str, float] = {}

    async def run(self, job: Job, progress: object) -> JobResult:
        row = self.rows[self.names[shape(Path(job.settings.design).read_text())], job.task.id]
        status = "solved" if row["status"] == "solved-candidate" else "abstained"
        spending = Spending(**{name: row[name] for name in ("calls", "tokens", "nodes", "executions")})
        patch = f"{row['score']} {row['behaviour']} {row['hidden']}"
        outcome = Outcome(status=status, patch=patch, reason=row["error"], spending=spending)  # type: ignore[arg-type]
        return JobResult(row["status"], outcome=outcome.model_dump(mode="json"))

    async def close(self) -> None:
        """Nothing to give back."""


class ByRecord:
    """The recorded verdict of the hidden tests, which the patch carries here."""

    async def __call__(self, outcome: Outcome) -> Verdict:
        score, _, hidden = outcome.patch.split(maxsplit=2)
        return Verdict(float(score), {"hidden": hidden})


def test_the_recorded_answers_make_the_recorded_archive(tmp_path: Path) -> None:
    plan = RECORD["plan"]
    search, held = (tuple(Exam(Task(id, "r"), ByRecord()) for id in plan[part]) for part in ("search", "held_out"))
    seeds = []
    for each in RECORD["seeds"]:
        (tmp_path / f"{each['name']}.py").write_text(each["code"])
        seeds.append(str(tmp_path / f"{each['name']}.py"))
    options = Options(
        strategy=plan["strategy"], seeds=tuple(seeds), designs=plan["designs"], evaluations=plan["evaluations"]
    )
    model, settings = Recorded(), Settings(model="openai/recorded", unknown_price="free")
    summary = asyncio.run(
        evolve(
            Exams(search, held), settings, EvolutionFolder(tmp_path / "out"), options, executor=Rerun(),
            proposer=MetaAgent(model, {id: f"the issue of {id}" for id in plan["search"]}),
        )
    )  # fmt: skip
    assert model.left == []
    with EvolutionReader(tmp_path / "out") as reader:
        found = {design.name: design for design in reader.designs()}
        rows = {(row.design, row.task): row.score for row in reader.results()}
    for each in RECORD["designs"]:
        design = found[each["name"]]
        assert (design.id, design.operator, design.standing) == (each["id"], each["operator"], each["standing"])
    assert rows == {(found[row["design"]].id, row["task"]): row["score"] for row in RECORD["results"]}
    for number, told in enumerate(model.openings()):  # all that came before is in sight, with why it failed
        before = [each for each in RECORD["designs"] if each["generation"] <= number]
        assert all(f"### {each['name']} ({each['id'][:8]})" in told for each in before)
        assert "APPS/2066: 0 (11 of 14 hidden tests pass)" in told
    hard = [id for told in model.openings() for id in plan["search"] if f"the issue of {id}" in told]
    assert hard == ["APPS/2066", "APPS/2066", "APPS/2042", "APPS/2042"]
    assert summary.end is not None
    for name in ("difference", "interval", "only_champion", "only_baseline", "p", "inflation"):
        assert summary.end[name] == pytest.approx(RECORD["end"][name]), name
    assert summary.end["champion"]["name"] == RECORD["end"]["champion"]["name"]


def test_the_archived_designs_are_nobodys() -> None:
    theirs = {shape(built_in.source(name)) for name in built_in.names()}
    theirs |= {shape(path.read_text()) for path in EXAMPLES.glob("*.py")}
    made = {each.name: each.code for each in WRITTEN}
    archived = [each["name"] for each in RECORD["designs"] if each["standing"] == "archived"]
    assert len(archived) == len({call["scope"] for call in META}) == 4
    shapes = {shape(made[name]) for name in archived}
    assert len(shapes) == len(archived)
    assert not shapes & theirs
    assert all(gate.check(made[name]) == () for name in archived)


def test_the_transcript_has_equal_answers_to_equal_questions() -> None:
    answers: dict[str, set[str]] = {}
    for call in CALLS:
        answers.setdefault(call["request"], set()).add(call["answer"])
    assert len(CALLS) > len(answers) > len(META)
    assert all(len(said) == 1 for said in answers.values())
