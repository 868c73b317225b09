"""The archive: rows that stand, failures kept as failures, read while it grows."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.evolve.archive import Archive, identity
from agent.evolve.layout import EvolutionFolder
from agent.evolve.reader import EvolutionReader, is_evolution
from agent.evolve.records import DesignRecord, ResultRecord
from tools.errors import InputError

SEED, CHILD, BROKEN = "async def solve(kit): ...", "async def solve(kit): pass", "def solve("


@pytest.fixture
def folder(tmp_path: Path) -> EvolutionFolder:
    with Archive(tmp_path / "archive.db") as archive:
        archive.add(DesignRecord(identity(SEED), "seed", SEED))
        child = DesignRecord(
            identity(CHILD), "child", CHILD, parents=(identity(SEED),), generation=1, standing="archived"
        )
        archive.add(child)
        archive.add(DesignRecord(identity(BROKEN), "broken", BROKEN, standing="refused", error="does not parse"))
        for task, score in (("a", 1.0), ("b", 0.0), ("c", 1.0)):
            archive.record(ResultRecord(identity(CHILD), task, 0, "search", score, "abstained", usd=0.5))
        archive.record(ResultRecord(identity(CHILD), "h", 0, "held-out", 1.0, "solved-candidate"))
        archive.keep("plan", {"strategy": "hgm"})
    return EvolutionFolder(tmp_path)


def test_designs_keep_their_order_parents_and_failures(folder: EvolutionFolder) -> None:
    with EvolutionReader(folder.root) as reader:
        found = reader.designs()
        assert [each.name for each in found] == ["seed", "child", "broken"]
        assert [each.order for each in found] == [0, 1, 2]
        assert found[1].parents == (found[0].id,)
        assert (found[2].standing, found[2].error) == ("refused", "does not parse")
        assert reader.plan() == {"strategy": "hgm"}
        assert reader.end() is None


def test_a_refused_design_has_no_fitness_and_splits_stay_apart(folder: EvolutionFolder) -> None:
    with EvolutionReader(folder.root) as reader:
        scored = {each.design.name: each for each in reader.scored("search")}
        assert scored["broken"].mean is None
        assert scored["child"].scores == {"a": 1.0, "b": 0.0, "c": 1.0}
        assert scored["child"].usd == 0.5
        assert [each.mean for each in reader.scored("held-out") if each.mean is not None] == [1.0]


def test_a_wrong_answer_is_told_by_what_the_hidden_tests_said(folder: EvolutionFolder) -> None:
    with Archive(folder.archive) as archive:
        for task, score, error in (("x", 0.0, ""), ("y", 0.0, "it gave up"), ("z", 1.0, "")):
            detail = {"hidden": "3 of 5 hidden tests pass"}
            archive.record(
                ResultRecord(identity(CHILD), task, 0, "search", score, "abstained", error=error, detail=detail)
            )
    with EvolutionReader(folder.root) as reader:
        child = next(each for each in reader.scored() if each.design.name == "child")
    assert child.failures == {"x": "3 of 5 hidden tests pass", "y": "it gave up; 3 of 5 hidden tests pass"}


def test_what_was_recorded_first_stands(folder: EvolutionFolder) -> None:
    with Archive(folder.archive) as archive:
        archive.record(ResultRecord(identity(CHILD), "b", 0, "search", 1.0, "solved-candidate"))
        archive.add(DesignRecord(identity(SEED), "another name", SEED))
        assert [each.score for each in archive.results("search")] == [1.0, 0.0, 1.0]
        assert archive.design(identity(SEED)).name == "seed"
        with pytest.raises(KeyError):
            archive.design("nothing")


def test_designs_are_found_by_name_or_the_beginning_of_their_id(folder: EvolutionFolder, tmp_path: Path) -> None:
    with EvolutionReader(folder.root) as reader:
        assert reader.find("child").id == identity(CHILD)
        assert reader.find(identity(SEED)[:6]).name == "seed"
        with pytest.raises(InputError, match="no design"):
            reader.find("zzz")
    assert is_evolution(folder.root)
    assert not is_evolution(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no evolution"):
        EvolutionReader(tmp_path / "nowhere")
