"""Designs that nobody has read, in their sandbox: the good ones work as ever, the others are stopped and recorded."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import attack_designs as attacks
import psutil
import pydantic_core
import pytest
import test_codetree
from daemon import IMAGE, daemon, make_image
from money_project import FAILING
from scripted import ScriptedModel, call
from test_codetree import ISSUE, Author, tree

from agent import designs
from agent.assembly import Assembly
from agent.config import Settings
from agent.crew import Crew
from agent.isolation import gate
from agent.isolation.host import Rules
from agent.isolation.launch import Sandboxed, Sandboxing
from agent.local_kit import LocalKit
from agent.progress import Silent
from agent.solve import solve
from agent.store.folder import RunFolder
from agent.store.store import Store
from environments.base import MIB, Limits
from environments.bubblewrap import Bubblewrap
from environments.docker import Docker
from environments.local import Local
from environments.tasks import Task
from search.budget import Budget
from tools.errors import DesignFailed, InfrastructureError, InputError, Misconduct

author = test_codetree.author

STRICT = Sandboxing(
    Bubblewrap(),
    Limits(60, 256 * MIB, 12, 8 * MIB, 64 * 1024),
    cpu=20,
    rules=Rules(calls=2000, pending=64, received=8 * MIB, answer=30.0, idle=30.0),
)
DAEMONS = ("dockerd", "containerd")
IDLE = ("HANGS", "HANGS_IN_ACTIONS", "READS_NOTHING")


@pytest.fixture(scope="module")
def docker_host() -> Iterator[str]:
    if os.geteuid() != 0 and not os.environ.get("CI"):
        pytest.skip("a Docker daemon of our own needs root")
    with daemon() as address:
        ours, core = Path(sys.base_prefix), Path(str(pydantic_core._pydantic_core.__file__))
        linked = [*ours.glob("bin/python3.*[0-9]"), *ours.rglob("lib-dynload/*.so"), core]
        make_image(address, programs=("prlimit",), linked=linked)
        yield address


@pytest.fixture(params=["bubblewrap", "docker"])
def strict(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Sandboxing:
    """Both kinds of sandbox that a design may run in."""
    if request.param == "bubblewrap":
        return STRICT
    monkeypatch.setenv("DOCKER_HOST", request.getfixturevalue("docker_host"))
    return replace(STRICT, environment=Docker(IMAGE))


def task(repository: Path) -> Task:
    return Task("money", str(repository), problem=ISSUE, python=sys.executable, failing_tests=(FAILING,))


@asynccontextmanager
async def a_kit(repository: Path, out: Path, model: ScriptedModel | None = None) -> AsyncIterator[LocalKit]:
    """The kit of a real task, with its baseline measured."""
    settings, folder = Settings(), RunFolder(out)
    with Store.open(folder.store) as store:
        run = store.create_run("run", task={}, config={})
        assembly = Assembly(task(repository), settings, folder, journal=run, model=model, progress=Silent())

        async def ground() -> Crew:
            return await assembly.crew(await assembly.snapshots())

        try:
            yield LocalKit(
                ISSUE, ground, desk=None, observe=lambda _: None, budget=Budget(nodes=20, seconds=60), seed=0,
                concurrency=1, confidence=0.5,
            )  # fmt: skip
        finally:
            await assembly.close()


async def attempt(kit: LocalKit, source: str, how: Sandboxing = STRICT) -> DesignFailed | str:
    """What came of a design: how it failed, or its reason to abstain."""
    try:
        await Sandboxed(source, how)(kit)
    except DesignFailed as error:
        return error
    assert kit.submission is not None
    return kit.submission.reason


def outcome_of(repository: Path, out: Path, source: str, how: Sandboxing = STRICT) -> Any:
    async def main() -> DesignFailed | str:
        async with a_kit(repository, out) as kit:
            return await attempt(kit, source, how)

    return asyncio.run(main())


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_built_in_design_grows_the_same_tree_in_its_sandbox(
    repository: Path, tmp_path: Path, concurrency: int
) -> None:
    trees = []
    for sandboxed in (False, True):
        settings = Settings(design="mechanical", sandboxed=sandboxed, concurrency=concurrency)
        outcome = asyncio.run(solve(task(repository), settings, RunFolder(tmp_path / str(sandboxed))))
        assert outcome.status == "solved", outcome
        trees.append(tree(tmp_path / str(sandboxed)))
    if concurrency == 1:
        assert trees[0] == trees[1]


def test_a_design_with_a_model_asks_the_same_questions_from_its_sandbox(
    repository: Path,
    tmp_path: Path,
    author: tuple[Author, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    playing, address = author
    monkeypatch.setenv("OPENAI_API_BASE", address)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    without = replace(task(repository), failing_tests=())
    asked = []
    for sandboxed in (False, True):
        settings = Settings(model="openai/hand", unknown_price="free", sandboxed=sandboxed, design="codetree")
        outcome = asyncio.run(solve(without, settings, RunFolder(tmp_path / str(sandboxed))))
        assert outcome.status == "solved", outcome
        asked.append([json.dumps(request["messages"]) for request in playing.requests])
        playing.requests.clear()
    assert tree(tmp_path / "False") == tree(tmp_path / "True")
    assert asked[0] == asked[1]
    assert len(asked[0]) > 5


def test_secrets_are_out_of_reach(
    repository: Path, tmp_path: Path, strict: Sandboxing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    (tmp_path / "secret").write_text("sk-very-secret")
    source = attacks.READS_KEYS.replace("SECRET", repr(str(tmp_path / "secret")))
    said = json.loads(outcome_of(repository, tmp_path / "run", source, strict))
    assert "sk-very-secret" not in str(said)
    assert not [name for name in said["environment"] if "KEY" in name]
    assert said["hits"] == []
    assert "denied" in said[str(tmp_path / "secret")]


def test_there_is_no_network(repository: Path, tmp_path: Path, strict: Sandboxing) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        source = attacks.OPENS_SOCKETS.replace("PORT", str(server.getsockname()[1]))
        said = json.loads(outcome_of(repository, tmp_path / "run", source, strict))
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert all("denied" in each for each in said.values()), said


def test_a_fork_bomb_fizzles_and_leaves_nothing(repository: Path, tmp_path: Path, strict: Sandboxing) -> None:
    before = psutil.Process().children(recursive=True)
    said = json.loads(outcome_of(repository, tmp_path / "run", attacks.FORKS, strict))
    assert 0 < said["born"] <= 14
    time.sleep(0.2)
    mine = [each for each in psutil.Process().children(recursive=True) if each.is_running() and each not in before]
    left = [each for each in mine if each.status() != psutil.STATUS_ZOMBIE and each.name() not in DAEMONS]
    assert left == []


def test_nothing_outside_is_written(repository: Path, tmp_path: Path, strict: Sandboxing) -> None:
    source = attacks.WRITES_OUTSIDE.replace("OUTSIDE", repr(str(tmp_path)))
    said = json.loads(outcome_of(repository, tmp_path / "run", source, strict))
    assert all("denied" in each for each in said.values()), said
    assert not (tmp_path / "planted").exists()


def test_processes_outside_are_not_seen(repository: Path, tmp_path: Path, strict: Sandboxing) -> None:
    said = outcome_of(repository, tmp_path / "run", attacks.KILLS.replace("PARENT", str(os.getpid())), strict)
    if isinstance(said, str):  # it may have ended its own sandbox
        assert len(json.loads(said)["processes"]) < 10
    else:
        assert said.conduct is Misconduct.EXITED


def test_ctypes_reaches_nothing(repository: Path, tmp_path: Path, strict: Sandboxing) -> None:
    said = json.loads(outcome_of(repository, tmp_path / "run", attacks.CTYPES, strict))
    assert set(said.values()) == {-1}, said


@pytest.mark.parametrize(
    ("name", "conduct"),
    [
        ("MEMORY", {Misconduct.MEMORY, Misconduct.CRASHED}),
        ("EXITS", {Misconduct.EXITED}),
        ("HANGS", {Misconduct.HUNG}),
        ("HANGS_IN_ACTIONS", {Misconduct.HUNG}),
        ("READS_NOTHING", {Misconduct.HUNG, Misconduct.FLOODED}),
        ("FLOODS_ONE_LINE", {Misconduct.FLOODED}),
        ("FLOODS_CALLS", {Misconduct.FLOODED, Misconduct.TIME}),  # on a busy machine its minute may be over first
        ("FLOODS_OUTPUT", {Misconduct.FLOODED}),
        ("CRASHES", {Misconduct.CRASHED}),
    ],
)
def test_it_is_stopped_and_what_it_did_is_recorded(
    repository: Path, tmp_path: Path, strict: Sandboxing, name: str, conduct: set[Misconduct]
) -> None:
    how = replace(strict, rules=replace(strict.rules, answer=1.0, idle=2.0)) if name in IDLE else strict
    failed = outcome_of(repository, tmp_path / "run", getattr(attacks, name), how)
    assert isinstance(failed, DesignFailed)
    assert failed.conduct in conduct, (failed.conduct, str(failed), failed.traceback)
    if name == "CRASHES":
        assert "nothing" in str(failed)
        assert "line 5" in failed.traceback


def test_garbage_ends_it(repository: Path, tmp_path: Path, strict: Sandboxing) -> None:
    async def main() -> dict[str, DesignFailed | str]:
        found = {}
        async with a_kit(repository, tmp_path / "run") as kit:
            for name, data in attacks.GARBAGE.items():
                source = attacks.SENDS_GARBAGE.replace("BYTES", repr(data.replace(b"\\n", b"\n")))
                found[name] = await attempt(kit, source, strict)
        return found

    for name, failed in asyncio.run(main()).items():
        assert isinstance(failed, DesignFailed), name
        assert failed.conduct is Misconduct.GARBAGE, (name, str(failed))


def test_results_cannot_be_faked(repository: Path, tmp_path: Path, strict: Sandboxing) -> None:
    failed = outcome_of(repository, tmp_path / "run", attacks.FAKES_RESULTS, strict)
    assert isinstance(failed, DesignFailed)
    said = json.loads(failed.traceback.rpartition("REPORT")[2])
    assert said.pop("value") < 1.0
    assert said.pop("accepted") is False
    assert said.pop("probability") < 0.5
    assert all(str(each).startswith("refused") for each in said.values()), said


def test_a_design_that_fails_is_an_abstention_of_the_run(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(attacks.FAKES_RESULTS)
    settings = Settings(design=str(tmp_path / "bad.py"), sandboxed=True)
    outcome = asyncio.run(solve(task(repository), settings, RunFolder(tmp_path / "run")))
    assert outcome.status == "abstained"
    assert outcome.fault.startswith("crashed")


def test_changed_tests_do_not_count(repository: Path, tmp_path: Path, strict: Sandboxing) -> None:
    """A design tells a model to make the test pass by editing the test."""
    source = '''
"""An attack."""
async def solve(kit):
    async def expand(node):
        return [kit.child(await kit.evaluate(await kit.episode(node, "edit the test")))]
    def actions(node):
        return () if node.attempts or node.kind != "root" else ("expand",)
    await kit.search("best_first", {"expand": expand}, actions)
    await kit.submit(kit.root.children[0])
    await kit.abstain(f"{kit.root.children[0].value} {kit.accepted(kit.root.children[0])}")
'''
    model = ScriptedModel([
        call("edit", path="tests/test_money.py", old="self.assertEqual(sum(share(10, 3)), 10)", new="pass"),
        call("submit", summary="done"),
    ])  # fmt: skip

    async def main() -> DesignFailed | str:
        async with a_kit(repository, tmp_path / "run", model) as kit:
            return await attempt(kit, source, strict)

    assert asyncio.run(main()) == "0.0 False"


def test_without_a_sandbox_it_is_refused() -> None:
    with pytest.raises(InputError, match="without a sandbox"):
        Sandboxed(designs.source("mechanical"), Sandboxing(Local()))


def test_a_sandbox_that_does_not_start_is_the_machine_s_failure(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError):
        outcome_of(repository, tmp_path / "run", attacks.EXITS, replace(STRICT, environment=Bubblewrap("/bin/false")))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('"""x"""\nimport os\nasync def solve(kit): ...', "imports os"),
        ('"""x"""\nfrom agent.local_kit import LocalKit\nasync def solve(kit): ...', "imports agent.local_kit"),
        ('"""x"""\ndef solve(kit): ...', "async def solve"),
        ('"""x"""\nasync def solve(kit): ...\nasync def solve(kit): ...', "one `async def solve"),
        ("async def solve(kit): ...", "docstring"),
        ('"""x"""\nasync def solve(kit):\n    eval("1")', "eval"),
        ('"""x"""\nasync def solve(kit):\n    ().__class__.__mro__', "__class__"),
        ('"""x"""\nasync def solve(kit, more): ...', "takes the kit"),
        ('"""x"""\nasync def solve(kit) ...', "not Python"),
        ('"""x"""\n' + "#" * 70_000, "longer"),
    ],
)
def test_the_gate(source: str, said: str) -> None:
    assert said in " ".join(map(str, gate.check(source)))


@pytest.mark.parametrize("name", designs.names())
def test_built_in_designs_pass_the_gate(name: str) -> None:
    assert gate.check(designs.source(name)) == ()
