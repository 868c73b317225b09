"""What the solving side holds, sees and leaves: no trace of the gold, and nothing after the base commit."""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType

import pytest
from tiny import BASE, HIDDEN_TEST, MARK, OVERRIDES, SOURCE_FIX, Tiny, git, make_tiny

from agent.assembly import Assembly
from agent.audit import audit
from agent.config import resolve
from agent.progress import Silent
from agent.solve import solve
from agent.store.folder import RUN, RunFolder
from agent.store.store import Store
from environments.benchmarks import BenchmarkTask, Gold
from environments.tasks import Task
from tools.snapshots import Change

sys.path.append(str(Path(__file__).parent.parent / "agent"))
from model_server import call, say, serving

REPAIRED = "    return number + number"

SNOOPING = (
    "find / -xdev ( -name '*.git' -o -name packed-refs -o -name '*.patch' -o -name '*.diff' -o -name '*.json' ) "
    "-not -path '/usr/*' -not -path '/proc/*' | head -n 40; ls -la / /testbed",
    "env; cat /proc/self/mountinfo; cat /proc/[0-9]*/cmdline | tr '\\0' ' '",
    "git log --all -p; cat .git/packed-refs .git/HEAD; ls -aR / | grep -i swe.bench",
    "cat tests/*.py tiny/*.py; pip download tiny; python -c 'import urllib.request as u; u.urlopen(\"http://1.1.1.1\")'",
)
"""What a curious model runs; the output goes into its next prompt."""
PLACES = "/testbed /home /tmp /etc /opt /run /var /treewright"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tiny]:
    """The benchmark, with the caches of the machine in a folder of the test."""
    root = tmp_path_factory.mktemp("leaks")
    made = make_tiny(root)
    environments = root / "cache" / "treewright" / "environments"
    (environments / ".uv").mkdir(parents=True)
    (environments / "overrides.toml").write_text(OVERRIDES)
    made.wheels.rename(environments / ".uv" / "wheels")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(root / "cache"))
        patched.setenv("UV_NO_INDEX", "1")
        patched.setenv("UV_FIND_LINKS", str(environments / ".uv" / "wheels"))
        yield made


