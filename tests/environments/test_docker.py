"""The Docker sandbox against a real daemon: attacks contained, ordinary work undisturbed, limits held, nothing left."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import json
import os
import pwd
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import docker
import pytest
import requests
from attacks import Payload
from bombs import BOMBS, Bomb
from controls import CONTROLS
from daemon import IMAGE, daemon, make_image
from harness import ATTACKS, NOBODY, PYTHON, Host, as_result, escapes, host, run_as
from hypothesis import given
from hypothesis import strategies as st
from money_project import FAILING, environment, make_repository, treewright

from environments import registry
from environments.base import Command, CommandResult, Limits, Mount
from environments.containers import Frames, is_orphan, owner_label
from environments.docker import Docker, gc
from environments.ownership import LENT_TO
from environments.workspaces import WorkspacePool
from tools.errors import InfrastructureError, InputError
from tools.snapshots import SnapshotStore

HOME = pwd.getpwuid(0).pw_dir

# in Docker the first process is under the same filter as all others: to rewrite it gains nothing
NOT_HERE = {"rewrite_first_process"}
IN_DOCKER = {
    "forks", "fork_bomb", "memory", "memory_of_children", "memory_in_tmp", "disk", "big_file", "flood",
    "ignores_signals", "daemon_outlives_exit", "dies_by_signal",
}  # fmt: skip
AS_A_USER = {"fork_bomb", "memory", "disk", "daemon_outlives_exit"}
USERS = [0, NOBODY] if os.geteuid() == 0 else [os.geteuid()]
DRIVER = """
import json, multiprocessing.pool, subprocess, sys
def run(item):
    out = subprocess.PIPE
    done = subprocess.run([sys.executable, '-c', item[1]], stdout=out, stderr=subprocess.STDOUT, timeout=120)
    return item[0], {'output': done.stdout.decode('utf-8', 'replace'), 'exit_code': done.returncode}
with multiprocessing.pool.ThreadPool(6) as pool:
    print(json.dumps(dict(pool.map(run, json.load(sys.stdin).items(), 1))))
