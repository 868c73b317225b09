"""An OpenAI-compatible endpoint on this machine for the repository with `share()`; it plays all roles by the prompt."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

OLD = "(i <= total % people)"
RIGHT = "(i < total % people)"
TEST = """import unittest

from money import share


class IssueTest(unittest.TestCase):
    def test_parts_add_up(self):
        self.assertEqual(sum(share(11, 4)), 11)
"""
Json = dict[str, Any]


class Author:
    """Answers by role; as the solver it makes `calls` one after another, then edits and submits.

    Attributes:
        requests: what was asked.
        observed: the results of its calls.
    """

    def __init__(self, calls: Sequence[tuple[str, Json]] = ()) -> None:
        edit = {"path": "money.py", "old": OLD, "new": RIGHT}
        self.calls = [*calls, ("edit", edit), ("submit", {"summary": "compares strictly"})]
        self.requests: list[Json] = []
        self.observed: list[str] = []

    def answer(self, request: Json) -> Json:
        """The message of the answer."""
        self.requests.append(request)
        messages = request["messages"]
        turn = next(m["content"] for m in messages if "# Your turn: " in str(m["content"]))
        role = turn.split("# Your turn: ")[1].split("\n")[0]
        if role == "planner":
            return said({"files": ["money.py"], "functions": [{"path": "money.py", "name": "share"}]})
        if role == "tester" and "Does it fail for the reason" in turn:
            return said({"for_the_reason": True, "why": "the sum is off"})
        if role == "tester" and "the same test as one that you wrote" in str(messages[-1]["content"]):
            return {"content": "CANNOT"}
        if role == "tester":
            return {"content": f"FILE: {turn.split('FILE: ')[1].splitlines()[0]}\n```python\n{TEST}```\n"}
        if role == "thinker":
            return said({"strategies": [{"title": "Compare strictly", "description": "The rest is one too many."}]})
        if role == "critic":
            return said({"score": 0.9, "verdict": "keep", "reasons": "the parts add up"})
        done = [str(m["content"]) for m in messages if m["role"] == "tool"]
        self.observed = done
        return called(*self.calls[min(len(done), len(self.calls) - 1)])


def said(answer: Json) -> Json:
    return {"content": json.dumps(answer)}


def called(name: str, arguments: Json) -> Json:
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"content": None, "tool_calls": [{"id": f"call_{name}", "type": "function", "function": function}]}


@contextmanager
def serving(author: Author) -> Iterator[str]:
    """The address, up to and with `/v1`, under which `author` answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            message = {"role": "assistant", **author.answer(request)}
            finish = "tool_calls" if "tool_calls" in message else "stop"
            body = {
                "id": "x",
                "object": "chat.completion",
                "created": 0,
                "model": "played",
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
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