@pytest.fixture(scope="module")
def run(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> tuple[Task, RunFolder]:
    """A run of the task; it needs no model, as it may see a test of the base fail."""
    task = replace(tiny.task().task, failing_tests=("tests/test_tiny.py::test_zero",))
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    outcome = asyncio.run(solve(task, _settings(), folder))
    assert outcome.patch
    return task, folder


def _settings() -> object:
    return resolve(
        {"design": "mechanical", "model": "", "concurrency": 1, "max_seconds": 60.0, "max_nodes": 40}
    ).settings


def _traces(folder: Path) -> list[str]:
    """Files that hold the mark or a line of the gold."""
    needles = [MARK.encode(), *(line.strip().encode() for line in SOURCE_FIX.splitlines() if MARK in line)]
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and any(needle in path.read_bytes() for needle in needles):
            found.append(str(path.relative_to(folder)))
    return found


def test_the_task_holds_no_gold(run: tuple[Task, RunFolder]) -> None:
    task, _ = run
    assert MARK not in repr(task)
    assert MARK not in str(asdict(task))
    assert not any(name in asdict(task) for name in ("patch", "test_patch", "fail_to_pass", "pass_to_pass", "hints"))


def test_the_run_leaves_no_gold(run: tuple[Task, RunFolder]) -> None:
    _, folder = run
    assert _traces(folder.root) == []
    with Store.open(folder.store) as store:
        recorded = store.run(RUN)
        assert MARK not in str([recorded.record(), *recorded.executions(), *recorded.calls(), *recorded.events()])
    (folder.root / "planted").write_text(HIDDEN_TEST)
    assert _traces(folder.root) == ["planted"]  # the search can find something
    (folder.root / "planted").unlink()


def test_the_runs_own_objects_end_at_the_base(run: tuple[Task, RunFolder]) -> None:
    """The mirror's objects are borrowed by the host's git only; no ref and no commit of ours leads to them."""
    _, folder = run
    refs = git(folder.git, "rev-list", "--all", "--objects").split("\n")
    told = subprocess.run(
        ["git", "-C", folder.git, "cat-file", "--batch"],
        input="\n".join(line.split(" ")[0] for line in refs if line),
        check=True,
        capture_output=True,
        text=True,
        errors="replace",
    ).stdout
    assert "def double" in told
    assert MARK not in told
    assert git(folder.git, "log", "--all", "--format=%s", "--grep", "fix").strip() == ""


class Spy:
    """Plays all roles of codetree, and looks around before it edits; keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: list[str] = []

    def answer(self, request: dict[str, object]) -> dict[str, object]:
        self.requests.append(json.dumps(request))
        messages = request["messages"]
        assert isinstance(messages, list)
        turn = next(str(m["content"]) for m in messages if "# Your turn: " in str(m["content"]))
        role = turn.split("# Your turn: ")[1].split("\n")[0]
        if role == "planner":
            return say({"files": ["tiny/__init__.py"], "functions": [{"path": "tiny/__init__.py", "name": "double"}]})
        if role == "tester" and "Does it fail for the reason" in turn:
            return say({"for_the_reason": True, "why": "it is one too many"})
        if role == "tester" and "the same test as one that you wrote" in str(messages[-1]["content"]):
            return {"content": "CANNOT"}
        if role == "tester":
            path = turn.split("FILE: ")[1].split("\n")[0]
            test = "from tiny import double\n\n\ndef test_issue():\n    assert double(7) == 14\n"
            return {"content": f"FILE: {path}\n```python\n{test}```\n"}
        if role == "thinker":
            return say({"strategies": [{"title": "Add once", "description": "One is added too many."}]})
        if role == "critic":
            return say({"score": 0.9, "verdict": "keep", "reasons": "checked"})
        looked = sum(m["role"] == "tool" for m in messages)
        steps = [call("run", command=command) for command in SNOOPING]
        steps += [call("search", pattern="g.ld_m.rker"), call("find", glob="**/*")]
        steps += [call("edit", path="tiny/__init__.py", old=BASE["tiny/__init__.py"].splitlines()[1], new=REPAIRED)]
        return steps[looked] if looked < len(steps) else call("submit", summary="adds nothing")


def test_no_prompt_holds_gold(tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the model looks wherever its tools reach."""
    spy = Spy()
    settings = {"design": "codetree", "model": "openai/spy", "unknown_price": "free", "concurrency": 1, "max_nodes": 3}
    with serving(spy) as address:
        monkeypatch.setenv("OPENAI_API_BASE", address)
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        folder = RunFolder(tmp_path / "run")
        outcome = asyncio.run(solve(tiny.task().task, resolve(settings).settings, folder))
    assert outcome.patch
    told = "\n".join(spy.requests)
    assert "double(4) is 9" in told
    assert "/testbed" in told
    assert "mountinfo" in told
    assert MARK not in told
    assert _traces(folder.root) == []
    with Store.open(folder.store) as store:
        findings = audit(store.run(RUN), tiny.task())
    assert {finding.kind for finding in findings} == {"history", "network"}  # attempts are told
    assert not [finding for finding in findings if finding.got]


def test_no_object_of_the_solving_side_leads_to_gold(run: tuple[Task, RunFolder]) -> None:
    task, folder = run
    with Store.open(folder.store) as store:
        assembly = Assembly(
            task,
            _settings(),  # type: ignore[arg-type]
            folder,
            journal=store.run(RUN),
            model=None,
            progress=Silent(),
        )

        async def crew() -> tuple[int, list[object]]:
            try:
                made = await assembly.crew(await assembly.snapshots())
                return _reachable([assembly, made])
            finally:
                await assembly.close()

        count, found = asyncio.run(crew())
    assert count > 1000
    assert found == []
    planted = replace(task, problem=f"see {MARK}")
    assert _reachable([planted])[1] == [f"see {MARK}"]  # the search can find something


def _reachable(roots: list[object]) -> tuple[int, list[object]]:
    """How many objects are reachable, and those of them that are gold or text with the mark.

    Modules, classes and the globals of functions are not followed: they are the program, not what it holds.
    """
    seen: dict[int, object] = {}
    found: list[object] = []
    todo = list(roots)
    while todo:
        each = todo.pop()
        if id(each) in seen or isinstance(each, (ModuleType, type, FrameType, CodeType)):
            continue
        seen[id(each)] = each
        if isinstance(each, FunctionType):
            todo += [each.__closure__, each.__defaults__, each.__kwdefaults__]
            continue
        text = each.decode("utf-8", "replace") if isinstance(each, bytes) else each
        if isinstance(each, (Gold, BenchmarkTask)) or (isinstance(text, str) and MARK in text):
            found.append(each)
        todo += gc.get_referents(each)
    return len(seen), found


async def test_the_sandbox_shows_no_gold(run: tuple[Task, RunFolder]) -> None:
    task, folder = run
    with Store.open(folder.store) as store:
        assembly = Assembly(
            task,
            _settings(),
            folder,
            journal=store.run(RUN),
            model=None,
            progress=Silent(),  # type: ignore[arg-type]
        )
        try:
            snapshots = await assembly.snapshots()
            crew = await assembly.crew(snapshots)
            home = (await assembly._home(snapshots)).mounts
            places = f"{PLACES} {' '.join(mount.target for mount in home if 'venv' in mount.target)}"
            search = f"grep -rIl {MARK} {places} 2>/dev/null; true"
            clean = await crew._shell.run(snapshots.base, search, ordinal=0)
            planted = snapshots.commit(snapshots.base, {"x.py": Change(HIDDEN_TEST.encode())}, subject="x")
            found = await crew._shell.run(planted, search, ordinal=0)
            history = await crew._shell.run(
                snapshots.base, "ls -a; git log --all --oneline; find / -name '*.git'", ordinal=0
            )
            network = await crew._shell.run(
                snapshots.base, "python -c \"import socket; socket.create_connection(('1.1.1.1', 53), 3)\"", ordinal=0
            )
            imported = await crew._shell.run(
                snapshots.base, "cd / && python -c 'import tiny; print(tiny.__file__)'; pip download flask", ordinal=0
            )
        finally:
            await assembly.close()
    assert clean.output.strip() == ""
    assert found.output.strip() == "x.py"  # the search can find something
    assert "fix" not in history.output
    assert ".git\n" not in history.output
    assert network.exit_code != 0
    assert imported.output.splitlines()[0] == "tiny/__init__.py"
    assert imported.exit_code != 0
