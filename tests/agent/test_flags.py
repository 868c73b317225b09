"""Flags and exit codes of `treewright solve` that other tests do not reach, each seen to make the difference."""

from __future__ import annotations

import json
import socket
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from model_server import serving
from money_project import FAILING, Run
from repairing_model import ISSUE, Author

PYTHON = ("--python", sys.executable)


def roles(requests: list[dict[str, object]]) -> dict[str, set[object]]:
    """The names of the models that each role was answered by."""
    found: dict[str, set[object]] = {}
    for request in requests:
        messages = request["messages"]
        assert isinstance(messages, list)
        turn = next(each["content"] for each in messages if "# Your turn: " in str(each["content"]))
        found.setdefault(turn.split("# Your turn: ")[1].split("\n")[0], set()).add(request["model"])
    return found


def test_a_role_has_the_model_it_was_given(
    repository: Path, treewright: Run, home: dict[str, str], tmp_path: Path
) -> None:
    author = Author()
    with serving(author) as address:
        home |= {"OPENAI_API_BASE": address, "OPENAI_API_KEY": "none"}
        done = treewright(
            "solve", "--repo", repository, "--issue", ISSUE, *PYTHON, "--model", "openai/hand",
            "--role-model", "critic=openai/judge", "--unknown-price", "free", "--out", tmp_path / "run",
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    asked = roles(author.requests)
    assert asked.pop("critic") == {"judge"}
    assert set().union(*asked.values()) == {"hand"}


@pytest.mark.parametrize("limit", [("--max-cost", "0.01"), ("--max-tokens", "100")])
def test_what_is_not_enough_for_one_call_ends_with_4(
    limit: tuple[str, str], repository: Path, treewright: Run, home: dict[str, str], tmp_path: Path
) -> None:
    author = Author()
    with serving(author) as address:
        home |= {"OPENAI_API_BASE": address, "OPENAI_API_KEY": "none"}
        done = treewright(
            "solve", "--repo", repository, "--issue", ISSUE, *PYTHON, "--model", "openai/hand",
            "--unknown-price", "1000", *limit, "--out", tmp_path / "run", "--json",
        )  # fmt: skip
    assert done.returncode == 4, done.stderr
    assert author.requests == []
    assert "Traceback" not in done.stderr


def test_a_setup_command_has_network_only_on_request(repository: Path, treewright: Run, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        connect = f"{sys.executable} -c 'import socket; socket.create_connection((\"127.0.0.1\", {port}), 20)'"
        arguments = ("--repo", repository, "--failing-test", FAILING, *PYTHON, "--setup", connect)
        without = treewright("solve", *arguments, "--out", tmp_path / "without")
        assert without.returncode == 3, without.stderr
        assert "--setup-network" in without.stderr
        done = treewright("solve", *arguments, "--setup-network", "--out", tmp_path / "with", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "solved"


@pytest.mark.parametrize(("status", "advice"), [(401, "set OPENAI_API_KEY to a valid key"), (404, "check --model")])
def test_a_key_or_model_that_the_provider_refuses_is_told_at_once_and_the_run_is_kept(
    status: int, advice: str, repository: Path, treewright: Run, home: dict[str, str], tmp_path: Path
) -> None:
    author, refused = Author(), []

    def refuse(handler: BaseHTTPRequestHandler) -> bool:
        if refused:
            return False
        refused.append(handler.path)
        body = json.dumps({"error": {"message": "no", "type": "invalid_request_error"}}).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
        return True

    out = tmp_path / "run"
    with serving(author, refuse) as address:
        home |= {"OPENAI_API_BASE": address, "OPENAI_API_KEY": "none"}
        done = treewright(
            "solve", "--repo", repository, "--issue", ISSUE, *PYTHON, "--model", "openai/hand",
            "--unknown-price", "free", "--out", out,
        )  # fmt: skip
        assert done.returncode == 3, done.stderr
        assert advice in done.stderr
        assert "Traceback" not in done.stderr
        assert author.requests == []
        if status == 401:  # once is enough: what follows is the same for both
            assert treewright("resume", out).returncode == 0
