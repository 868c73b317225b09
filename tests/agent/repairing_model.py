"""A model that plays all roles, and gets its patch right the second time."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from model_server import Json, call, say

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
        self.requests: list[Json] = []

    def answer(self, request: Json) -> Json:
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


def tree(out: Path) -> list[tuple[object, ...]]:
    with sqlite3.connect(f"file:{out / 'run.db'}?mode=ro", uri=True) as database:
        return database.execute("select id, parent, kind, snapshot, value from nodes order by id").fetchall()
