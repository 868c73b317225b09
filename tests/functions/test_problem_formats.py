"""Reading problems: what is shown, what is hidden, and what is refused."""

from __future__ import annotations

import unittest
from dataclasses import asdict
from pathlib import Path

import pytest
from data import APPS, APPS_METHOD, INFORMAL, MBPP, OBJECTS, PROGRAM, SORTED_UNIQUE, write

from environments.functions.formats import find_problem, read_problems
from environments.functions.repository import as_task, files, materialise, stub
from tools.errors import InputError


def test_humaneval_shows_its_doctests_and_hides_its_check(tmp_path: Path) -> None:
    (problem,) = read_problems(write(tmp_path / "HumanEval.jsonl.gz", SORTED_UNIQUE))
    assert problem.statement.visible == (
        "assert sorted_unique([3, 1, 3]) == [2, 6]",
        "assert sorted_unique([]) == []",
    )
    assert "check" in problem.hidden.tests[0]
    assert stub(problem.statement).startswith(SORTED_UNIQUE["prompt"])


def test_informal_examples_are_read_only_when_certain(tmp_path: Path) -> None:
    (problem,) = read_problems(write(tmp_path / "evo.jsonl", INFORMAL))
    assert problem.statement.visible == (
        "assert abs(half(3) - 1.5) < 1e-6",
        "assert half(4) == 2",
        "assert half(-2) == -1",
    )
    assert problem.hidden.inputs == ("[3]", "[4]", "[-7]", "[10**6]")


def test_mbpp_shows_one_assert_and_grades_by_all(tmp_path: Path) -> None:
    (problem,) = read_problems(write(tmp_path / "mbpp.jsonl", MBPP))
    assert problem.statement.id == "MBPP/901"
    assert problem.statement.entry_point == "real_sum"
    assert problem.statement.visible == ("import math\nassert math.isclose(real_sum(1+2j, 3), 4.0)",)
    assert len(problem.hidden.tests) == 4
    assert "def real_sum(arg1, arg2):" in problem.statement.prompt
    assert "-1j" not in problem.statement.prompt


def test_codecontests_shows_its_public_runs(tmp_path: Path) -> None:
    (problem,) = read_problems(write(tmp_path / "cc.jsonl", PROGRAM))
    assert problem.statement.kind == "program"
    assert [run.given for run in problem.statement.examples] == ["2\n1 2\n"]
    assert problem.hidden.count == 4
    assert problem.statement.seconds == 3.0
    assert problem.hidden.reference.startswith("n=input()")


def test_apps_shows_the_runs_of_its_question(tmp_path: Path) -> None:
    program, method = read_problems(write(tmp_path / "apps.jsonl", APPS, APPS_METHOD))
    assert (program.statement.id, method.statement.id) == ("APPS/903", "APPS/904")
    assert [run.given for run in program.statement.examples] == ["2\n1 2\n"]
    assert [run.expected for run in program.hidden.runs] == ["3\n", "9\n", "40"]
    assert method.statement.entry_point == "twice"
    assert method.statement.visible == ("assert twice(4) == 8",)
    assert method.hidden.count == 2


@pytest.mark.parametrize("row", [SORTED_UNIQUE, INFORMAL, MBPP, OBJECTS, PROGRAM, APPS, APPS_METHOD])
def test_nothing_hidden_is_in_the_task_or_its_repository(row: dict[str, object], tmp_path: Path) -> None:
    (problem,) = read_problems(write(tmp_path / "p.jsonl", row))
    task = as_task(problem.statement, tmp_path / "made")
    seen = repr(asdict(task)) + "".join(files(problem.statement).values())
    repository = Path(task.repository)
    seen += "".join(path.read_text(errors="replace") for path in repository.rglob("*") if path.is_file())
    hidden = [problem.hidden.reference, *problem.hidden.inputs]
    hidden += [test for test in problem.hidden.tests if not any(test in each for each in problem.statement.visible)]
    hidden += [run.given for run in problem.hidden.runs if run not in problem.statement.examples]
    for secret in filter(None, (each.strip() for each in hidden)):
        assert len(secret) < 4 or secret not in seen


def test_the_repository_is_made_once_and_is_always_the_same(tmp_path: Path) -> None:
    (problem,) = read_problems(write(tmp_path / "p.jsonl", SORTED_UNIQUE))
    first = materialise(problem.statement, tmp_path / "one")
    assert materialise(problem.statement, tmp_path / "one") == first
    other = materialise(problem.statement, tmp_path / "two")
    heads = [(path / ".git" / "refs" / "heads" / "main").read_text() for path in (first, other)]
    assert heads[0] == heads[1]


@pytest.mark.parametrize("row", [SORTED_UNIQUE, INFORMAL, MBPP, OBJECTS, PROGRAM, APPS, APPS_METHOD])
def test_the_visible_tests_fail_on_the_stub_and_pass_on_the_reference(
    row: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import subprocess
    import sys

    (problem,) = read_problems(write(tmp_path / "p.jsonl", row))
    task = as_task(problem.statement, tmp_path / "made")
    command = [sys.executable, "-m", "unittest", *task.failing_tests]
    assert task.failing_tests
    before = subprocess.run(command, cwd=task.repository, capture_output=True, check=False)
    assert before.returncode == 1
    (Path(task.repository) / "solution.py").write_text(problem.hidden.reference)
    after = subprocess.run(command, cwd=task.repository, capture_output=True, text=True, check=False)
    assert after.returncode == 0, after.stderr
    assert unittest


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "holds no problems"),
        ("{}\n", "no known format"),
        ("[1]\n", "cannot be read"),
        ("{\n", "cannot be read"),
        ('{"test_list": [], "text": "x", "task_id": 1}\n', "cannot be read"),
        ('{"test_list": ["assert 1 == 1"], "text": "x", "task_id": 1}\n', "no function is called"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(content: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(content)
    with pytest.raises(InputError, match=said):
        read_problems(path)


def test_a_problem_is_found_by_its_id_or_its_end(tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl", SORTED_UNIQUE, INFORMAL)
    assert find_problem(f"{path}#EvoEval/1").statement.entry_point == "half"
    assert find_problem(f"{path}#900").statement.entry_point == "sorted_unique"
    with pytest.raises(InputError, match="holds 2 problems"):
        find_problem(str(path))
    with pytest.raises(InputError, match="no problem 'x'"):
        find_problem(f"{path}#x")
    with pytest.raises(InputError, match="no such file"):
        find_problem(f"{tmp_path}/none.jsonl#1")
