"""Limits hold whoever runs it and whichever way they are kept: by the kernel or by the watchdog."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest
from bombs import BOMBS, LIMITS, PYTHON, Bomb
from harness import NOBODY, run_as

from environments import cgroups, reaper
from environments.base import Command, CommandResult, Environment, Limits
from environments.bubblewrap import Bubblewrap
from environments.local import Local
from tools.errors import InfrastructureError

ROOT = os.geteuid() == 0
# Without sandbox and control group the kernel counts all processes of a user: one that has no others.
ALONE = 61_000 + os.getpid() % 4000
PROCESSES = {"forks", "threads", "fork_bomb"}  # these use up what the user may have: nothing of his beside them
# name, user, whether control groups are used; a workspace of the user's
HERE = [
    pytest.param(("bubblewrap", os.geteuid(), True), id="bubblewrap"),
    pytest.param(("local", os.geteuid(), True), id="local"),
    *([pytest.param(("bubblewrap", NOBODY, False), id="bubblewrap-uid65534")] if ROOT else []),
    *([pytest.param(("local", ALONE, False), id="local-ordinary-user")] if ROOT else []),
]
ONLY_ISOLATED = {"memory_in_tmp", "shared_memory_folder"}  # not to be tried without a sandbox
pytestmark = pytest.mark.usefixtures("guard")


def environment(name: str) -> Environment:
    return Bubblewrap() if name == "bubblewrap" else Local()


@pytest.fixture(scope="module", params=HERE)
def outcome(request: pytest.FixtureRequest, guard: None) -> Iterator[tuple[str, dict[str, CommandResult], Path]]:
    name, uid, grouped = request.param
    folder = Path(tempfile.mkdtemp(prefix="treewright-bombs-"))
    os.chown(folder, uid, uid)

    async def explode(bomb: Bomb, turn: asyncio.Semaphore) -> dict[str, object]:
        place = folder / bomb.name
        place.mkdir()
        async with turn:
            sandbox = await environment(name).open(place)
            return asdict(await sandbox.run(bomb.command()))

    async def work() -> dict[str, dict[str, object]]:
        turn = asyncio.Semaphore(4)
        alone = PROCESSES if name == "local" else set()
        bombs = [bomb for bomb in BOMBS if name != "local" or bomb.name not in ONLY_ISOLATED]
        bombs.sort(key=lambda bomb: bomb.name in alone)
        together = [bomb for bomb in bombs if bomb.name not in alone]
        found = await asyncio.gather(*(explode(bomb, turn) for bomb in together))
        found += [await explode(bomb, turn) for bomb in bombs[len(together) :]]
        return dict(zip((bomb.name for bomb in bombs), found, strict=True))

    with pytest.MonkeyPatch.context() as patch:
        if not grouped:
            patch.setattr(cgroups, "hierarchies", lambda: None)
        if uid != os.geteuid():  # who may not be able to read our own installation
            patch.setattr(sys, "executable", PYTHON)
            patch.setattr(reaper, "__file__", shutil.copy(reaper.__file__, folder / "reaper.py"))
        values = run_as(uid, work)
    yield name, {key: CommandResult(**value) for key, value in values.items()}, folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda each: each.name)
def test_bomb_is_contained(bomb, outcome) -> None:
    name, results, _ = outcome
    if name == "local" and bomb.name in ONLY_ISOLATED:
        assert bomb.name not in results
        return
    result = results[bomb.name]
    assert bomb.contained(result), result


def test_the_kernel_stops_a_fork_bomb(outcome) -> None:
    """Not the watchdog: the bomb meets refusals, and few of its processes ever live."""
    _, _, folder = outcome
    place = folder / "fork_bomb"
    assert list(place.glob("refused-*"))
    assert 1 <= (place / "count").stat().st_size <= 2 * LIMITS.processes < 256


def test_a_daemon_dies_with_its_command(outcome) -> None:
    _, _, folder = outcome
    heartbeat = folder / "daemon_outlives_exit" / "heartbeat"
    size = heartbeat.stat().st_size
    assert size > 0
    time.sleep(0.2)
    assert heartbeat.stat().st_size == size


def sleepers(marker: str) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            if marker in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def wait_until_gone(marker: str) -> bool:
    for _ in range(100):
        if not sleepers(marker):
            return True
        time.sleep(0.05)
    return False


DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork(): os._exit(0)
print('up', flush=True)
time.sleep(20)
"""


