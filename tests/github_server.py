"""A local server that speaks the GitHub REST calls that are used, over real bare repositories."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PREFIX = "/api/v3"
TOKEN = "ghp_0123456789abcdefSECRET"

Answer = tuple[int, Any, dict[str, str]]


@dataclass
class State:
    """What the server knows, and what was asked of it."""

    remote: Path
    fork: Path
    name: str = "acme/money"
    token: str = TOKEN
    may_push: bool = True
    may_fork: bool = True
    archived: bool = False
    issue: dict[str, Any] = field(default_factory=dict)
    comments: list[dict[str, Any]] = field(default_factory=list)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    posted: list[str] = field(default_factory=list)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    fail: Callable[[str, str], Answer | None] = lambda method, path: None
    moved: bool = False
    private: bool = False
    drafts: bool = True
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def owner(self) -> str:
        return self.name.split("/")[0]

    @property
    def forked(self) -> str:
        return f"me/{self.name.split('/')[1]}"

    def repository(self, name: str, path: Path, *, push: bool) -> dict[str, Any]:
        return {
            "id": 1,
            "name": name.split("/")[1],
            "full_name": name,
            "url": f"{self.url}{PREFIX}/repos/{name}",
            "html_url": f"{self.url}/{name}",
            "clone_url": str(path),
            "default_branch": "main",
            "archived": self.archived,
            "allow_forking": self.may_fork,
            "permissions": {"admin": False, "push": push, "pull": True},
        }


def serve(state: State) -> ThreadingHTTPServer:
    """Serves `state` in a thread; sets its port."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Silent."""

        def do_GET(self) -> None:
            self.answer("GET", {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.answer("POST", json.loads(body or b"{}"))

        def answer(self, method: str, body: dict[str, Any]) -> None:
            path = self.path.partition("?")[0]
            state.asked.append((method, path, self.headers.get("Authorization", "")))
            status, content, headers = route(state, method, path, body, self.headers.get("Authorization", ""))
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def route(state: State, method: str, path: str, body: dict[str, Any], authorization: str) -> Answer:
    if broken := state.fail(method, path):
        return broken
    if state.private and not authorization:
        return 404, {"message": "Not Found"}, {}
    if method == "POST" and state.token not in authorization:
        return 401, {"message": "Requires authentication"}, {}
    path = path.removeprefix(PREFIX)
    if state.moved and path.startswith("/repos/old/"):
        return (
            301,
            {"message": "Moved Permanently"},
            {"Location": f"{state.url}{PREFIX}{path.replace('/old/', f'/{state.owner}/', 1)}"},
        )
    for verb, pattern, handler in ROUTES:
        if verb == method and (found := re.fullmatch(pattern.replace("PROJECT", re.escape(state.name)), path)):
            return handler(state, body, *found.groups())
    return 404, {"message": "Not Found"}, {}


def _repository(state: State, body: dict[str, Any], name: str) -> Answer:
    own = name == state.name
    if not own and name != state.forked:
        return 404, {"message": "Not Found"}, {}
    path = state.remote if own else state.fork
    return 200, state.repository(name, path, push=state.may_push or not own), {}


def _issue(state: State, body: dict[str, Any], number: str) -> Answer:
    if int(number) != state.issue["number"]:
        return 404, {"message": "Not Found"}, {}
    return 200, state.issue | {"url": f"{state.url}{PREFIX}/repos/{state.name}/issues/{number}"}, {}


def _comments(state: State, body: dict[str, Any], number: str) -> Answer:
    return 200, state.comments, {}


def _comment(state: State, body: dict[str, Any], number: str) -> Answer:
    state.posted.append(body["body"])
    return 201, {"id": 9, "html_url": f"{state.url}/{state.name}/issues/{number}#issuecomment-9"}, {}


def _fork(state: State, body: dict[str, Any]) -> Answer:
    if not state.fork.exists():
        subprocess.run(["git", "clone", "-q", "--bare", state.remote, state.fork], check=True)
    return 202, state.repository(state.forked, state.fork, push=True), {}


def _branch(state: State, body: dict[str, Any], owner: str, branch: str) -> Answer:
    return 200, {"name": branch, "commit": {"sha": "0" * 40, "url": ""}}, {}


def _pull(state: State, body: dict[str, Any]) -> Answer:
    if body["draft"] and not state.drafts:
        return 422, {"message": "Draft pull requests are not supported in this repository."}, {}
    state.pulls.append(body)
    return 201, {"number": 8, "html_url": f"{state.url}/{state.name}/pull/8"}, {}


ROUTES: list[tuple[str, str, Callable[..., Answer]]] = [
    ("GET", r"/repos/([^/]+/[^/]+)", _repository),
    ("GET", r"/repos/PROJECT/issues/(\d+)", _issue),
    ("GET", r"/repos/PROJECT/issues/(\d+)/comments", _comments),
    ("POST", r"/repos/PROJECT/issues/(\d+)/comments", _comment),
    ("POST", r"/repos/PROJECT/forks", _fork),
    ("GET", r"/repos/([^/]+)/[^/]+/branches/([^/]+)", _branch),
    ("POST", r"/repos/PROJECT/pulls", _pull),
]
