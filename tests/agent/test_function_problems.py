"""A function-level problem from the command line: solved with what may be seen, graded with what may not."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from money_project import Run

PROBLEM = {
    "task_id": "HumanEval/901",
    "entry_point": "clamp",
    "prompt": 'def clamp(x, low, high):\n    """x within [low, high].\n    >>> clamp(5, 0, 3)\n    3\n    """\n',
    "test": "def check(candidate):\n    assert candidate(-77123, 0, 3) == 0\n    assert candidate(2, 0, 3) == 2\n",
}
RIGHT = "return max(low, min(x, high))"
WRONG = "return min(x, high)"


@pytest.fixture
def endpoint() -> Iterator[tuple[list[str], list[str]]]:
    """An endpoint that drafts the right body: its address in a list, and the prompts it saw."""
    told: list[str] = []
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            text = "\n".join(str(message["content"]) for message in request["messages"])
            seen.append(text)
            content = json.dumps({"files": ["solution.py"], "score": 0.9, "verdict": "keep"})
            if "answer in this one message" in text:
                source = f"def clamp(x, low, high):\n    {RIGHT}"
                content = f"FUNCTION: solution.py::clamp\n```python\n{source}\n```"
            choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
            usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
            body = {"id": "x", "object": "chat.completion", "created": 0, "model": "hand", "choices": [choice]}
            data = json.dumps(body | {"usage": usage}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told.append(f"http://127.0.0.1:{server.server_port}/v1")
    yield told, seen
    server.shutdown()


def test_solve_then_grade(
    treewright: Run, home: dict[str, str], endpoint: tuple[list[str], list[str]], tmp_path: Path
) -> None:
    told, seen = endpoint
    home |= {"OPENAI_API_BASE": told[0], "OPENAI_API_KEY": "none"}
    file = tmp_path / "problems.jsonl"
    file.write_text(json.dumps(PROBLEM) + "\n")
    common = ("--model", "openai/hand", "--unknown-price", "free", "--design", "self_refine", "--python")
    solve = ("solve", "--problem", f"{file}#901", *common, sys.executable, "--out", tmp_path / "run", "--json")
    done = treewright(*solve)
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["status"] == "solved"
    assert RIGHT in outcome["patch"]
    graded = treewright("grade", tmp_path / "run", "--problem", file, "--json")
    assert graded.returncode == 0, graded.stderr
    assert json.loads(graded.stdout)["passed"] is True
    wrong = tmp_path / "wrong.py"
    wrong.write_text(f"def clamp(x, low, high):\n    {WRONG}\n")
    graded = treewright("grade", "--source", wrong, "--problem", file)
    assert graded.returncode == 1, graded.stderr
    assert "failed" in graded.stdout
    assert all(b"77123" not in path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file())
    assert not any("77123" in text for text in seen), "the hidden tests reach no prompt"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["solve", "--problem", "none.jsonl#1"], "no such file"),
        (["solve", "--problem", "{file}#5"], "holds no problem"),
        (["solve", "--problem", "{file}", "--issue", "x y"], "brings its own"),
        (["grade", "--source", "none.py", "--problem", "{file}"], "no such file"),
        (["grade"], "which problem"),
        (["grade", "nosuchrun", "--problem", "{file}"], "no run at"),
    ],
)
def test_bad_input_gets_a_clear_error(arguments: list[str], said: str, treewright: Run, tmp_path: Path) -> None:
    file = tmp_path / "problems.jsonl"
    file.write_text(json.dumps(PROBLEM) + "\n")
    done = treewright(*(argument.format(file=file) for argument in arguments))
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
