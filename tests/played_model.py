"""A model for the repository with `share()`; it plays all roles by the prompt."""

from __future__ import annotations

from collections.abc import Sequence

from model_server import Json, call, say

OLD = "(i <= total % people)"
RIGHT = "(i < total % people)"
TEST = """import unittest

from money import share


class IssueTest(unittest.TestCase):
    def test_parts_add_up(self):
        self.assertEqual(sum(share(11, 4)), 11)
"""


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
            return say({"files": ["money.py"], "functions": [{"path": "money.py", "name": "share"}]})
        if role == "tester" and "Does it fail for the reason" in turn:
            return say({"for_the_reason": True, "why": "the sum is off"})
        if role == "tester" and "the same test as one that you wrote" in str(messages[-1]["content"]):
            return {"content": "CANNOT"}
        if role == "tester":
            return {"content": f"FILE: {turn.split('FILE: ')[1].splitlines()[0]}\n```python\n{TEST}```\n"}
        if role == "thinker":
            return say({"strategies": [{"title": "Compare strictly", "description": "The rest is one too many."}]})
        if role == "critic":
            return say({"score": 0.9, "verdict": "keep", "reasons": "the parts add up"})
        done = [str(m["content"]) for m in messages if m["role"] == "tool"]
        self.observed = done
        name, arguments = self.calls[min(len(done), len(self.calls) - 1)]
        return call(name, **arguments)
