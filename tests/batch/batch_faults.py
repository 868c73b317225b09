"""An endpoint that answers as somebody who plays the roles does, and fails on a share of the requests."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import faulty_server as faults
from model_server import Player

UNUSABLE = (
    *("429_bare", "429_html", "429_ms", "408", "409", "500", "500_html", "502_html", "504_html", "529", "reset"),
    *("close", "short_body", "reset_body", "truncated_json", "bad_json", "empty_body", "bad_utf8", "html_200"),
    *("json_list", "json_string", "deep_json", "error_200", "no_choices", "choices_missing", "choices_null"),
    *("no_message", "message_null"),
)
"""Faults after which the same request is sent again."""
USELESS = ("content_null", "content_empty", "content_blank", "refusal", "filter")
"""Answers after which the request is put once more, with a note."""
NOTE = "Your last answer"
MOST = 3
"""Faults of one request."""


class Faulty:
    """Plays the roles, with faults that depend on the seed and the request alone.

    Attributes:
        requests: how many came.
        kinds: the faults, by kind.
    """

    def __init__(self, player: Player, *, share: float, seed: int) -> None:
        self.requests = 0
        self.kinds: Counter[str] = Counter()
        self._player = player
        self._share = share
        self._seed = seed
        self._failed: Counter[str] = Counter()
        self._lock = threading.Lock()

    def fault(self, request: dict[str, object]) -> faults.Fault | None:
        """What happens to a request; None when it is answered."""
        key = json.dumps(request, sort_keys=True)
        with self._lock:
            self.requests += 1
            luck = random.Random(f"{self._seed} {self._failed[key]} {key}")
            if self._failed[key] >= MOST or luck.random() >= self._share:
                return None
            noted = NOTE in key  # a second useless answer is a failure for good, and rightly so
            kind = luck.choice(UNUSABLE if noted else UNUSABLE + USELESS)
            self._failed[key] += 1
            self.kinds[kind] += 1
        return faults.ALL[kind]

    def answer(self, request: dict[str, object]) -> faults.Fault:
        """The player's answer, as the server sends it; the player looks at the last message, so it sees no notes."""
        messages = request["messages"]
        assert isinstance(messages, list)
        shown = [each for each in messages if not str(each["content"]).startswith(NOTE)]
        with self._lock:
            message = self._player.answer({**request, "messages": shown})
        return faults.Fault(payload=faults.body(message, finish="tool_calls" if "tool_calls" in message else "stop"))


@contextmanager
def failing(faulty: Faulty) -> Iterator[str]:
    """The address under which it answers and fails."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            (faulty.fault(request) or faulty.answer(request))(self)

        def log_message(self, *arguments: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Broken connections are what this server is for."""

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
