"""The same Protocol over GitLab: issue, draft merge request, fork, note and refusals, against a local server."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from money_project import Run, git

from agent.forge.base import Forge, ForgeRefused, ForgeUnavailable
from agent.forge.connect import connect
from agent.forge.references import parse_reference

AUTHOR = {"username": "ann"}
ISSUE = {
    "iid": 7,
    "title": "share() gives away a cent too much",
    "description": "`sum(share(10, 3))` is 11.",
    "author": AUTHOR,
    "state": "opened",
}
NOTES = [
    {"id": 1, "body": "changed the milestone", "author": AUTHOR, "system": True},
    {"id": 2, "body": "Also with 7 and 2.", "author": {"username": "bob"}, "system": False},
]


class Server:
    """Projects, one issue, merge requests and notes, in memory."""

    def __init__(self, remote: Path) -> None:
        self.remote = remote
        self.level = 30
        self.offered: list[dict[str, Any]] = []
        self.noted: list[str] = []
        self.status = 200
        self.url = ""

    def project(self, id: int, name: str, path: Path) -> dict[str, Any]:
        rights = {"project_access": {"access_level": self.level if id == 1 else 40}, "group_access": None}
        return {
            "id": id,
            "path_with_namespace": name,
            "http_url_to_repo": str(path),
            "default_branch": "main",
            "permissions": rights,
        }

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if self.status != 200:
            return self.status, {"message": "no"}
        own = self.project(1, "group/sub/money", self.remote)
        fork = self.project(2, "me/money", self.remote.with_name("fork.git"))
        if re.fullmatch(r"/projects/(1|group/sub/money)", path):
            return 200, own
        if path == "/projects/2":
            return 200, fork
        if path == "/projects/1/forks":
            return 200, []
        if path == "/projects/1/fork" and method == "POST":
            return 201, fork
        if path == "/projects/1/issues/7":
            return 200, ISSUE | {"web_url": f"{self.url}/group/sub/money/-/issues/7"}
        if path == "/projects/1/issues/7/notes" and method == "GET":
            return 200, NOTES
        if path == "/projects/1/issues/7/notes":
            self.noted.append(body["body"])
            return 201, {"id": 5}
        if re.fullmatch(r"/projects/\d/merge_requests", path):
            self.offered.append(body)
            return 201, {"iid": 3, "web_url": f"{self.url}/group/sub/money/-/merge_requests/3"}
        return 404, {"message": "404 Not found"}


@pytest.fixture
def lab(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    remote = tmp_path / "remote.git"
    git(tmp_path, "clone", "-q", "--bare", str(repository), str(remote))
    state = Server(remote)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Silent."""

        def do_GET(self) -> None:
            self.reply("GET")

        def do_POST(self) -> None:
            self.reply("POST")

        def reply(self, method: str) -> None:
            sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
            path = unquote(self.path.partition("?")[0]).removeprefix("/api/v4")
            status, content = state.answer(method, path, sent)
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("GITLAB_TOKEN", "glpat-0123456789")
    yield state
    server.shutdown()
    server.server_close()


def open_forge(lab: Server) -> Forge:
    reference = parse_reference(f"{lab.url}/group/sub/money/-/issues/7")
    assert reference is not None
    assert reference.forge == "gitlab"
    return connect(reference)


def test_issue_and_notes_are_read(lab: Server) -> None:
    issue = open_forge(lab).issue()
    assert (issue.title, issue.author, issue.closed) == (ISSUE["title"], "ann", False)
    assert [comment.text for comment in issue.comments] == ["Also with 7 and 2."]


def test_a_draft_merge_request_from_the_project_or_a_fork(lab: Server) -> None:
    forge = open_forge(lab)
    project = forge.project()
    assert project.may_push
    url = forge.open_pull_request(project, project, "fix", "Fix #7", "body")
    assert url.endswith("/merge_requests/3")
    assert lab.offered[0]["title"] == "Draft: Fix #7"
    assert lab.offered[0]["target_project_id"] == 1
    lab.level = 20
    project = forge.project()
    assert not project.may_push
    assert forge.fork(project).name == "me/money"


def test_a_note_is_posted(lab: Server) -> None:
    assert open_forge(lab).comment("hello").endswith("/-/issues/7#note_5")
    assert lab.noted == ["hello"]


@pytest.mark.parametrize(("status", "kind"), [(401, ForgeRefused), (403, ForgeRefused), (404, ForgeRefused)])
def test_refusals(status: int, kind: type[Exception], lab: Server) -> None:
    lab.status = status
    with pytest.raises(kind) as refused:
        open_forge(lab).issue()
    assert refused.value.hint  # type: ignore[attr-defined]


@pytest.mark.parametrize("status", [429, 500])
def test_what_may_pass(status: int, lab: Server) -> None:
    lab.status = status
    with pytest.raises(ForgeUnavailable):
        open_forge(lab).issue()


def test_end_to_end(lab: Server, treewright: Run, tmp_path: Path) -> None:
    url = f"{lab.url}/group/sub/money/-/issues/7"
    done = treewright("solve", url, "--out", tmp_path / "run", "--open-pr", gitlab="glpat-0123456789")
    assert done.returncode == 0, done.stderr
    assert lab.offered[0]["source_branch"] == "treewright/issue-7"
    assert "i < total % people" in git(lab.remote, "show", "treewright/issue-7:money.py")
