import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from agent.store.folder import RunFolder
from agent.store.lock import FolderLock, Holder
from tools.errors import InputError

HOLD = """
import os, sys
from pathlib import Path
from agent.store.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
lock.acquire()
orphan = os.fork() if len(sys.argv) > 2 else 1
if orphan == 0:
    sys.stdin.read()
    os._exit(0)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return RunFolder(tmp_path / "run").lock


def hold(path: Path, *more: str) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    return process


@pytest.mark.parametrize("more", [(), ("fork",)])
def test_the_second_run_is_refused_until_the_first_is_killed(path: Path, more: tuple[str, ...]) -> None:
    process = hold(path, *more)
    try:
        with pytest.raises(InputError, match=f"in use by process {process.pid} on "):
            FolderLock(path).acquire()
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    with FolderLock(path):  # also when a forked child of the killed process lives on
        assert json.loads(path.read_text())["pid"] == os.getpid()
    process.stdin.close()
    process.stdout.close()


def test_released_is_free_again_and_two_in_one_process_are_refused(path: Path) -> None:
    with FolderLock(path), pytest.raises(InputError, match=str(os.getpid())):
        FolderLock(path).acquire()
    assert path.read_text() == ""
    with FolderLock(path):
        pass


def test_another_machine_cannot_be_judged_so_it_is_refused(path: Path) -> None:
    elsewhere = replace(Holder.this_process(), host="elsewhere", boot="another")
    path.parent.mkdir()
    path.write_text(json.dumps(asdict(elsewhere)))
    with pytest.raises(InputError, match="on elsewhere") as failure:
        FolderLock(path).acquire()
    assert f"delete {path}" in failure.value.hint


@pytest.mark.parametrize("text", ["", "garbage", '{"pid": 1}', "[]"])
def test_an_unreadable_text_does_not_hold(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    with FolderLock(path):
        pass


def test_who_is_gone_is_seen() -> None:
    here = Holder.this_process()
    assert here.alive() is True
    assert replace(here, started=here.started - 100).alive() is False  # the pid was used again
    assert replace(here, boot="earlier").alive() is False
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert replace(here, pid=gone.pid).alive() is False


def test_where_the_kernel_has_no_locks_the_text_decides(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", unsupported)
    with FolderLock(path), pytest.raises(InputError, match="in use"):
        FolderLock(path).acquire()
    path.write_text(json.dumps(asdict(replace(Holder.this_process(), boot="earlier"))))
    with FolderLock(path):
        pass
