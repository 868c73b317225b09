"""Datasets in every form a person may have them in: the same tasks, gold apart."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from environments.benchmarks import Choice, fingerprint, load
from environments.repositories import locate
from environments.tasks import Task
from tools.errors import InfrastructureError, InputError

ROWS: list[dict[str, Any]] = [
    {
        "repo": "owner/name",
        "instance_id": f"owner__name-{number}",
        "base_commit": f"{number}" * 40,
        "patch": "diff --git a/gold.py b/gold.py\n",
        "test_patch": "diff --git a/test_gold.py b/test_gold.py\n",
        "problem_statement": f"Problem {number}",
        "hints_text": None,
        "version": "1.0",
        "created_at": "2020-01-01T00:00:00Z",
        "FAIL_TO_PASS": '["test_gold.py::test_a"]',
        "PASS_TO_PASS": ["test_gold.py::test_b"],
        "environment_setup_commit": "0" * 40,
    }
    for number in range(1, 6)
]


def _written(folder: Path, form: str) -> Path:
    path = folder / f"data.{form}"
    if form == "jsonl":
        path.write_text("\n".join(map(json.dumps, ROWS)) + "\n\n")
    elif form == "json":
        path.write_text(json.dumps(ROWS))
    else:
        import pyarrow
        from pyarrow import parquet

        plain = [{**row, "PASS_TO_PASS": json.dumps(row["PASS_TO_PASS"])} for row in ROWS]
        parquet.write_table(pyarrow.Table.from_pylist(plain), path)
    return path


@pytest.mark.parametrize("form", ["json", "jsonl", "parquet"])
def test_files(form: str, tmp_path: Path) -> None:
    tasks = load(_written(tmp_path, form))
    assert [each.id for each in tasks] == [row["instance_id"] for row in ROWS]
    first = tasks[0]
    assert first.task.base == "1" * 40
    assert first.task.problem == "Problem 1"
    assert first.gold.fail_to_pass == ("test_gold.py::test_a",)
    assert first.gold.pass_to_pass == ("test_gold.py::test_b",)
    assert (first.project, first.version) == ("owner/name", "1.0")
    assert not {field.name for field in fields(Task)} & {"patch", "test_patch", "fail_to_pass", "pass_to_pass", "gold"}
    assert "gold" not in repr(first.task)


def test_a_dataset_of_the_hub_through_its_own_library(tmp_path: Path) -> None:
    folder = tmp_path / "owner" / "lite"
    folder.mkdir(parents=True)
    _written(folder, "parquet").rename(folder / "test-00000-of-00001.parquet")
    tasks = load(str(folder))
    assert [each.id for each in tasks] == [row["instance_id"] for row in ROWS]
    with pytest.raises(InputError, match="no split 'dev'"):
        load(str(folder), split="dev")


def test_a_hub_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(InfrastructureError, match="cannot load nobody/nothing-at-all from the hub") as caught:
        load("nobody/nothing-at-all")
    assert "file" in caught.value.hint


def test_choices(tmp_path: Path) -> None:
    path = _written(tmp_path, "json")

    def chosen(**how: Any) -> list[str]:
        return [each.id[-1] for each in load(path, choice=Choice(**how))]

    assert chosen(ids=("owner__name-4", "owner__name-2")) == ["4", "2"]
    assert chosen(pattern="[23]$") == ["2", "3"]
    assert chosen(part="1:3") == ["2", "3"]
    assert chosen(part="-2:") == ["4", "5"]
    shuffled = chosen(shuffle=True, seed=1)
    assert sorted(shuffled) == ["1", "2", "3", "4", "5"]
    assert shuffled == chosen(shuffle=True, seed=1) != chosen(shuffle=True, seed=2)
    assert chosen(shuffle=True, seed=1, part=":2") == shuffled[:2]
    for how, said in (
        ({"ids": ("owner__name-44",)}, "no task 'owner__name-44'"),
        ({"pattern": "("}, "no regular expression"),
        ({"part": "50"}, "no slice"),
        ({"part": "::0"}, "step of 0"),
        ({"pattern": "nothing"}, "no task is left"),
    ):
        with pytest.raises(InputError, match=said):
            chosen(**how)


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no dataset is called 'swe-bench-light'"):
        load("swe-bench-light")
    with pytest.raises(InputError, match="cannot read the dataset"):
        load(tmp_path / "absent.json")
    broken = tmp_path / "broken.jsonl"
    broken.write_text(json.dumps(ROWS[0]) + "\n{")
    with pytest.raises(InputError, match=r"broken.jsonl:2: not JSON"):
        load(broken)
    lacking = tmp_path / "lacking.json"
    lacking.write_text(json.dumps([{key: value for key, value in ROWS[0].items() if key != "base_commit"}]))
    with pytest.raises(InputError, match=r"owner__name-1 is not an instance of SWE-bench: base_commit"):
        load(lacking)
    double = tmp_path / "double.json"
    double.write_text(json.dumps([ROWS[0], ROWS[0]]))
    with pytest.raises(InputError, match="two tasks"):
        load(double)
    path_like = tmp_path / "id.json"
    path_like.write_text(json.dumps([{**ROWS[0], "instance_id": "../../etc"}]))
    with pytest.raises(InputError, match="instance_id"):
        load(path_like)


def test_mirrors_take_the_place_of_the_network(tmp_path: Path) -> None:
    assert locate("owner/name", None).startswith("https://")
    with pytest.raises(InputError, match="no mirror of owner/name") as caught:
        load(_written(tmp_path, "json"), mirrors=tmp_path)
    assert "git clone --mirror" in caught.value.hint
    (tmp_path / "owner__name.git").mkdir()
    tasks = load(_written(tmp_path, "json"), mirrors=tmp_path)
    assert tasks[0].task.repository == str((tmp_path / "owner__name.git").resolve())


def test_what_is_not_chosen_needs_no_mirror(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_text(json.dumps([ROWS[0], {**ROWS[1], "repo": "owner/other"}]))
    (tmp_path / "owner__name.git").mkdir()
    (task,) = load(path, choice=Choice(ids=("owner__name-1",)), mirrors=tmp_path)
    assert task.task.repository.endswith("owner__name.git")


def test_task_files_of_our_own(tmp_path: Path) -> None:
    (tmp_path / "hidden.patch").write_text("the tests")
    (tmp_path / "rounding.toml").write_text(
        'repository = "shop"\nproblem = "Rounds down."\ntest = "pytest"\n[gold]\ntest_patch_file = "hidden.patch"\n'
        'fail_to_pass = ["t.py::a"]\n'
    )
    (only,) = load(tmp_path)
    assert only.id == "rounding"
    assert only.task.repository == str((tmp_path / "shop").resolve())
    assert (only.gold.test_patch, only.gold.fail_to_pass) == ("the tests", ("t.py::a",))
    (tmp_path / "wrong.toml").write_text('repository = "shop"\nproblem = "x"\nanswer = "y"\n')
    with pytest.raises(InputError, match=r"wrong.toml is not a task file"):
        load(tmp_path)


def test_the_fingerprint_is_of_what_is_asked_not_of_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "owner__name.git").mkdir()
    path = _written(tmp_path, "json")
    assert fingerprint(load(path)) == fingerprint(load(path, mirrors=tmp_path))
    assert fingerprint(load(path)) != fingerprint(load(path, choice=Choice(part="1:")))


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("repositry = '.'\nproblem = 'x'", "unknown key 'repositry'", "did you mean 'repository'?"),
        ("repository = '.'\n[gold]\nfail2pass = []", "unknown key 'gold.fail2pass'", "did you mean 'fail_to_pass'?"),
        ("repository = '.'\nzzz = 1", "unknown key 'zzz'", "there are: base, failing_tests"),
        ("problem = 'x'", "it has no 'repository'", "add repository"),
        ("repository = '.'\nproblem = 3", "problem: Input should be a valid string", "change problem"),
        ("repository = ", "Invalid value", "mend it"),
    ],
)
def test_a_task_file_that_is_wrong_says_so_in_one_line(text: str, said: str, hint: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text(text)
    with pytest.raises(InputError) as refused:
        load(tmp_path)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert hint in refused.value.hint
