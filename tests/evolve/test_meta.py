"""The meta agent: what it is told, its two reflections, what breaks and is mended, and what stays a failure."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from worlds import DESIGN, World, start

from agent.config import Settings
from agent.evolve.archive import identity
from agent.evolve.kit_page import kit_page
from agent.evolve.meta import REPAIRS, MetaAgent, Written
from agent.evolve.novelty import shape
from agent.evolve.proposer import Occasion, Proposal
from agent.evolve.reader import EvolutionReader, Scored
from agent.evolve.records import DesignRecord
from agent.model.errors import InvalidAnswer
from agent.model.types import Request, Response
from search.budget import BudgetExceeded
from tools.errors import BudgetExhausted

PARENT = Scored(
    DesignRecord(identity(DESIGN), "reach", DESIGN, thought="reaches two"),
    {"t0": 1.0, "t7": 0.0},
    calls=3.0,
    failures={"t7": "the tests fail: 3 of 7"},
)
REFUSED = Scored(DesignRecord("f" * 16, "bad", "", standing="refused", error="imports os"), {})


def design(reach: int) -> Written:
    return Written(
        thought=f"reach {reach}", name=f"reach {reach}", code=DESIGN.replace("REACH = 2", f"REACH = {reach}")
    )


class Author:
    """Answers with designs, in order."""

    def __init__(self, *answers: Written | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[Request] = []

    async def complete(self, request: Request) -> Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Response(answer.model_dump_json(), parsed=answer, cost=0.25)


def propose(author: Author, trial: Callable[[str], str] = lambda code: "", number: int = 3) -> Proposal:
    async def tried(code: str) -> str:
        return trial(code)

    every = [PARENT, REFUSED]
    shapes = frozenset({shape(DESIGN)})
    occasion = Occasion(number, [PARENT], every, shapes, random.Random(0), tried)
    return asyncio.run(
        MetaAgent(author, {"t0": "Sums are wrong.", "t7": "Totals are wrong.", "t8": "Shares are wrong."}).propose(
            occasion
        )
    )


def test_it_is_told_the_kit_the_parents_with_their_outcomes_and_what_failed() -> None:
    author = Author(design(3), design(4), design(5))
    proposal = propose(author)
    told = author.requests[0].messages[-1].content
    assert kit_page() in told
    assert "t0: 1" in told
    assert "t7: 0 (the tests fail: 3 of 7)" in told
    assert DESIGN.strip() in told
    assert "bad: imports os" in told
    assert "Totals are wrong." in told  # the task that was failed; t8 was not tried, t0 was solved
    assert not any(solved in told for solved in ("Sums are wrong.", "Shares are wrong."))
    assert proposal.code == design(5).code
    assert (proposal.operator, proposal.parents) == ("meta", (PARENT.design.id,))
    assert proposal.meta == {"calls": 3, "usd": 0.75, "scope": "proposal 3"}
    assert [len(request.messages) for request in author.requests] == [2, 4, 6]
    assert {request.scope for request in author.requests} == {"proposal 3"}


def test_what_breaks_is_mended_by_the_actual_error() -> None:
    author = Author(design(3), design(3), design(4), design(5))
    seen: list[str] = []

    def trial(code: str) -> str:
        seen.append(code)
        return "TypeError: probe takes works" if code == design(4).code else ""

    proposal = propose(author, trial)
    assert not proposal.error
    assert proposal.code == design(5).code
    assert "TypeError: probe takes works" in author.requests[-1].messages[-1].content
    assert seen == [design(4).code, design(5).code]


def test_what_is_in_the_archive_already_is_sent_back_and_in_the_end_refused() -> None:
    author = Author(*[design(2)] * (3 + REPAIRS))
    proposal = propose(author)
    assert "in the archive already" in proposal.error
    assert "in the archive already" in author.requests[3].messages[-1].content
    assert not author.answers


def test_an_answer_of_no_use_is_a_failure_and_no_money_is_none() -> None:
    assert "of no use" in propose(Author(InvalidAnswer("no JSON"))).error
    with pytest.raises(BudgetExhausted):
        propose(Author(design(3), BudgetExceeded("usd", 1.0, 1.0)))


def test_a_meta_evolution_archives_what_nobody_wrote(tmp_path: Path) -> None:
    written = [design(reach) for reach in (3, 3, 3, 4, 5, 6, 8, 8, 8, 8, 8, 8)]
    author = Author(*written)
    settings = Settings(model="openai/nobody", unknown_price="free")
    summary = start(
        tmp_path / "out", World(), settings=settings, proposer_is=MetaAgent(author, {"t0": "x"}), strategy="adas_all",
        designs=3, evaluations=40,
    )  # fmt: skip
    assert summary.end is not None
    with EvolutionReader(tmp_path / "out") as reader:
        found = {each.name: each for each in reader.designs()}
        assert reader.plan()["proposer"] == "meta"
    assert found["reach 6"].standing == "archived"
    assert found["reach 6"].generation == 2
    assert found["reach 8"].standing == "refused"
    assert "there is no eight" in found["reach 8"].error
    assert "there is no eight" in author.requests[-1].messages[-1].content
    assert summary.end["champion"]["name"] == "reach 6"


def test_without_a_model_there_is_no_meta_agent(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="needs a model"):
        start(tmp_path / "out", World(), proposer="meta")


def test_an_archive_with_a_design_of_no_text_is_read() -> None:
    odd = replace(PARENT, design=replace(PARENT.design, thought="`" * 9, code="x = '\\ud800'\n"))
    occasion = Occasion(0, [odd], [odd], frozenset(), random.Random(0), lambda code: asyncio.sleep(0, ""))
    from agent.evolve.meta import opening

    assert "`" * 10 in opening(occasion, {"t0": ""})[-1].content
