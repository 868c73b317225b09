"""An endpoint that repeats the key it was shown: no key is in anything that is left behind."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import sys
import zlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from model_server import serving
from money_project import Run, git
from repairing_model import ISSUE, RIGHT, Author
from typer.testing import CliRunner

from agent.cli.main import app

KEY = "sk-canary-4f1d0c9e7b"


class Gossip(Author):
    """An endpoint that repeats the key it was shown wherever it can."""

    def answer(self, request: dict[str, object]) -> dict[str, object]:
        message = super().answer(request)
        text = json.dumps(message)
        for word in ("Compare strictly", "The remainder is one too many.", "checked", "the sum is off"):
            text = text.replace(word, f"{word} {KEY}")
        return dict(json.loads(text))


def refuse_once(told: list[int]) -> Callable[[BaseHTTPRequestHandler], bool]:
    """A first answer that is an error with the key in it."""

    def trouble(handler: BaseHTTPRequestHandler) -> bool:
        if told:
            return False
        told.append(1)
        data = json.dumps({"error": {"message": f"overloaded, {handler.headers['Authorization']}"}}).encode()
        handler.send_response(500)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)
        return True

    return trouble


def holds(path: Path, key: str) -> bool:
    """Whether a file holds a key, also in a column of a database or in a compressed object of git."""
    data = path.read_bytes()
    if path.suffix == ".db":
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            data += "\n".join(database.iterdump()).encode("utf-8", "replace")
    with contextlib.suppress(zlib.error):
        data += zlib.decompress(data)
    return key.encode() in data


def test_no_key_in_anything_that_is_left(
    repository: Path, treewright: Run, home: dict[str, str], tmp_path: Path
) -> None:
    """Batch folder with its run, transcript, caches, what was printed, pages made of it."""
    home |= {"OPENAI_API_KEY": KEY, "GITHUB_TOKEN": KEY + "-forge", "TREEWRIGHT_CACHE": "true"}
    tasks, out, transcript = tmp_path / "tasks.jsonl", tmp_path / "out", tmp_path / "transcript.jsonl"
    row = {"id": "money-1", "repository": str(repository), "problem": ISSUE, "python": sys.executable}
    tasks.write_text(json.dumps(row) + "\n")
    told: list[int] = []
    playing = Gossip()
    with serving(playing, refuse_once(told)) as address:
        home["OPENAI_API_BASE"] = address
        arguments = ("--model", "openai/hand", "--unknown-price", "free", "--record", transcript)
        done = treewright("--debug", "batch", "--dataset", tasks, "--out", out, *arguments)
    assert done.returncode == 0, done.stderr
    assert told
    run = out / "tasks" / "money-1"
    assert f"+    return {RIGHT}" in (run / "patch.diff").read_text()
    pages = {
        name: CliRunner().invoke(app, [*command, str(run)], catch_exceptions=False).stdout
        for name, command in {
            "show": ["show"], "json": ["show", "--json"], "html": ["export", "--html"], "patch": ["export"],
        }.items()
    }  # fmt: skip
    assert all(pages.values())
    assert "[OPENAI_API_KEY]" in pages["json"], "the key was repeated, and replaced"
    assert [name for name, text in {**pages, "out": done.stdout, "err": done.stderr}.items() if KEY in text] == []
    left = [path for folder in (out, tmp_path / "home") for path in folder.rglob("*") if path.is_file()]
    assert {"run.db", "batch.db", "outcome.json", "manifest.json", "predictions.jsonl"} <= {path.name for path in left}
    assert [path for path in [*left, transcript] if holds(path, KEY)] == []


def test_the_scan_for_keys_can_fail(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text(f"a {KEY} b")
    (repository / "noted.txt").write_text(KEY)
    git(repository, "add", "-A")
    with sqlite3.connect(tmp_path / "x.db") as database:
        database.execute("create table t (x)")
        database.execute("insert into t values (?)", (f"{KEY} inside",))
    database.close()
    objects = [path for path in (repository / ".git" / "objects").rglob("*") if path.is_file()]
    assert holds(tmp_path / "plain", KEY)
    assert holds(tmp_path / "x.db", KEY)
    assert any(holds(path, KEY) for path in objects)
