"""A run as the engine writes it, with a real repository, and a visitor of the server that shows it."""

from __future__ import annotations

import http.client
import json
import subprocess
import zlib
from dataclasses import dataclass
from pathlib import Path

from agent.outcome import Factor, Outcome, Proof
from agent.store.folder import RunFolder
from agent.store.records import CallRecord, ExecutionRecord, NodeRecord
from agent.store.store import RunStore, Store
from agent.viewer.matrix import REPORTS
from tools.snapshots import Change, SnapshotStore
from tools.testing.types import TestOutcome, TestReport

TOKEN = "a-token-of-the-tests"
SOURCE = "def share(total, people):\n    return [total // people] * people\n"
PATCHED = "def share(total, people):\n    return [total // people + (i < total % people) for i in range(people)]\n"


@dataclass(frozen=True)
class Texts:
    """What models, tools and the repository say in the run."""

    issue: str = "# Shares lose cents\n\nThe parts must add up, see `share`."
    path: str = "money.py"
    code: str = PATCHED
    strategy: str = "Give the remainder to the first people."
    note: str = "adds the remainder"
    test: str = "tests/test_money.py::test_sum"
    output: str = "AssertionError: 9 != 10"
    critique: str = "The remainder is **right** now."
    answer: str = "I will look at the file first."
    failure: str = "the model made no usable call"


def make_run(root: Path, texts: Texts = Texts(), *, leaves: int = 0, finished: bool = True) -> RunFolder:
    """Writes a run folder: root, strategy, patch, repair (the answer), a failed patch, and `leaves` poor ones."""
    folder = RunFolder(root)
    source = root.parent / f"{root.name}-source"
    (source / Path(texts.path).parent).mkdir(parents=True)
    (source / texts.path).write_text(SOURCE)
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], [*who, "commit", "-qm", "start"]):
        subprocess.run(["git", "-C", source, *arguments], check=True)
    root.mkdir(parents=True, exist_ok=True)
    git = SnapshotStore.create(folder.git, source, "HEAD")
    fixed = git.commit(git.base, {texts.path: Change(texts.code.encode("utf-8", "surrogateescape"))}, subject="fix")
    half = git.commit(git.base, {texts.path: Change(SOURCE.encode() + b"# half\n")}, subject="half")
    with Store.open(folder.store) as store:
        task = {"id": root.name, "problem": texts.issue, "repository": "money", "base": "HEAD", "failing_tests": []}
        run = store.create_run("run", task=task, config={"design": "codetree", "model": "hand"}, versions={})
        write_tree(run, git.base, half, fixed, texts, leaves)
        if finished:
            proof = Proof(fixed=(texts.test,), held=2, factors=(Factor(evidence=texts.test, odds=6.5),))
            outcome = Outcome(status="solved", node="r1", patch="diff", confidence=0.83, proof=proof)
            run.finish(outcome.model_dump(mode="json"), status="solved")
    git.close()
    return folder


def write_tree(run: RunStore, base: str, half: str, fixed: str, texts: Texts, leaves: int) -> None:
    """The nodes, calls and executions of `make_run`."""
    names = (texts.test, "tests/test_money.py::test_one", "tests/test_money.py::test_mean")
    report = TestReport({name: TestOutcome(name, "failed" if name == texts.test else "passed") for name in names})
    packed = zlib.compress(REPORTS.dump_json(report))
    tested = {"passed": 2, "failed": 1, "problem": "", "exit_code": 1, "stopped": "", "output": texts.output}
    run.record_execution(ExecutionRecord("tests", "f0", 0, "tests", {"snapshot": base, "tests": []}, tested, packed))
    run.record_execution(ExecutionRecord("tests", "f1", 0, "tests", {"snapshot": fixed, "tests": []}, tested))
    shell = {"exit_code": 0, "stopped": "", "output": texts.output, "snapshot": fixed}
    run.record_execution(ExecutionRecord("x2", "f2", 0, "shell", {"command": texts.output, "snapshot": half}, shell))
    failed = {"targets": {texts.test: "failed"}, "held": 0, "broken": [], "regressions_run": False, "findings": []}
    passed = failed | {"targets": {texts.test: "passed"}, "held": 2, "regressions_run": True}
    failed |= {"output": texts.output, "problem": "", "findings": [texts.note]}
    critique = {"score": 0.9, "verdict": "keep", "fault": "none", "reasons": texts.critique}
    data = {"note": texts.note, "strategy": texts.strategy}
    run.put_node(NodeRecord("r0", None, "root", 0, snapshot=base, status="done"))
    run.put_node(NodeRecord("s1", "r0", "strategy", 1, base, texts.strategy, texts.note, status="done", data=data))
    for id, parent, kind, snapshot, value, evaluation in (
        ("p1", "s1", "patch", half, 0.25, failed),
        ("r1", "p1", "repair", fixed, 0.98, passed),
    ):
        more = {**data, "expansion": f"x{id[1]}" if kind == "patch" else "x2", "action": "implement"}
        run.put_node(
            NodeRecord(id, parent, kind, 3, snapshot, "", texts.note, value, "done", evaluation, critique, data=more)
        )
    run.put_node(NodeRecord("f1", "s1", "patch", 2, half, "", texts.failure, 0.0, "failed", data={"expansion": "x3"}))
    for number in range(leaves):
        title = f"edit {number} {texts.note}"
        run.put_node(NodeRecord(f"l{number}", "r0", "patch", 1, half, "", title, 0.0, "done", failed, data=data))
    messages = [{"role": "system", "content": "You repair."}, {"role": "user", "content": texts.issue}]
    for ordinal in range(2):
        messages += [{"role": "user", "content": f"turn {ordinal} {texts.answer}"}]
        calls = [{"name": "edit", "arguments": {"path": texts.path, "new": texts.code}, "id": "1"}]
        response = {"text": texts.answer, "tool_calls": calls}
        record = CallRecord("x2", "debugger", "openai/hand", f"c{ordinal}", 0, {}, (), response)
        run.record_call(record, messages)
    run.event("sitting", {})


class Visitor:
    """Asks the server over a socket of its own, with any headers."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.address = f"http://127.0.0.1:{port}"
        self.entrance = f"{self.address}/?token={TOKEN}"

    def ask(
        self, path: str, *, method: str = "GET", body: object = None, trusted: bool = False, **headers: str
    ) -> tuple[int, str, dict[str, str]]:
        """Status, text and headers of an answer; a header ``_`` in a name is a ``-``."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if trusted:
            sent |= {"Cookie": f"treewright-{self.port}={TOKEN}", "X-Treewright": "1"}
        data = None if body is None else json.dumps(body)
        connection.putrequest(method, path, skip_host="Host" in sent)
        for name, value in sent.items():
            connection.putheader(name, value)
        if data is not None:
            connection.putheader("Content-Type", "application/json")
            connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data.encode() if data is not None else None)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text, {name.lower(): value for name, value in answer.getheaders()}
