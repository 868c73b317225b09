"""An OpenAI-compatible endpoint on this machine, answered by whoever plays the model."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

Json = dict[str, Any]


def say(answer: Json) -> Json:
    """The message with `answer` as JSON."""
    return {"content": json.dumps(answer)}


def call(name: str, **arguments: object) -> Json:
    """The message that calls a tool."""
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"content": None, "tool_calls": [{"id": f"call_{name}", "type": "function", "function": function}]}


class Player(Protocol):
    """Answers requests."""

    def answer(self, request: Json) -> Json:
        """The message for a request: `content`, `tool_calls`, or both."""
        ...


Trouble = Callable[[BaseHTTPRequestHandler], bool]
"""Answers a request in the player's place, or says that it does not."""


@contextmanager
def serving(player: Player, trouble: Trouble = lambda handler: False) -> Iterator[str]:
    """The address, up to and with `/v1`, under which `player` answers, where there is no trouble."""

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
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
