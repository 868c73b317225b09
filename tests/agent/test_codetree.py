"""The codetree design end to end: an endpoint with prepared answers, through litellm; then from the recording alone."""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import Run

ISSUE = "share(10, 3) gives 11 cents in all\n\nThe parts must add up to the total."
PASSING = "import unittest\n\n\nclass NoTest(unittest.TestCase):\n    def test_nothing(self):\n        pass\n"
REPRODUCING = """import unittest

from money import share


class IssueTest(unittest.TestCase):
    def test_parts_add_up(self):
        self.assertEqual(sum(share(11, 4)), 11)
"""
WRONG = "[total // people + (i == total % people) for i in range(people)]"
RIGHT = "[total // people + (i < total % people) for i in range(people)]"
OLD = "[total // people + (i <= total % people) for i in range(people)]"


class Author:
    """Plays all roles: a first test that shows nothing, a first patch that is wrong, then its repair."""

    def __init__(self) -> None:
        self.requests: list[dict[str, object]] = []

    def answer(self, request: dict[str, object]) -> dict[str, object]:
        self.requests.append(request)
        messages = request["messages"]
        assert isinstance(messages, list)
        turn = next(m["content"] for m in messages if "# Your turn: " in str(m["content"]))
        role = turn.split("# Your turn: ")[1].split("\n")[0]
        last = str(messages[-1]["content"])
        if role == "planner":
            return say({"files": ["money.py"], "functions": [{"path": "money.py", "name": "share"}]})
        if role == "tester" and "Does it fail for the reason" in turn:
            return say({"for_the_reason": True, "why": "the sum is off"})
        if role == "tester":
            first = "It passes there" not in last and "test_issue_1" in turn
            path = turn.split("FILE: ")[1].split("\n")[0]
            return {"content": f"FILE: {path}\n```python\n{PASSING if first else REPRODUCING}```\n"}
        if role == "thinker":
            return say({"strategies": [{"title": "Compare strictly", "description": "The remainder is one too many."}]})
        if role == "critic":
            wrong = WRONG in turn
            return say({"score": 0.1 if wrong else 0.9, "verdict": "repair" if wrong else "keep", "reasons": "checked"})
        if messages[-1]["role"] == "tool":
            return call("submit", summary="compares strictly")
        old, new = (OLD, WRONG) if role == "solver" else (WRONG, RIGHT)
        return call("edit", path="money.py", old=f"    return {old}", new=f"    return {new}")


def say(answer: dict[str, object]) -> dict[str, object]:
    return {"content": json.dumps(answer)}


def call(name: str, **arguments: object) -> dict[str, object]:
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"content": None, "tool_calls": [{"id": f"call_{name}", "type": "function", "function": function}]}


@pytest.fixture
def author() -> Iterator[tuple[Author, str]]:
    """The endpoint and its address."""
    playing = Author()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            message = {"role": "assistant", **playing.answer(request)}
            finish = "tool_calls" if "tool_calls" in message else "stop"
            body = {
                "id": "x",
                "object": "chat.completion",
                "created": 0,
                "model": "hand",
                "choices": [{"index": 0, "message": message, "finish_reason": finish}],
                "usage": {"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050},
            }
            data = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield playing, f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()


def tree(out: Path) -> list[tuple[object, ...]]:
    with sqlite3.connect(f"file:{out / 'run.db'}?mode=ro", uri=True) as database:
        return database.execute("select id, parent, kind, snapshot, value from nodes order by id").fetchall()


def test_a_wrong_patch_is_repaired_and_the_recording_gives_the_same_tree(
    repository: Path, treewright: Run, home: dict[str, str], author: tuple[Author, str], tmp_path: Path
) -> None:
    playing, address = author
    home |= {"OPENAI_API_BASE": address, "OPENAI_API_KEY": "sk-very-secret-key"}
    live, transcript = tmp_path / "live", tmp_path / "transcript.jsonl"
    common = ("--repo", repository, "--issue", ISSUE, "--python", sys.executable, "--json")
    done = treewright(
        "solve", *common, "--model", "openai/hand", "--unknown-price", "free", "--out", live, "--record", transcript
    )
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert f"+    return {RIGHT}" in outcome["patch"]
    assert "tests/test_issue" not in outcome["patch"]
    assert outcome["proof"]["unfixed"] == []
    assert outcome["proof"]["held"] == 2
    assert outcome["spending"]["calls"] == len(playing.requests)
    kinds = sorted(str(row[2]) for row in tree(live))
    assert kinds == ["patch", "repair", "root", "strategy"]
    for path in live.rglob("*"):
        assert not path.is_file() or b"sk-very-secret-key" not in path.read_bytes()

    home.pop("OPENAI_API_BASE")
    home.pop("OPENAI_API_KEY")
    replayed = treewright("solve", *common, "--replay", transcript, "--out", tmp_path / "replayed")
    assert replayed.returncode == 0, replayed.stderr
    assert json.loads(replayed.stdout)["patch"] == outcome["patch"]
    assert tree(tmp_path / "replayed") == tree(live)

    asked = len(playing.requests)
    resumed = treewright("resume", live, "--json")
    assert resumed.returncode == 0, resumed.stderr
    assert len(playing.requests) == asked
