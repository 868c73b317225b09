"""An OpenAI-compatible endpoint on this machine, answered by whoever plays the roles."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol

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
        if role == "tester" and "the same test as one that you wrote" in last:
            return {"content": "CANNOT"}
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


def tree(out: Path) -> list[tuple[object, ...]]:
    with sqlite3.connect(f"file:{out / 'run.db'}?mode=ro", uri=True) as database:
        return database.execute("select id, parent, kind, snapshot, value from nodes order by id").fetchall()


class Player(Protocol):
    """Answers requests."""

    def answer(self, request: dict[str, object]) -> dict[str, object]:
        """The message for a request: `content`, `tool_calls`, or both."""
        ...


Trouble = Callable[[BaseHTTPRequestHandler], bool]
"""Answers a request in the player's place, or says that it does not."""


@contextmanager
def serving(player: Player, trouble: Trouble = lambda handler: False) -> Iterator[str]:
    """The address under which `player` answers, where there is no trouble."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if trouble(self):
                return
            message = {"role": "assistant", **player.answer(request)}
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
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
