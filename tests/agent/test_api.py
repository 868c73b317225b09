"""The Python interface does what its own documentation shows."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest
from money_project import FAILING

from agent import api


def test_the_example_runs_as_written(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    given = {"repository": str(repository), "failing": FAILING, "folder": tmp_path / "run"}
    example = doctest.DocTestParser().get_doctest(api.__doc__ or "", given, "api", None, None)
    assert len(example.examples) >= 6
    result = doctest.DocTestRunner().run(example)
    assert result.failed == 0


def test_everything_named_is_there() -> None:
    assert all(hasattr(api, name) for name in api.__all__)


def test_a_wrong_task_raises(tmp_path: Path) -> None:
    with pytest.raises(api.InputError):
        api.solve(api.Task("x", str(tmp_path / "nowhere"), problem="y"), out=tmp_path / "run")
