"""Batches in several processes of one machine: killed, interrupted, and with one purse."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from batch_helpers import Fine, write_tasks
from batch_killing import journal
from money_project import COMMAND, environment, treewright

from agent.batch.executors.blame import Blame
from agent.batch.executors.coordinator import Coordinator
from agent.batch.executors.link import Link, LinkLost
from agent.batch.executors.remote import RemoteGate, RemoteLimit
from agent.batch.executors.worker import BatchLine
from agent.batch.executors.workers import needs_client
from agent.batch.reader import BatchReader
from agent.config import Settings
from agent.model.gate import LocalGate, SharedBudgetExhausted
from agent.model.recorded import RecordingTransport
from agent.shared import Shared
from search.budget import Amount
from tools.errors import InfrastructureError

TASKS, TURNS, JOBS = 4, 4, 4
DESIGN = """import os
import time
from pathlib import Path


async def solve(kit):
    for turn in range({turns}):
        await kit.ask(f"Step {{turn}}: what is next?", about="issue")
        if turn == 1 and {marker!r}:
            try:
                with open({marker!r}, "x") as file:
                    file.write(str(os.getpid()))
            except FileExistsError:
                pass
            else:
                time.sleep(3600)  # it hears nothing, until its process dies
    await kit.abstain("it was only asked")
"""


class Asking:
    """A batch of tasks that only ask, its answers recorded."""

    def __init__(self, folder: Path) -> None:
        from agent.batch.job import Job, run_job
        from agent.config import Settings
        from environments.tasks import Task

        self.env, self.out, self.sent = environment(folder / "home"), folder / "out", folder / "sent.jsonl"
        self.marker, self.transcript = folder / "marker", folder / "calm.jsonl"
        self.tasks = write_tasks(
            folder / "tasks.jsonl",
            [{"id": f"t-{n}", "repository": str(folder), "problem": f"issue {n}"} for n in range(TASKS)],
        )
        self.design = folder / "asks.py"
        self.design.write_text(DESIGN.format(turns=TURNS, marker=""))
        shared = Shared(RecordingTransport(Fine(), self.transcript), LocalGate())
        settings = Settings(design=str(self.design), replay=str(self.transcript))

        async def calm() -> None:
            for n in range(TASKS):
                task = Task(f"t-{n}", str(folder), problem=f"issue {n}")
                await run_job(Job(task, settings, folder / "calm" / task.id), shared=shared)

        asyncio.run(calm())
        self.design.write_text(DESIGN.format(turns=TURNS, marker=str(self.marker)))

    def command(self, workers: int = 2) -> list[str]:
        chosen = ["--dataset", self.tasks, "--design", self.design, "--replay", self.transcript, "--record", self.sent]
        return ["batch", *map(str, chosen), "--out", str(self.out), "-j", str(JOBS), "--workers", str(workers)]

    @contextmanager
    def begun(self) -> Iterator[subprocess.Popen[str]]:
        """The batch in a session of its own, when a worker hangs in the design."""
        with subprocess.Popen(
            [*COMMAND, *self.command(), "--json"],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            while process.poll() is None and not (self.marker.exists() and self.marker.read_text()):
                time.sleep(0.02)
            assert process.returncode is None, process.stderr and process.stderr.read()
            yield process

    def check(self) -> None:
        """All ended, every call was written down once, and no more was sent twice than can have been in flight."""
        with BatchReader(self.out) as batch:
            assert {row.status for row in batch.rows()} == {"abstained"}
            assert batch.totals().calls == TASKS * TURNS
        assert set(journal(self.out).values()) == {1}
        assert len(journal(self.out)) == TASKS * TURNS
        assert TASKS * TURNS <= len(self.sent.read_text().splitlines()) <= TASKS * TURNS + JOBS


@pytest.fixture
def asking(tmp_path: Path) -> Asking:
    return Asking(tmp_path)


def test_a_worker_is_killed_and_its_tasks_go_on_in_another(asking: Asking) -> None:
    with asking.begun() as process:
        doomed = int(asking.marker.read_text())
        assert doomed != process.pid
        os.kill(doomed, signal.SIGKILL)
        told, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert '"phase": "lost"' in told
    asking.check()


FATAL = """import asyncio
import os
import signal
from pathlib import Path


