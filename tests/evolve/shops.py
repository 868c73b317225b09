"""Small repositories, each with one bug that a mechanical edit can mend, or that none can."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BUGS = {
    "share": ("return [total // people + (i <= total % people) for i in range(people)]", "[4, 4, 3]", "(11, 3)"),
    "largest": ("return min(total, people)", "7", "(3, 7)"),
    "enough": ("return total > people", "True", "(5, 5)"),
    "rest": ("return total // people", "1", "(10, 3)"),
    "twice": ("return total + people", "12", "(4, 3)"),
    "label": ("return f'{total}'", "'3 for 2 at the door'", "(3, 2)"),
}


def shops(root: Path, names: tuple[str, ...] = tuple(BUGS)) -> Path:
    """A folder of task files, each for a repository with a failing test."""
    folder = root / "tasks"
    folder.mkdir(parents=True)
    for name in names:
        body, expected, given = BUGS[name]
        repository = root / f"shop-{name}"
        (repository / "tests").mkdir(parents=True)
        (repository / "shop.py").write_text(f"def {name}(total, people):\n    {body}\n\n\ndef one():\n    return 1\n")
        (repository / "tests" / "__init__.py").write_text("")
        (repository / "tests" / "test_shop.py").write_text(
            f"import unittest\n\nfrom shop import {name}, one\n\n\nclass ShopTest(unittest.TestCase):\n"
            f"    def test_{name}(self):\n        self.assertEqual({name}{given}, {expected})\n\n"
            "    def test_one(self):\n        self.assertEqual(one(), 1)\n"
        )
        who = ("-c", "user.name=A Person", "-c", "user.email=person@example.org")
        for arguments in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-qm", "start")):
            subprocess.run(["git", "-C", repository, *who, *arguments], check=True, capture_output=True)
        (folder / f"{name}.toml").write_text(
            f'repository = "{repository}"\nproblem = "{name} is wrong"\npython = "{sys.executable}"\n'
            f'failing_tests = ["tests.test_shop.ShopTest.test_{name}"]\n'
        )
    return folder