@pytest.mark.parametrize("name", ["bubblewrap", "local"])
async def test_cancelling_leaves_no_process(name: str, tmp_path: Path) -> None:
    marker = f"marker-{os.getpid()}-{name}-cancel"
    sandbox = await environment(name).open(tmp_path)
    up = asyncio.Event()
    running = asyncio.create_task(sandbox.run(Command((PYTHON, "-c", DAEMON, marker)), on_output=lambda data: up.set()))
    await asyncio.wait_for(up.wait(), 30)
    assert sleepers(marker)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert wait_until_gone(marker)


ORCHESTRATOR = """
import asyncio, sys
from pathlib import Path
from environments.base import Command
from environments.registry import create
async def main():
    sandbox = await create(sys.argv[1]).open(Path(sys.argv[2]))
    await sandbox.run(Command(tuple(sys.argv[3:])), on_output=lambda data: print("up", flush=True))
asyncio.run(main())
"""


@pytest.mark.parametrize("name", ["bubblewrap", "local"])
async def test_killing_the_orchestrator_leaves_no_process(name: str, tmp_path: Path) -> None:
    marker = f"marker-{os.getpid()}-{name}-kill"
    orchestrator = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ORCHESTRATOR, name, str(tmp_path), PYTHON, "-c", DAEMON, marker),
        stdout=asyncio.subprocess.PIPE,
    )
    assert orchestrator.stdout is not None
    assert await asyncio.wait_for(orchestrator.stdout.readline(), 30) == b"up\n"
    assert len(sleepers(marker)) >= 2
    orchestrator.kill()
    await orchestrator.wait()
    assert await asyncio.to_thread(wait_until_gone, marker)


@pytest.mark.skipif(not ROOT, reason="root alone is exempt from the limit per user")
async def test_root_without_control_groups_gets_no_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "hierarchies", lambda: None)
    with pytest.raises(InfrastructureError, match="does not hold a process limit") as refusal:
        await Bubblewrap().open(tmp_path)
    assert "ordinary user" in refusal.value.hint
    found = await Bubblewrap().checks()
    assert [check.ok for check in found] == [False]
    assert found[0].remedy == refusal.value.hint


@pytest.mark.skipif(not ROOT, reason="anybody else is held by the kernel")
async def test_the_watchdog_is_the_last_net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guard: None) -> None:
    """Without isolation and control groups nothing else holds root; 250 processes that sleep are no danger."""
    monkeypatch.setattr(cgroups, "hierarchies", lambda: None)
    (forks,) = (bomb for bomb in BOMBS if bomb.name == "forks")
    result = await (await Local().open(tmp_path)).run(forks.command())
    assert result.stopped == "processes"
    assert "only a watchdog" in (await Local().checks())[0].detail


async def test_many_threads_fit_beside_the_memory_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address space limit of the same size would forbid them."""
    code = "import threading, time\nfor _ in range(50): threading.Thread(target=time.sleep, args=(0.2,)).start()"
    monkeypatch.setattr(cgroups, "hierarchies", lambda: None)
    with tempfile.TemporaryDirectory(prefix="treewright-threads-") as folder:  # tmp_path is closed to other users
        if ROOT:
            os.chown(folder, NOBODY, NOBODY)
        sandbox = await Bubblewrap().open(Path(folder))
        result = await sandbox.run(Command((PYTHON, "-c", code), limits=Limits(memory=LIMITS.memory)))
    assert result.ok, result.output


def test_a_process_that_cannot_be_seen_is_not_taken_for_our_own(tmp_path: Path) -> None:
    """To signal process 0 is to signal one's own process group."""
    (tmp_path / "cgroup.procs").write_text("0\n4999999\n")
    assert cgroups.ControlGroup((tmp_path,), 1, frozenset()).pids() == [4999999]


def test_groups_left_by_a_killed_run_are_swept(guard: None) -> None:
    found = cgroups.hierarchies()
    if found is None:
        pytest.skip("no control groups here")
    left = [parent / "treewright-4999999-1" for parent in set(found.parents.values())]
    for folder in left:
        folder.mkdir()
    cgroups.hierarchies.cache_clear()
    assert cgroups.hierarchies() == found
    assert not any(folder.exists() for folder in left)