"""


@pytest.fixture(scope="module")
def docker_host() -> Iterator[str]:
    if os.geteuid() != 0 and not os.environ.get("CI"):
        pytest.skip("a Docker daemon of our own needs root")
    with daemon() as address:
        make_image(address)
        open_to(address, NOBODY)
        yield address


def open_to(address: str, gid: int) -> None:
    """Let a group talk to the daemon, as members of the group docker do."""
    if os.geteuid() == 0:
        path = Path(address.removeprefix("unix://"))
        path.parent.chmod(0o711)
        os.chown(path, 0, gid)
        path.chmod(0o660)


@pytest.fixture(autouse=True)
def address(docker_host: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DOCKER_HOST", docker_host)
    return docker_host


def names() -> list[str]:
    with contextlib.closing(docker.from_env()) as client:
        return [str(each.name) for each in client.containers.list(all=True)]


async def run(root: Path, *argv: str, **options) -> CommandResult:
    sandbox = await Docker(IMAGE).open(root)
    try:
        return await sandbox.run(Command(argv, **options))
    finally:
        await sandbox.close()


async def run_all(target: Host, payloads: list[Payload]) -> dict:
    """All payloads in one container, each a process of its own."""
    scripts = json.dumps({payload.name: target.script(payload) for payload in payloads}).encode()
    result = await run(target.workspace, PYTHON, "-c", DRIVER, stdin=scripts, limits=Limits(seconds=300))
    assert result.ok, result
    return {name: {**value, "traces": target.traces()} for name, value in json.loads(result.output).items()}


@pytest.mark.parametrize("uid", USERS, ids=lambda uid: f"uid{uid}")
def test_attacks_are_contained_and_ordinary_work_goes_on(uid: int) -> None:
    attacks = [payload for payload in ATTACKS if payload.name not in NOT_HERE]
    with host(uid) as target:
        found = run_as(uid, functools.partial(run_all, target, [*attacks, *CONTROLS]))
        owners = {path.lstat().st_uid for path in target.workspace.rglob("*")}
    assert owners == {uid}
    assert len(attacks) >= 60
    assert not escapes(found)
    assert not {payload.name for payload in attacks if "Traceback" in found[payload.name]["output"]}
    assert not {
        payload.name: found[payload.name] for payload in CONTROLS if "WORKED" not in found[payload.name]["output"]
    }


async def test_a_workspace_of_somebody_else_is_worked_on_as_that_user(tmp_path: Path) -> None:
    os.chown(tmp_path, NOBODY, NOBODY)
    assert (await run(tmp_path, "touch", "made")).ok
    assert ((tmp_path / "made").stat().st_uid, tmp_path.stat().st_uid) == (NOBODY, NOBODY)


@pytest.mark.parametrize(("uid", "names_of_bombs"), list(zip(USERS, (IN_DOCKER, AS_A_USER), strict=False)))
def test_limits_hold(uid: int, names_of_bombs: set[str]) -> None:
    bombs = [bomb for bomb in BOMBS if bomb.name in names_of_bombs]
    assert len(bombs) == len(names_of_bombs)
    with tempfile.TemporaryDirectory(prefix="treewright-bombs-") as folder:  # tmp_path is closed to other users
        os.chown(folder, uid, uid)

        async def explode(bomb: Bomb, turn: asyncio.Semaphore) -> dict[str, object]:
            place = Path(folder, bomb.name)
            place.mkdir()
            async with turn:
                return asdict(await run(place, *bomb.command().argv, limits=bomb.limits))

        async def work() -> list[dict[str, object]]:
            turn = asyncio.Semaphore(3)
            return await asyncio.gather(*(explode(bomb, turn) for bomb in bombs))

        results = dict(zip(bombs, map(as_result, run_as(uid, work)), strict=True))
        assert not {bomb.name: result for bomb, result in results.items() if not bomb.contained(result)}
        assert list(Path(folder, "fork_bomb").glob("refused-*"))
    assert names() == []


async def test_it_sees_the_workspace_at_its_place_and_the_mounts(tmp_path: Path) -> None:
    work, extra = tmp_path / "work", tmp_path / "extra"
    for folder in (work / "sub", extra):
        folder.mkdir(parents=True)
    (extra / "given").write_text("read")
    sandbox = await registry.create("docker", image=IMAGE).open(
        work, mount="/some/place", mounts=[Mount(extra, "/opt/x")]
    )
    assert sandbox.inside(work / "sub" / "f") == "/some/place/sub/f"
    script = "pwd; cat /opt/x/given; echo $WORD; touch /opt/x/new 2>&1 || echo refused; touch made"
    result = await sandbox.run(Command.shell(script, cwd="sub", env={"WORD": "hello"}))
    assert result.output.startswith("/some/place/sub\nreadhello\n")
    assert "refused\n" in result.output
    assert (work / "sub" / "made").stat().st_uid == LENT_TO
    (work / "later").mkdir()  # what we make between two commands can be written to, too
    assert (await sandbox.run(Command.shell("touch f", cwd="later"))).ok
    await sandbox.close()
    assert {path.stat().st_uid for path in work.rglob("*")} == {0}


async def test_output_arrives_while_it_runs_and_input_ends(tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    code = (
        "import sys, hashlib; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest()); print('err', file=sys.stderr)"
    )
    sandbox = await Docker(IMAGE).open(tmp_path)
    pieces: list[bytes] = []
    result = await sandbox.run(Command((PYTHON, "-c", code), stdin=data), on_output=pieces.append)
    await sandbox.close()
    assert sorted(result.output.split()) == sorted([hashlib.sha256(data).hexdigest(), "err"])
    assert b"".join(pieces).decode() == result.output
    assert (await run(tmp_path, "true", stdin=data)).ok, "a command may leave its input unread"


async def test_failures_of_the_command_are_results(tmp_path: Path) -> None:
    assert (await run(tmp_path, "no-such-program")).exit_code == 127
    with pytest.raises(InputError, match="not a folder"):
        await run(tmp_path, "true", cwd="no/such/folder")


async def test_a_daemon_that_goes_away_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = await Docker(IMAGE).open(tmp_path)

    def broken(*args: object, **options: object) -> None:
        raise requests.ConnectionError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(docker.APIClient, "wait", broken)
        with pytest.raises(InfrastructureError, match="stopped answering"):
            await sandbox.run(Command(("true",)))
        patch.setattr(docker.APIClient, "create_container", broken)
        with pytest.raises(InfrastructureError, match="stopped answering"):
            await sandbox.run(Command(("true",)))
    await sandbox.close()
    assert names() == []


async def test_cancelling_leaves_no_container(tmp_path: Path) -> None:
    sandbox = await Docker(IMAGE).open(tmp_path)
    up = asyncio.Event()
    running = asyncio.create_task(sandbox.run(Command.shell("echo up; sleep 30"), on_output=lambda data: up.set()))
    await asyncio.wait_for(up.wait(), 30)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    early = asyncio.create_task(sandbox.run(Command(("sleep", "30"))))
    await asyncio.sleep(0.01)  # the container is being made
    early.cancel()
    with pytest.raises(asyncio.CancelledError):
        await early
    await sandbox.close()
    assert names() == []


async def test_folders_below_root_s_home_and_more_than_one_writable(tmp_path: Path) -> None:
    """What runs as root mounts its own paths, and a folder for reports beside the workspace."""
    work, reports = tmp_path / "work", tmp_path / "reports"
    work.mkdir()
    reports.mkdir()
    mounts = [Mount(reports, f"{HOME}/cache/reports", writable=True)]
    sandbox = await Docker(IMAGE).open(work, mount=f"{HOME}/project", mounts=mounts)
    result = await sandbox.run(Command.shell(f"pwd; echo x > made; echo y > {HOME}/cache/reports/report"))
    await sandbox.close()
    assert (result.exit_code, result.output) == (0, f"{HOME}/project\n")
    assert (reports / "report").read_text() == "y\n"
    assert (reports / "report").stat().st_uid == 0


async def test_a_pool_of_workspaces_sees_what_a_container_changed_and_only_that(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    subprocess.run(["git", "init", "-q", repository], check=True)
    for name in ("one.py", "two.py"):
        (repository / name).write_text("x = 1\n")
    person = ("-c", "user.name=n", "-c", "user.email=e")
    subprocess.run(["git", *person, "-C", repository, "add", "."], check=True)
    subprocess.run(["git", *person, "-C", repository, "commit", "-qm", "base"], check=True)
    store = SnapshotStore.create(tmp_path / "store.git", repository)
    pool = WorkspacePool(store, tmp_path / "places", 1)
    async with pool.at(store.base) as workspace:
        sandbox = await Docker(IMAGE).open(workspace.root)
        await sandbox.run(Command(("true",)))
        assert workspace.capture(subject="nothing") == store.base
        assert (await sandbox.run(Command.shell("echo 'x = 2' > two.py"))).ok
        changed = workspace.capture(subject="two")
        assert store.changed_paths(store.base, changed) == ("two.py",)
        workspace.move(store.base)
        assert (await sandbox.run(Command.shell("cat two.py; echo 'x = 3' > one.py"))).output == "x = 1\n"
        assert store.changed_paths(store.base, workspace.capture(subject="one")) == ("one.py",)
        await sandbox.close()
    await pool.close()


ORCHESTRATOR = """
import asyncio, sys
from pathlib import Path
from environments.base import Command
from environments.registry import create
async def main():
    sandbox = await create("docker", image=sys.argv[1]).open(Path(sys.argv[2]))
    await sandbox.run(Command.shell("echo up; sleep 60"), on_output=lambda data: print("up", flush=True))
