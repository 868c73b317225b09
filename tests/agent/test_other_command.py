"""A test command that is none of the known runners: it always runs everything, and prints TAP."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from model_server import serving
from money_project import Run, git
from repairing_model import ISSUE, RIGHT, Author

TAP = """import unittest


def flat(suite):
    for test in suite:
        yield from flat(test) if isinstance(test, unittest.TestSuite) else [test]


tests = list(flat(unittest.defaultTestLoader.discover("tests", top_level_dir=".")))
print(f"1..{len(tests)}")
for number, test in enumerate(tests, 1):
    result = unittest.TestResult()
    test.run(result)
    print("ok" if result.wasSuccessful() else "not ok", number, "-", test.id())
"""


class Watcher(Author):
    """Remembers what each tester was told first."""

    @property
    def styles(self) -> list[str]:
        openings = [str(message["content"]) for request in self.requests for message in request["messages"]]  # type: ignore[union-attr,call-overload,index]
        return [text for text in openings if text.startswith("# Your turn: tester") and "test style" in text]


def test_what_is_new_in_a_report_of_everything_is_the_reproduction(
    repository: Path, treewright: Run, home: dict[str, str], tmp_path: Path
) -> None:
    (repository / "tap.py").write_text(TAP)
    (repository / "tests" / "test_other.py").write_text(
        "import unittest\n\n\nclass Other(unittest.TestCase):\n    def test_never_passes(self):\n        self.fail()\n"
    )
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "a command")
    player = Watcher()
    with serving(player) as address:
        home.update({"OPENAI_API_BASE": address, "OPENAI_API_KEY": "none"})
        done = treewright(
            *("solve", "--repo", repository, "--issue", ISSUE, "--python", sys.executable, "--json"),
            *("--test", f"{sys.executable} tap.py", "--model", "openai/hand", "--unknown-price", "free"),
            *("--out", tmp_path / "run"),
        )
    outcome = json.loads(done.stdout)
    assert outcome["status"] == "solved", done.stderr
    assert f"+    return {RIGHT}" in outcome["patch"]
    assert outcome["proof"]["fixed"] == ["tests.test_issue_1.IssueTest.test_parts_add_up"]
    assert "tap.py`" in player.styles[0]
