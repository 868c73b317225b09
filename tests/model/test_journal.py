import asyncio
import os
import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import faulty_server as faults
import journal_worker
import pytest
from pydantic import BaseModel

from agent.model.cache import CachedModel
from agent.model.chat import Chat, RetryPolicy
from agent.model.errors import Refused, TransientError
from agent.model.journal import JournaledModel
from agent.model.types import Message, Request, ToolSpec
from agent.store.recover import check
from agent.store.store import RunStore, Store

COUNT, WORKERS, KILLS = 100, 4, 5
QUESTION = Request("solver", (Message("user", "what?"),), model="openai/hand", scope="n1", max_tokens=50)


@pytest.fixture
def server():
    with faults.serving() as server:
        yield server


@pytest.fixture
def run(tmp_path: Path):
    with Store.open(tmp_path / "run.db") as store:
        yield store.create_run("r", task={}, config={})


def live(server: faults.Server) -> Chat:
    return Chat(
        journal_worker.HttpTransport(server.url), journal_worker.PricedCatalog(), retries=RetryPolicy(tries=2, base=0.0)
    )


def start(path: Path, server: faults.Server) -> subprocess.Popen:
    script = Path(__file__).with_name("journal_worker.py")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.Popen(
        [sys.executable, str(script), str(path), server.url, str(COUNT), str(WORKERS)], env=environment
    )


def test_a_killed_run_pays_for_nothing_twice(tmp_path: Path, server: faults.Server) -> None:
    path, dice, seen = tmp_path / "run.db", random.Random(7), 0
    server.delay = 0.01
    for _ in range(KILLS):
        process = start(path, server)
        seen += dice.randint(1, COUNT // KILLS - WORKERS)
        while len(server.requests) < seen and process.poll() is None:
            time.sleep(dice.random() / 100)
        process.kill()
        process.wait()
        seen = len(server.requests)
        if path.exists():
            assert check(path) == ()
            with Store.open(path) as store:
                for call in store.create_run("r", task={}, config={}).calls():
                    assert store.message(call.messages[1])["content"].startswith("question")
    assert start(path, server).wait() == 0
    assert COUNT <= len(server.requests) <= COUNT + KILLS * WORKERS
    with Store.open(path) as store:
        run = store.run("r")
        assert len(run.calls()) == COUNT
        assert run.spend().usd == pytest.approx(COUNT * (100 * 1e-3 + 20 * 2e-3))
        assert run.record().outcome == {"status": "done"}
    paid = len(server.requests)
    assert start(path, server).wait() == 0
    assert len(server.requests) == paid


async def test_the_journal_gives_back_the_very_answer(run: RunStore, server: faults.Server) -> None:
    view = ToolSpec("view", "", {"type": "object", "properties": {"path": {"type": "string"}}})
    server.script.append(faults.Fault(payload=faults.tools(faults.tool(), faults.tool("{bad"), content="look")))
    request = replace(QUESTION, tools=(view,))
    first = await JournaledModel(live(server), run).complete(request)
    again = await JournaledModel(live(server), run).complete(request)
    assert again.source == "journal"
    assert replace(again, source="live") == first
    assert len(server.requests) == 1


class Verdict(BaseModel):
    score: float


async def test_a_shaped_answer_comes_back_in_its_shape(run: RunStore, server: faults.Server) -> None:
    server.script.append(faults.Fault(payload=faults.body({"content": 'so: {"score": 1}'})))
    request = replace(QUESTION, schema=Verdict)
    await JournaledModel(live(server), run).complete(request)
    assert (await JournaledModel(live(server), run).complete(request)).parsed == Verdict(score=1)


async def test_equal_questions_are_told_apart_by_scope_role_sample_and_order(
    run: RunStore, server: faults.Server
) -> None:
    server.script += [faults.Fault(payload=faults.body({"content": str(number)})) for number in range(5)]
    requests = [
        QUESTION,
        QUESTION,
        replace(QUESTION, scope="n2"),
        replace(QUESTION, role="critic"),
        replace(QUESTION, sample=1),
    ]
    for _ in range(2):
        model = JournaledModel(live(server), run)
        assert [(await model.complete(request)).text for request in requests] == list("01234")
    assert len(server.requests) == 5


async def test_a_final_failure_is_remembered_and_a_passing_one_is_not(run: RunStore, server: faults.Server) -> None:
    server.script += [faults.REFUSED["refusal"]] * 2
    for _ in range(2):
        with pytest.raises(Refused, match="cannot help") as failure:
            await JournaledModel(live(server), run).complete(QUESTION)
        assert failure.value.cost > 0
    assert len(server.requests) == 2
    other = replace(QUESTION, scope="n2")
    server.script += [faults.TRANSIENT["no_choices"]] * 2
    with pytest.raises(TransientError):
        await JournaledModel(live(server), run).complete(other)
    assert (await JournaledModel(live(server), run).complete(other)).text == "fine"
    spend = run.spend()
    assert (spend.calls, spend.failed) == (3, 2)
    assert spend.usd > 0.3


async def test_secrets_do_not_reach_the_store(
    run: RunStore, server: faults.Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-value")
    server.default = faults.Fault(payload=faults.body({"content": "it is sk-very-secret-value"}))
    request = replace(QUESTION, messages=(Message("user", "my key is sk-very-secret-value"),))
    response = await JournaledModel(live(server), run).complete(request)
    assert response.text == "it is [OPENAI_API_KEY]", "the same live as when it is read back"
    again = await JournaledModel(live(server), run).complete(request)
    assert again.text == "it is [OPENAI_API_KEY]"
    assert all(b"sk-very" not in file.read_bytes() for file in tmp_path.iterdir())


async def test_a_cancelled_call_leaves_no_record(run: RunStore, server: faults.Server) -> None:
    server.delay = 0.5
    task = asyncio.create_task(JournaledModel(live(server), run).complete(QUESTION))
    while not server.requests:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert run.calls() == ()


async def test_the_cache_answers_other_runs_for_free(tmp_path: Path, server: faults.Server) -> None:
    server.script += [faults.Fault(payload=faults.body({"content": str(number)})) for number in range(3)]
    path = tmp_path / "cache.db"
    first = CachedModel(live(server), path)
    assert [(await first.complete(QUESTION)).text for _ in range(2)] == ["0", "1"]
    first.close()
    second = CachedModel(live(server), path)
    answers = [await second.complete(replace(QUESTION, scope=scope, role="critic")) for scope in "abc"]
    assert [answer.text for answer in answers] == ["0", "1", "2"]
    assert [answer.source for answer in answers] == ["cache", "cache", "live"]
    assert [answer.cost == 0 for answer in answers] == [True, True, False]
    for other in (
        replace(QUESTION, temperature=1.0),
        replace(QUESTION, model="openai/other"),
        replace(QUESTION, messages=(Message("user", "else?"),)),
        replace(QUESTION, max_tokens=51),
        replace(QUESTION, tools=(ToolSpec("t", "", {}),)),
        replace(QUESTION, schema=Verdict),
    ):
        server.script.append(faults.Fault(payload=faults.body({"content": '{"score": 1}'})))
        assert (await second.complete(other)).source == "live"
    second.close()