asyncio.run(main())
"""


async def test_what_a_killed_run_left_is_collected_and_nothing_else(tmp_path: Path) -> None:
    orchestrator = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ORCHESTRATOR, IMAGE, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert orchestrator.stdout is not None
    assert await asyncio.wait_for(orchestrator.stdout.readline(), 60) == b"up\n"
    left = names()
    assert len(left) == 1
    assert await gc() == [], "its owner lives"
    orchestrator.kill()
    await orchestrator.communicate()  # closes the pipe, too
    with contextlib.closing(docker.from_env()) as client:
        stranger = client.containers.create(IMAGE, "true", name="stranger")
        assert await gc() == left
        assert names() == ["stranger"]
        stranger.remove()


def test_an_owner_is_its_boot_namespace_process_and_start() -> None:
    boot, namespace, pid, start = owner_label().split()
    assert not is_orphan(owner_label())
    assert is_orphan(f"another-boot {namespace} {pid} {start}")
    assert is_orphan(f"{boot} {namespace} {pid} 1{start}"), "the number was given to another process"
    assert is_orphan(f"{boot} {namespace} 4999999 {start}")
    assert not is_orphan(f"{boot} pid:[1] 4999999 {start}"), "we cannot see into another namespace"


async def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InfrastructureError, match="no image treewright-none") as missing:
        await Docker("treewright-none:1").open(tmp_path)
    assert missing.value.hint == "docker pull treewright-none:1"
    with pytest.raises(InputError, match="needs an image"):
        registry.create("docker")
    assert [check.ok for check in await Docker(IMAGE).checks()] == [True, True]
    assert [check.ok for check in await Docker("treewright-none:1").checks()] == [True, False]
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(InfrastructureError, match="does not answer"):
        await Docker(IMAGE).open(tmp_path)
    assert await gc() == []
    found = await Docker(IMAGE).checks()
    assert [check.ok for check in found] == [False]
    assert "start it" in found[0].remedy


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=40))), st.integers(1, 9))
def test_frames_are_read_however_they_are_cut(pieces: list[tuple[int, bytes]], step: int) -> None:
    stream = b"".join(bytes([kind, 0, 0, 0]) + len(data).to_bytes(4, "big") + data for kind, data in pieces)
    decode = Frames()
    got = b"".join(decode(stream[at : at + step]) for at in range(0, len(stream), step))
    assert got == b"".join(data for _, data in pieces)


def test_a_bug_is_repaired_in_containers_and_none_is_left(tmp_path: Path, address: str) -> None:
    root = make_repository(tmp_path / "money")
    command: list[object] = ["solve", "--repo", root]
    command += ["--failing-test", FAILING, "--environment", "docker", "--image", IMAGE]
    command += ["--python", PYTHON, "--out", tmp_path / "run", "--json"]
    done = treewright(environment(tmp_path, DOCKER_HOST=address), *command, timeout=600)
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["status"] == "solved"
    assert "(i < total % people)" in outcome["patch"]
    assert outcome["proof"]["held"] == 1
    assert names() == []
