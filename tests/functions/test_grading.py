"""Grading: right solutions pass, wrong ones do not, and no trick of a solution makes a verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from data import APPS, APPS_METHOD, INFORMAL, MBPP, OBJECTS, PROGRAM, SORTED_UNIQUE, write

from environments.functions.formats import read_problems
from environments.functions.grading import Grade, grade_patch, grade_source
from environments.functions.problems import Problem
from environments.registry import create
from tools.errors import InputError

BUBBLEWRAP = create("bubblewrap")


def problem(tmp_path: Path, row: dict[str, Any]) -> Problem:
    return read_problems(write(tmp_path / "p.jsonl", row))[0]


async def graded(tmp_path: Path, row: dict[str, Any], source: str) -> Grade:
    return await grade_source(problem(tmp_path, row), source, BUBBLEWRAP)


@pytest.mark.parametrize("row", [SORTED_UNIQUE, INFORMAL, MBPP, OBJECTS, PROGRAM, APPS, APPS_METHOD])
async def test_the_reference_passes(row: dict[str, Any], tmp_path: Path) -> None:
    asked = problem(tmp_path, row)
    grade = await grade_source(asked, asked.hidden.reference, BUBBLEWRAP)
    assert grade == Grade(True, ("",) * asked.hidden.count)


@pytest.mark.parametrize(
    ("row", "source", "said"),
    [
        (SORTED_UNIQUE, "def sorted_unique(values):\n    return []\n", "AssertionError"),
        (SORTED_UNIQUE, "def sorted_unique(values):\n    return 1 / 0\n", "ZeroDivisionError"),
        (SORTED_UNIQUE, "def other():\n    pass\n", "KeyError"),
        (SORTED_UNIQUE, "def sorted_unique(values):\n    values.clear()\n    return []\n", "AssertionError"),
        (INFORMAL, "def half(x):\n    return x // 2\n", "differs"),
        (MBPP, "def real_sum(a, b):\n    return 4.0\n", "AssertionError"),
        (PROGRAM, "print(3)\n", "wrong output"),
        (APPS, "print(3)\n", "wrong output"),
        (APPS_METHOD, "def twice(n):\n    return 42\n", "AssertionError"),
        (PROGRAM, "import sys\nprint(3)\nsys.exit(1)\n", "exit code 1"),
    ],
)
async def test_a_wrong_solution_fails(row: dict[str, Any], source: str, said: str, tmp_path: Path) -> None:
    grade = await graded(tmp_path, row, source)
    assert not grade.passed
    assert any(said in result for result in grade.results), grade


TRICKS = {
    "exits at import": "import os\nos._exit(0)\n",
    "exits when called": "import os\ndef sorted_unique(values):\n    os._exit(0)\n",
    "leaves by SystemExit": "raise SystemExit(0)\n",
    "equals everything": (
        "class Any(list):\n    def __eq__(self, other):\n        return True\n    def __ne__(self, other):\n"
        "        return False\ndef sorted_unique(values):\n    return Any()\n"
    ),
    "an object that equals everything": (
        "class Any:\n    def __eq__(self, other):\n        return True\ndef sorted_unique(values):\n    return Any()\n"
    ),
    "patches builtins": (
        "import builtins\nbuiltins.AssertionError = ValueError\nbuiltins.sorted = lambda x: []\nbuiltins.set = list\n"
        "builtins.__build_class__ = None\ndef sorted_unique(values):\n    return []\n"
    ),
    "redefines the helper of the prompt": (
        "def double(x):\n    return x\ndef sorted_unique(values):\n    return sorted(set(values))\n"
    ),
    "defines check and candidate": (
        "def check(candidate):\n    pass\ndef candidate(*a):\n    return None\n"
        "def sorted_unique(values):\n    return []\n"
    ),
    "prints verdicts": (
        "import os\nfor p in (1, os.getppid(), os.getpid()):\n    for fd in (1, 2):\n        try:\n"
        "            open(f'/proc/{p}/fd/{fd}', 'w').write('\\n{\"results\": [\"\"]}\\n')\n        except OSError:\n"
        "            pass\ndef sorted_unique(values):\n    return []\n"
    ),
    "reads the tests from the judge": (
        "import os, re\ndef sorted_unique(values):\n    found = b''\n    parent = os.getppid()\n"
        "    for name in ('mem', 'environ', 'cmdline', 'maps', 'fd/0'):\n        try:\n"
        "            found += open(f'/proc/{parent}/{name}', 'rb').read(1000)\n        except OSError:\n"
        "            continue\n    secret = b'called by' b' its name'  # a sentence of the hidden test\n"
        "    raise LookupError('leaked' if b'r-xp' in found or secret in found else '-')\n"
    ),
    "modules of its own beside it": (
        "open('json.py', 'w').write('raise SystemExit(0)')\nopen('wire.py', 'w').write('')\n"
        "def sorted_unique(values):\n    return []\n"
    ),
    "kills the judge": "import os\nos.kill(os.getppid(), 9)\ndef sorted_unique(values):\n    return []\n",
    "stops the judge": "import os\nos.kill(os.getppid(), 19)\ndef sorted_unique(values):\n    return []\n",
    "sends nonsense over the pipe": (
        "import os\nfor fd in range(3, 20):\n    try:\n        os.write(fd, b'\\xff' * 64)\n    except OSError:\n"
        "        pass\ndef sorted_unique(values):\n    return []\n"
    ),
    "never ends": "def sorted_unique(values):\n    while True:\n        pass\n",
    "endless generator": "import itertools\ndef sorted_unique(values):\n    return itertools.count()\n",
    "nested too deeply": (
        "def sorted_unique(values):\n    x = []\n    for _ in range(100000):\n        x = [x]\n    return x\n"
    ),
}


@pytest.mark.parametrize("trick", TRICKS)
async def test_no_trick_makes_a_verdict(trick: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from environments.functions import grading

    monkeypatch.setattr(grading, "STARTING_SECONDS", 3.0)
    asked = problem(tmp_path, SORTED_UNIQUE)
    asked = replace(asked, statement=replace(asked.statement, seconds=1.0))
    grade = await grade_source(asked, TRICKS[trick], BUBBLEWRAP)
    assert not grade.passed
    assert grade.problem or any(grade.results)
    assert "leaked" not in repr(grade)


async def test_a_patch_is_graded_on_a_fresh_workspace(tmp_path: Path) -> None:
    asked = problem(tmp_path, SORTED_UNIQUE)
    body = '     raise NotImplementedError("to be written")'
    lines = SORTED_UNIQUE["prompt"].splitlines()
    new = "+    return [double(x) for x in sorted(set(values))]"
    start = len(lines)
    patch = (
        "diff --git a/solution.py b/solution.py\n--- a/solution.py\n+++ b/solution.py\n"
        f"@@ -{start},2 +{start},2 @@\n {lines[-1]}\n-{body[1:]}\n{new}\n"
    )
    assert (await grade_patch(asked, patch, BUBBLEWRAP)).passed
    assert not (await grade_patch(asked, "", BUBBLEWRAP)).passed
    broken = await grade_patch(asked, patch.replace("raise", "rise"), BUBBLEWRAP)
    assert "does not apply" in broken.problem


async def test_without_hidden_tests_there_is_no_grade(tmp_path: Path) -> None:
    row = {key: value for key, value in SORTED_UNIQUE.items() if key not in ("test", "canonical_solution")}
    with pytest.raises(InputError, match="no hidden tests"):
        await graded(tmp_path, row, "")
