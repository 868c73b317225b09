"""`treewright sandbox exec` as a person uses it: every flag, every status, and what it says when it cannot.

The command runs in a fork of this process, which may first become another user: nobody can read our installation.
"""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness import NOBODY, PYTHON

from agent.cli.main import run
from environments.base import parse_size
from tools.errors import InputError

USERS = [0, NOBODY] if os.geteuid() == 0 else [os.geteuid()]
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "TREEWRIGHT_TEST_KEY": "canary-9f2c71"}


@dataclass(frozen=True)
class Done:
    """How the command ended."""

    status: int
    out: str
    err: str

    def said(self) -> list[str]:
        """The lines of a refusal."""
        assert "Traceback" not in self.err
        return [line for line in self.err.splitlines() if line.startswith(("error: ", "  try: "))]


@pytest.fixture(params=USERS, ids=lambda uid: f"uid{uid}")
def uid(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def workdir(uid: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="treewright-exec-") as name:
        os.chown(name, uid, uid)
        yield Path(name)


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """Import all that the command imports late, before a fork loses the right to."""
    with tempfile.TemporaryDirectory() as name:
        assert sandbox_exec("--workdir", name, "--json", "--", "true", here=True).status == 0
        assert sandbox_exec("--workdir", name + "/none", "--", "true", here=True).status == 2
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DOCKER_HOST", f"unix://{name}/none")
            docker = ("--environment", "docker", "--image", "none")
            assert sandbox_exec("--workdir", name, *docker, "--", "true", here=True).status == 3


def sandbox_exec(
    *arguments: object,
    uid: int = os.geteuid(),
    stdin: bytes = b"",
    env: dict[str, str] | None = None,
    terminal: int | None = None,
    here: bool = False,
) -> Done:
    """Run the command; ``terminal`` takes its output instead of a file, ``here`` runs it without a fork."""
    argv = ["treewright", "sandbox", "exec", *map(str, arguments)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as given:
        given.write(stdin)
        given.seek(0)
        if here:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(sys, "argv", argv)
                with pytest.raises(SystemExit) as ended:
                    run()
            return Done(int(ended.value.code or 0), "", "")
        child = os.fork()
        if child == 0:
            _become(argv, uid, {**ENVIRONMENT, **(env or {})}, (given.fileno(), terminal or out.fileno(), err.fileno()))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
        return Done(status, *texts)


def _become(argv: list[str], uid: int, env: dict[str, str], standard: tuple[int, int, int]) -> None:
    status = 99
    try:
        for number, descriptor in enumerate(standard):
            os.dup2(descriptor, number)
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115 -- for good
        if uid != os.geteuid():
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        os.environ.clear()
        os.environ.update(env)
        sys.argv = argv
        run()
    except SystemExit as ended:
        status = int(ended.code or 0)
    except Exception:  # noqa: BLE001 -- told to the test
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


STATUSES = {
    "exit 0": 0,
    "exit 3": 3,
    "exit 255": 255,
    "no-such-program": 127,
    "kill -9 $$": 137,
    "kill -15 $$": 143,
}


def test_it_ends_with_the_status_of_the_command(uid: int, workdir: Path) -> None:
    found = {}
    for script in STATUSES:
        found[script] = sandbox_exec("--workdir", workdir, "--", "sh", "-c", script, uid=uid).status
    assert found == STATUSES
    assert sandbox_exec("--workdir", workdir, "--", "no-such-program", uid=uid).status == 127


LIMITS = {
    "--timeout": ("0.3", "import time; time.sleep(30)", "stopped: timeout limit"),
    "--memory": ("60", "x = bytearray(b'x' * (400 << 20)); import time; time.sleep(20)", "stopped: memory limit"),
    "--disk": ("2", "import time\nfor n in range(30): open(str(n), 'wb').write(b'x' * (1 << 20)); time.sleep(0.1)"
               "\ntime.sleep(20)", "stopped: disk limit"),
    "--pids": ("8", "import os, time, sys\nfor n in range(40):\n    try: pid = os.fork()\n"
               "    except OSError: sys.exit(9)\n    if not pid: time.sleep(5); os._exit(0)", ""),
    "--output": ("4K", "print('FIRST' + 'x' * 200_000 + 'LAST')", ""),
}  # fmt: skip


@pytest.mark.parametrize("flag", LIMITS)
def test_each_limit_is_the_one_that_was_given(flag: str, uid: int, workdir: Path) -> None:
    value, code, said = LIMITS[flag]
    done = sandbox_exec("--workdir", workdir, flag, value, "--", PYTHON, "-c", code, uid=uid)
    if flag == "--output":
        assert done.status == 0
        assert len(done.out) < 4300
        assert done.out.startswith("FIRST")
        assert done.out.endswith("LAST\n")
        assert "bytes of output left out" in done.out
    elif flag == "--pids":
        assert done.status == 9, done
    else:
        assert (done.status, done.err.strip()) == (137, said)


def test_without_limits_of_its_own_the_same_commands_go_through(uid: int, workdir: Path) -> None:
    code = LIMITS["--pids"][1].replace("time.sleep(5)", "0")
    assert sandbox_exec("--workdir", workdir, "--", PYTHON, "-c", code, uid=uid).status == 0
    code = "x = bytearray(b'x' * (100 << 20)); open('f', 'wb').write(x[: 3 << 20])"
    assert sandbox_exec("--workdir", workdir, "--", PYTHON, "-c", code, uid=uid).status == 0


def test_result_as_json_and_input(uid: int, workdir: Path) -> None:
    done = sandbox_exec("--workdir", workdir, "--json", "--", "sh", "-c", "echo out; echo err >&2; exit 4", uid=uid)
    told = json.loads(done.out)
    assert done.status == told["exit_code"] == 4
    assert (told["output"], told["stopped"], told["output_bytes"]) == ("out\nerr\n", "", 8)
    assert sandbox_exec("--workdir", workdir, "--stdin", "--", "cat", uid=uid, stdin=b"given").out == "given"
    assert sandbox_exec("--workdir", workdir, "--", "cat", uid=uid, stdin=b"not given").out == ""
    stopped = sandbox_exec("--workdir", workdir, "--json", "--timeout", "0.2", "--", "sleep", "9", uid=uid)
    assert json.loads(stopped.out)["stopped"] == "timeout"


def test_a_plain_clone_a_work_tree_and_a_workspace(uid: int, workdir: Path) -> None:
    """Its own files can be written, what git reads cannot, and nothing of ours is seen."""
    for name in ("clone", "linked"):
        (workdir / name).mkdir()
    subprocess.run(["git", "init", "-q", workdir / "clone"], check=True)
    (workdir / "linked" / ".git").write_text("gitdir: /somewhere/else\n")
    subprocess.run(["chown", "-R", str(uid), workdir], check=True)
    for name in ("clone", "linked"):
        place = workdir / name
        script = "echo x > made; pwd; env; (echo evil > .git/config || echo evil > .git) 2>/dev/null; ls -d /root /work"
        done = sandbox_exec("--workdir", place, "--", "sh", "-c", script, uid=uid)
        assert str(place) in done.out
        assert "canary" not in done.out
        assert (place / "made").read_text() == "x\n"
        assert (place / "made").stat().st_uid == uid
    assert "evil" not in (workdir / "clone" / ".git" / "config").read_text()
    assert (workdir / "linked" / ".git").read_text() == "gitdir: /somewhere/else\n"


HOSTILE = b"\x1b]52;c;cm0=\x07\x1b[2J\x9b31m\xe2\x80\xaeevil\rgood\x08"


def test_a_terminal_obeys_nothing_and_a_pipe_gets_the_bytes(uid: int, workdir: Path) -> None:
    (workdir / "hostile").write_bytes(HOSTILE)
    assert sandbox_exec("--workdir", workdir, "--", "cat", "hostile", uid=uid).out == HOSTILE.decode(errors="replace")
    ours, theirs = pty.openpty()
    try:
        assert sandbox_exec("--workdir", workdir, "--", "cat", "hostile", uid=uid, terminal=theirs).status == 0
        shown = os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert "evil" in shown
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\x08", "\r"} & set(shown.replace("\r\n", "\n"))


def refusals(folder: Path) -> dict[str, tuple[tuple[str, ...], dict[str, str], int]]:
    broken = folder / "broken"
    broken.mkdir()
    (broken / "bwrap").write_text("#!/bin/sh\necho bwrap: No permissions to create new namespace >&2\nexit 1\n")
    (broken / "bwrap").chmod(0o755)
    here = ("--workdir", str(folder))
    return {
        "no bubblewrap": (here, {"PATH": str(folder)}, 3),
        "no namespaces": (here, {"PATH": f"{broken}:/usr/bin:/bin"}, 3),
        "no daemon": ((*here, "--environment", "docker", "--image", "x"), {"DOCKER_HOST": f"unix://{folder}/no"}, 3),
        "no image": ((*here, "--environment", "docker"), {}, 2),
        "no such environment": ((*here, "--environment", "none"), {}, 2),
        "no folder": (("--workdir", str(folder / "none")), {}, 2),
        "a file": (("--workdir", str(broken / "bwrap")), {}, 2),
        "the whole home": (("--workdir", str(folder)), {"HOME": str(folder / "home")}, 2),
        "the whole system": (("--workdir", "/"), {}, 2),
        "no size": ((*here, "--memory", "much"), {}, 2),
        "no time": ((*here, "--timeout", "0"), {}, 2),
        "no processes": ((*here, "--pids", "-1"), {}, 2),
    }


def test_what_cannot_be_had_is_refused_in_two_lines_and_nothing_runs(uid: int, workdir: Path) -> None:
    """The error, and one line of what to do; never something weaker."""
    for name, (arguments, env, status) in refusals(workdir).items():
        marker = workdir / "ran"
        done = sandbox_exec(*arguments, "--", "touch", marker, uid=uid, env=env)
        assert (done.status, len(done.said())) == (status, 2), (name, done)
        assert done.said()[0].startswith("error: ")
        assert done.said()[1].startswith("  try: ")
        assert not marker.exists(), name
        assert not done.out, name


@pytest.mark.parametrize(
    ("text", "size"),
    [("512", 512 << 20), ("64K", 64 << 10), ("2G", 2 << 30), ("1.5g", 3 << 29), ("10MiB", 10 << 20), ("3kb", 3072)],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "much", "0", "-1", "1e999", "nan", "inf", "5T"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(InputError):
        parse_size(text)
