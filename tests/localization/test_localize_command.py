import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from agent.cli import localize, map
from tools.errors import InfrastructureError, InputError

Make = Callable[..., Path]
FILES = {
    "shop/rules.py": "class Discount:\n    def apply(self, price):\n        return price\n",
    "shop/cart.py": "x = 1\n",
}


@pytest.fixture
def application() -> typer.Typer:
    made = typer.Typer()
    made.command("localize")(localize.command)
    made.command("map")(map.command)
    return made


def test_json_text_and_map(application: typer.Typer, make_repository: Make, tmp_path: Path) -> None:
    repository = str(make_repository([("Start", FILES)]))
    issue = tmp_path / "issue.md"
    issue.write_text("Discount.apply ignores the price")
    common = ["--repo", repository, "--cache", str(tmp_path / "cache"), "--issue", str(issue)]
    found = CliRunner().invoke(application, ["localize", *common, "--json", "-k", "1"])
    answer = json.loads(found.stdout)
    assert [file["path"] for file in answer["files"]] == ["shop/rules.py"]
    assert answer["functions"][0]["name"] == "Discount.apply"
    assert all(isinstance(reason, str) for reason in answer["files"][0]["reasons"])
    explained = json.loads(CliRunner().invoke(application, ["localize", *common, "--json", "--explain"]).stdout)
    total = sum(reason["contribution"] for reason in explained["files"][0]["reasons"])
    assert total == pytest.approx(explained["files"][0]["score"], abs=0.05)
    text = CliRunner().invoke(application, ["localize", *common, "--explain"]).stdout
    assert "shop/rules.py:2-3  Discount.apply" in text
    mapped = CliRunner().invoke(application, ["map", *common, "--budget", "200"]).stdout
    assert mapped.startswith("shop/rules.py:\n")
    skeleton = CliRunner().invoke(application, ["map", *common, "--file", "shop/rules.py"]).stdout
    assert "def apply" in skeleton


def test_issue_from_text_stdin_and_mistakes(application: typer.Typer, make_repository: Make, tmp_path: Path) -> None:
    repository = str(make_repository([("Start", FILES)]))
    common = ["localize", "--repo", repository, "--cache", str(tmp_path / "cache"), "--json"]
    given = CliRunner().invoke(application, [*common, "--issue", "apply fails"]).stdout
    assert given == CliRunner().invoke(application, common, input="apply fails").stdout
    for issue, message in (("missing/issue.md", "no such issue file"), ("  ", "empty")):
        failed = CliRunner().invoke(application, [*common, "--issue", issue])
        assert isinstance(failed.exception, InputError)
        assert message in str(failed.exception)


def test_coverage_of_a_failing_test_is_one_more_signal(
    application: typer.Typer, make_repository: Make, tmp_path: Path
) -> None:
    repository = str(make_repository([("Start", FILES)]))
    contexts = {"1": ["tests/test_cart.py::test_x|run"]}
    report = tmp_path / "coverage.json"
    report.write_text(json.dumps({"files": {"shop/cart.py": {"contexts": contexts}}}))
    common = ["localize", "--repo", repository, "--cache", str(tmp_path / "cache"), "--json", "--issue", "price"]
    known = [*common, "--coverage", str(report), "--failing-test", "tests/test_cart.py::test_x"]

    def reasons(arguments: list[str]) -> dict[str, float]:
        files = json.loads(CliRunner().invoke(application, [*arguments, "--explain"]).stdout)["files"]
        cart = [file for file in files if file["path"] == "shop/cart.py"]
        return {reason["signal"]: reason["contribution"] for file in cart for reason in file["reasons"]}

    assert "coverage" not in reasons(common)
    assert reasons(known)["coverage"] > 0
    for arguments, message in ((known[:-2], "needs --failing-test"), ([*common, *known[-2:]], "needs --coverage")):
        failed = CliRunner().invoke(application, arguments)
        assert isinstance(failed.exception, InputError)
        assert message in str(failed.exception)


def test_an_embedding_model_that_gives_nothing_is_told_in_a_line(
    application: typer.Typer, make_repository: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    repository = str(make_repository([("Start", FILES)]))
    asked = ["localize", "--repo", repository, "--cache", str(tmp_path / "cache"), "--issue", "Discount is off"]
    failed = CliRunner().invoke(application, [*asked, "--embedding-model", "openai/none"])
    assert isinstance(failed.exception, InfrastructureError)
    assert "gave no embeddings" in str(failed.exception)
    assert "doctor --model openai/none" in failed.exception.hint


def test_words_that_nothing_has_to_do_with(application: typer.Typer, make_repository: Make, tmp_path: Path) -> None:
    repository = str(make_repository([("Start", FILES)]))
    asked = ["localize", "--repo", repository, "--cache", str(tmp_path / "cache"), "--issue", "zzz qqq"]
    assert "name a function, a file" in CliRunner().invoke(application, asked).stdout
