"""What may happen to a run: signals, a terminal that goes, clocks, folders and files that are no good."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from money_project import COMMAND, FAILING
from typer.testing import CliRunner

from agent.cli.main import app
from agent.config import Settings
from agent.model.open import open_model, open_transport
from agent.model.routing import RoleModels
from agent.outcome import Outcome
from agent.solve import solve
from agent.store.folder import RunFolder
from agent.store.records import EventRecord
from agent.store.recover import check, recover
from agent.store.sittings import SITTING, worked
from agent.store.store import Store
from environments.tasks import Task
from tools.errors import InfrastructureError, TreewrightError


def run_here(repository: Path, out: Path) -> Outcome:
    """Solve in this process."""
    task = Task("money", str(repository), failing_tests=(FAILING,), python=sys.executable)
    return asyncio.run(solve(task, Settings(), RunFolder(out)))


def arguments(repository: Path, out: Path) -> list[str]:
    """A run that takes its time: its tests sleep first."""
    slow = ["--test", "sleep 20; python3 -m unittest", "--issue", "share is off"]
    return ["solve", "--repo", str(repository), *slow, "--python", sys.executable, "--out", str(out)]


def status(out: Path) -> str:
    with sqlite3.connect(f"file:{out / 'run.db'}?mode=ro", uri=True) as database:
        return str(database.execute("select status from runs").fetchone()[0])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_in_order(
    number: signal.Signals, repository: Path, home: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    command = [*COMMAND, *arguments(repository, out)]
    process = subprocess.Popen(command, env=home, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.split()[1:2] == ["baseline"]:
            break
    process.send_signal(number)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert f"treewright resume {out}" in said
    assert "Traceback" not in said
    assert status(out) == "interrupted"


def test_a_closed_terminal_ends_it_in_order(repository: Path, home: dict[str, str], tmp_path: Path) -> None:
    """The kernel says so with SIGHUP, and every write fails from then on."""
    out = tmp_path / "run"
    child, terminal = pty.fork()
    if child == 0:
        os.execve(sys.executable, [*COMMAND, *arguments(repository, out)], {**home, "TERM": "xterm"})
    shown = b""
    while b"baseline" not in shown:
        shown += os.read(terminal, 65536)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 130
    assert status(out) == "interrupted"


def test_nobody_reads_what_it_says(repository: Path, home: dict[str, str], tmp_path: Path) -> None:
    """A closed pipe for both outputs: the work is done all the same."""
    out = tmp_path / "run"
    readable, writable = os.pipe()
    os.close(readable)
    command = ["solve", "--repo", repository, "--failing-test", FAILING, "--python", sys.executable, "--out", out]
    done = subprocess.run(
        [*COMMAND, *map(str, command), "--json"], env=home, stdout=writable, stderr=writable, timeout=300, check=False
    )
    os.close(writable)
    assert done.returncode == 0, "the outcome's own"
    assert status(out) == "solved"


def test_a_read_only_folder_is_refused_first(repository: Path, home: dict[str, str], tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system that is read-only")
    (tmp_path / "fixed").mkdir()
    mount = f'mount -t tmpfs -o ro,size=1m tmpfs {tmp_path / "fixed"} && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", mount, "sh", *COMMAND, *arguments(repository, tmp_path / "fixed/run")]
    done = subprocess.run(command, env=home, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") <= 4
    assert "Read-only file system" in done.stderr
    assert "--out" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_clock_that_jumps(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hours back and forth at every look; nothing is measured by it."""
    real, looks = time.time, 0

    def jumping() -> float:
        nonlocal looks
        looks += 1
        return real() + (7200 if looks % 2 else -7200)

    with monkeypatch.context() as patch:
        patch.setattr(time, "time", jumping)
        outcome = run_here(repository, tmp_path / "run")
    assert looks > 10
    assert outcome.status == "solved"
    assert 0 <= outcome.spending.seconds < 3600
    with Store.open(tmp_path / "run" / "run.db") as store:
        nodes = store.run("run").nodes()
    assert nodes
    assert all(0 <= node.seconds < 3600 for node in nodes)


def test_time_worked_is_never_negative() -> None:
    def event(kind: str, created: float) -> EventRecord:
        return EventRecord(1, kind, {}, created)

    assert worked([event(SITTING, 10), event("a", 12), event(SITTING, 50), event("b", 53)]) == 5
    assert worked([event(SITTING, 10), event("a", 12), event("b", -7000), event("c", -6999)]) == 3
    assert worked([event(SITTING, 10), event(SITTING, 5)]) == worked([]) == 0


def test_a_damaged_store_is_named_and_what_is_saved_of_it_is_gone_on_with(repository: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    before = run_here(repository, out)
    path = out / "run.db"
    with sqlite3.connect(path) as database:
        database.execute("pragma wal_checkpoint(truncate)")
        ((size,),) = database.execute("pragma page_size")
        ((page,),) = database.execute("select rootpage from sqlite_master where name = 'executions'")
    database.close()
    sound = path.read_bytes()
    path.write_bytes(sound[:512] + b"\xff" * 600 + sound[1112:])
    for command in ("resume", "show"):
        with pytest.raises(InfrastructureError, match=r"run\.db is damaged") as failure:
            CliRunner().invoke(app, [command, str(out)], catch_exceptions=False)
        assert f"agent.store.recover {path}" in failure.value.hint
    body = bytearray(sound)
    body[(page - 1) * size : page * size] = b"\xff" * size
    path.write_bytes(body)
    assert check(path)
    saved = recover(path)
    assert sum(saved.saved.values()) > 10
    for old in out.glob("run.db*"):
        if old != saved.path:
            old.unlink()
    saved.path.rename(path)
    again = run_here(repository, out)
    assert (again.status, again.patch) == (before.status, before.patch)


@pytest.mark.parametrize("content", [b"", b"\0" * 4096])
def test_an_emptied_store_is_no_new_beginning(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.db").write_bytes(content)
    with pytest.raises(TreewrightError) as failure:
        CliRunner().invoke(app, ["resume", str(tmp_path / "run")], catch_exceptions=False)
    assert "run" in str(failure.value)
    assert failure.value.hint


@pytest.mark.parametrize("trouble", ["newer", "damaged", "other program", "a folder"])
def test_a_cache_that_cannot_be_used_is_left_out(
    trouble: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "answers.db"
    if trouble == "newer":
        with Store.open(path) as store, store.database.write() as connection:
            connection.exec_driver_sql("UPDATE about SET value = '99'")
    elif trouble == "damaged":
        path.write_bytes(b"\xff" * 10_000)
    elif trouble == "other program":
        with sqlite3.connect(path) as database:
            database.execute("create table about (name text, value text)")
        database.close()
    else:
        path.mkdir()
    model = open_model(RoleModels("openai/hand", {}), transport=open_transport(), cache=path)
    assert model is not None
    assert "left out" in caplog.text
    assert str(path) in caplog.text
    assert path.exists(), "what is left out is not deleted"


def test_an_index_of_another_version_is_not_looked_at(repository: Path, tmp_path: Path) -> None:
    """The version is part of the file's name."""
    from tools.localization import Localizer

    (tmp_path / "localization-000000000000.sqlite").write_bytes(b"from another time")
    localizer = Localizer(repository, "HEAD", cache=tmp_path)
    try:
        assert "money.py" in localizer.map(200, None)
    finally:
        localizer.close()
    assert (tmp_path / "localization-000000000000.sqlite").read_bytes() == b"from another time"
