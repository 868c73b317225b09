"""What a failing test executes moves the code that everybody is shown, whoever wrote the test."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from model_server import Json, say, serving
from money_project import Run, git

ISSUE = "The number of items in the stock is too high."
FILES = {
    "stock/__init__.py": "",
    "stock/report.py": '''def report_of_the_stock(stock):
    """The report of the stock: how many items there are in the stock."""
    return "\\n".join(f"{name}: {items} items" for name, items in stock.items())


def headline_of_the_report(stock):
    """The headline of the report of the stock."""
    return "the report of the stock"
''',
    "stock/ledger.py": '''def settle(moves):
    """Adds moves up by name."""
    found = {}
    for name, number in moves:
        found[name] = found.get(name, 0) + abs(number)
    return found
''',
    "tests/__init__.py": "",
    "tests/test_stock.py": """import unittest

from stock import ledger, report


class StockTest(unittest.TestCase):
    def test_report_of_the_stock(self):
        self.assertEqual(report.report_of_the_stock({"nut": 2}), "nut: 2 items")

    def test_headline(self):
        self.assertEqual(report.headline_of_the_report({}), "the report of the stock")

    def test_in(self):
        self.assertEqual(ledger.settle([]), {})
""",
}
FAILING = """

class MovesTest(unittest.TestCase):
    def test_out(self):
        self.assertEqual(ledger.settle([("nut", 3), ("nut", -1)]), {"nut": 2})
"""
DESIGN = """async def solve(kit):
    await kit.write_tests(1)
    await kit.abstain((await kit.code()).splitlines()[0])
"""


class Tester:
    """Writes the failing test as a file of its own, and finds that it fails for the right reason."""

    def answer(self, request: Json) -> Json:
        messages = request["messages"]
        assert isinstance(messages, list)
        turn = str(messages[-1]["content"])
        if "Does it fail for the reason" in turn:
            return say({"for_the_reason": True, "why": "what goes out is added"})
        path = turn.split("FILE: ")[1].split("\n", maxsplit=1)[0]
        return {"content": f"FILE: {path}\n```python\nimport unittest\n\nfrom stock import ledger\n{FAILING}```\n"}


@pytest.mark.parametrize("written", ["by nobody", "by the user", "by the model"])
def test_what_a_failing_test_executes_is_shown_first(
    written: str, tmp_path: Path, treewright: Run, home: dict[str, str]
) -> None:
    root = tmp_path / "stock"
    for path, content in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(
            content + FAILING if path.endswith("_stock.py") and written == "by the user" else content
        )
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "start"]):
        git(root, *command)
    (tmp_path / "first.py").write_text(DESIGN)
    given = ["--failing-test", "tests.test_stock.MovesTest.test_out"] if written == "by the user" else []
    with serving(Tester()) as address:
        home.update({"OPENAI_API_BASE": address, "OPENAI_API_KEY": "none"})
        done = treewright(
            *("solve", "--repo", root, "--issue", ISSUE, "--python", sys.executable, "--json"),
            *("--design", tmp_path / "first.py", "--model", "openai/hand", "--unknown-price", "free"),
            *("--out", tmp_path / "run", *given),
            *(["--no-reproduction"] if written == "by nobody" else []),
        )
    first = "stock/report.py" if written == "by nobody" else "stock/ledger.py"
    assert json.loads(done.stdout)["reason"].startswith(f"# {first}"), done.stdout + done.stderr