async def solve(kit):
    deaths = Path({marker!r})
    for turn in range({turns}):
        await kit.ask(f"Step {{turn}}: what is next?", about="issue")
        if turn == 1 and kit.problem == "issue 0":
            with deaths.open("a") as file:
                file.write(f"{{os.getpid()}}\\n")
            os.kill(os.getpid(), signal.SIGKILL)
        while turn == 1 and not (deaths.exists() and deaths.read_text().count("\\n") == {deaths}):
            await asyncio.sleep(0.02)  # the others are there each time
    await kit.abstain("it was only asked")
"""


def test_a_task_that_kills_its_worker_is_run_alone_then_given_up_and_no_other_suffers(asking: Asking) -> None:
    asking.design.write_text(FATAL.format(turns=TURNS, marker=str(asking.marker), deaths=4))
    ended = treewright(asking.env, *asking.command(), "--retry-infra", "0", "--json")
    assert ended.returncode == 3, ended.stderr
    assert len(set(asking.marker.read_text().split())) == 4
    with BatchReader(asking.out) as batch:
        rows = {row.id: row for row in batch.rows()}
        assert batch.totals().calls == (TASKS - 1) * TURNS + 2  # what it asked is counted, though it has no outcome
    assert {rows[f"t-{n}"].status for n in range(1, TASKS)} == {"abstained"}
    assert rows["t-0"].status == "failed-infra"
    assert rows["t-0"].reason == "its worker died 4 times, 2 of them with no other task in it: signal 9 (Killed)"
    assert set(journal(asking.out).values()) == {1}
    assert len(journal(asking.out)) == (TASKS - 1) * TURNS + 2
    assert len(asking.sent.read_text().splitlines()) == (TASKS - 1) * TURNS + 2  # nothing was in flight


def test_workers_load_the_client_where_a_provider_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_BASE", "http://127.0.0.1:1/v1")
    own, provider = "openai/of-my-own", "anthropic/claude-sonnet-4-5"
    assert not needs_client(Settings(model=own))
    assert not needs_client(Settings())
    assert not needs_client(Settings(model=provider, replay="answers.jsonl"))
    assert needs_client(Settings(model=provider))
    assert needs_client(Settings(model=own, role_models={"critic": provider}))
    assert needs_client(Settings(model="openai/gpt-4o"))  # a provider's model behind a gateway


def test_who_dies_alone_explains_why_others_died_with_it() -> None:
    blame = Blame()
    blame.died({"a", "b", "c"})
    assert not blame.suspects("a")
    blame.died({"a", "b", "d"})
    assert [job for job in "abcd" if blame.suspects(job)] == ["a", "b"]
    blame.died({"a"})
    assert [job for job in "abcd" if blame.suspects(job)] == ["a"]
    blame.died({"b", "c"})
    assert not blame.suspects("b")  # it begins anew: one death that nobody explains
    blame.died(set())


def test_the_batch_is_killed_and_nothing_outlives_it(asking: Asking) -> None:
    with asking.begun() as process:
        family = psutil.Process(process.pid).children(recursive=True)
        assert int(asking.marker.read_text()) in [each.pid for each in family]
        process.kill()
        process.wait()
        _, alive = psutil.wait_procs(family, timeout=60)
    assert [each for each in alive if each.status() != psutil.STATUS_ZOMBIE] == []
    assert treewright(asking.env, *asking.command()).returncode == 0
    asking.check()


def test_interrupted_as_by_a_terminal_it_ends_safely_and_can_be_gone_on_with(asking: Asking) -> None:
    waits = DESIGN.replace("import os", "import asyncio\nimport os").replace("time.sleep", "await asyncio.sleep")
    asking.design.write_text(waits.format(turns=TURNS, marker=str(asking.marker)))
    with asking.begun() as process:
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "The same command goes on" in errors
    with BatchReader(asking.out) as batch:
        assert batch.totals().calls == len(journal(asking.out)) >= 2  # also of tasks that are not through
    assert not [path for path in asking.out.glob("tasks/*/lock") if path.read_text()]
    assert treewright(asking.env, *asking.command(workers=1)).returncode == 0
    asking.check()


def test_a_recording_that_answers_in_order_is_for_one_process(asking: Asking) -> None:
    answers = [json.loads(line) | {"request": None} for line in asking.transcript.read_text().splitlines()]
    plain = ({name: value for name, value in answer.items() if name != "request"} for answer in answers)
    asking.transcript.write_text("".join(json.dumps(answer) + "\n" for answer in plain))
    refused = treewright(asking.env, *asking.command())
    assert refused.returncode == 2
    assert "--workers 1" in refused.stderr


LIMIT, PRICE = 1.0, 0.15


def spend(end: socket.socket, owner: str) -> None:
    """Spends as long as it may; in a process of its own."""

    async def main() -> None:
        line = BatchLine()
        line.link = await Link.open(end, None, lambda: None)
        gate = RemoteGate(line, owner)
        try:
            while True:
                async with gate.enter("m", Amount(PRICE, 10)) as passage:
                    await asyncio.sleep(0.01)
                    passage.settle(Amount(PRICE, 10))
        except SharedBudgetExhausted:
            line.link.say("told", owner)
        await asyncio.Event().wait()

    asyncio.run(main())


class Purse(Coordinator):
    """A coordinator that counts."""

    def __init__(self) -> None:
        super().__init__(4, usd=LIMIT)
        self.passed: list[str] = []
        self.through: set[str] = set()

    async def leave(self, ticket: int, usd: float | None, tokens: int, verdict: float | None) -> None:
        self.passed.append(self._held[ticket].owner)
        await super().leave(ticket, usd, tokens, verdict)

    def told(self, owner: str) -> None:  # type: ignore[override]
        self.through.add(owner)


async def test_two_processes_spend_from_one_purse() -> None:
    purse, processes, links = Purse(), [], []
    for owner in ("a", "b"):
        ours, theirs = socket.socketpair()
        with theirs:
            process = multiprocessing.get_context("forkserver").Process(target=spend, args=(theirs, owner))
            process.start()
        processes.append(process)
        links.append(await Link.open(ours, purse, lambda: None))
    try:
        await until(lambda: purse.through == {"a", "b"})
    finally:
        for process in processes:
            process.kill()
            await asyncio.to_thread(process.join)
    assert len(purse.passed) == int(LIMIT / PRICE)
    refused = await purse.enter("c", "m", PRICE, 10)
    assert "$0.9000 spent" in refused["refused"]
    with pytest.raises(LinkLost):
        await links[0].call("anything")


class Desk:
    """What is called in the tests of the link."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.ended = False

    async def wait(self) -> None:
        try:
            self.began.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            self.ended = True

    def break_down(self) -> None:
        raise ValueError("a reason")


async def test_a_call_that_is_cancelled_is_cancelled_there_before_it_returns() -> None:
    desk, (ours, theirs) = Desk(), socket.socketpair()
    await Link.open(theirs, desk, lambda: None)
    link = await Link.open(ours, None, lambda: None)
    with pytest.raises(InfrastructureError, match="ValueError: a reason"):
        await link.call("break_down")
    calling = asyncio.create_task(link.call("wait"))
    await desk.began.wait()
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert desk.ended
    link.close()


async def test_who_stops_waiting_takes_no_place() -> None:
    shared, (ours, theirs) = Coordinator(1, sandboxes=1), socket.socketpair()
    await Link.open(theirs, shared, lambda: None)
    line = BatchLine()
    line.link = await Link.open(ours, None, lambda: None)
    gate, limit = RemoteGate(line, "a"), RemoteLimit(line, "a")

    async def enter() -> None:
        async with limit, gate.enter("m", Amount()):
            raise AssertionError("there was no room")

    async with limit, gate.enter("m", Amount()):
        waiting = asyncio.create_task(enter())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert shared.holding() == 2
    async with limit, gate.enter("m", Amount()):
        assert shared.holding() == 2
    await until(lambda: shared.holding() == 0)
    line.link.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)
