"""`treewright designs`: what a person can do with designs, built in and evolved."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from typer.testing import CliRunner
from worlds import World, start

from agent.cli.main import app
from agent.evolve.lineage import points
from agent.evolve.reader import EvolutionReader
from tools.errors import InputError


def said(*words: object, code: int = 0) -> str:
    """What the command prints."""
    done = CliRunner().invoke(app, ["designs", *map(str, words)])
    if isinstance(done.exception, InputError):
        raise done.exception
    assert done.exit_code == code, done.output + repr(done.exception)
    return done.output


@pytest.fixture(scope="module")
def evolution(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("evolution") / "out"
    start(root, World(), designs=10, evaluations=70)
    return root


def test_built_in_designs_are_listed_with_what_they_need() -> None:
    rows = {row["name"]: row for row in json.loads(said("list", "--json"))}
    assert rows["codetree"]["model"] is True
    assert rows["mechanical"]["model"] is False
    assert "DEPTH" in rows["mechanical"]["parameters"]
    assert "mechanical" in said("list")


def test_an_evolution_is_listed_the_best_first(evolution: Path) -> None:
    rows = json.loads(said("list", "--evolution", evolution, "--json"))
    lowers = [row["lower"] or 0.0 for row in rows]
    assert lowers == sorted(lowers, reverse=True)
    assert {"seed", "archived"} <= {row["standing"] for row in rows}
    assert rows[0]["name"] in said("list", "-e", evolution).splitlines()[0]


def test_a_design_is_shown_compared_and_exported(evolution: Path, tmp_path: Path) -> None:
    row = next(r for r in json.loads(said("list", "-e", evolution, "--json")) if r["standing"] == "archived")
    shown = json.loads(said("show", row["id"][:8], "-e", evolution, "--json"))
    assert shown["search"]["score"] == row["score"]
    assert shown["code"] in said("show", row["name"], "-e", evolution)
    assert "+++" in said("diff", "reach", row["name"], "-e", evolution)
    out = tmp_path / "mine.py"
    said("export", row["name"], "-e", evolution, "--out", out)
    assert out.read_text() == shown["code"]
    with pytest.raises(InputError, match="there already"):
        said("export", row["name"], "-e", evolution, "--out", out)
    with pytest.raises(InputError, match="no design"):
        said("show", "nobody", "-e", evolution)


def test_the_lineage_is_exported(evolution: Path, tmp_path: Path) -> None:
    data = json.loads(said("lineage", evolution, "--format", "json"))
    ids = {row["id"] for row in data["designs"]}
    assert {edge["parent"] for edge in data["edges"]} <= ids
    for row in data["designs"]:
        assert len(row["scores"]) == row["tasks"]
        assert row["score"] is None or row["score"] == sum(row["scores"].values()) / row["tasks"]
    out = tmp_path / "lineage.graphml"
    said("lineage", evolution, "--format", "graphml", "--out", out)
    root = ET.fromstring(out.read_text())
    space = {"g": "http://graphml.graphdrawing.org/xmlns"}
    assert len(root.findall(".//g:node", space)) == len(ids)
    assert len(root.findall(".//g:edge", space)) == len(data["edges"])
    lines = said("lineage", evolution).splitlines()
    assert len(lines) == len(ids)
    assert lines[0].startswith("reach ")
    assert lines[1].startswith("  ")


@pytest.mark.parametrize("name", ["fitness.png", "fitness.svg", "fitness.html"])
def test_fitness_is_drawn(evolution: Path, tmp_path: Path, name: str) -> None:
    said("plot", evolution, "--out", tmp_path / name)
    assert (tmp_path / name).stat().st_size > 5000
    with pytest.raises(InputError, match="no picture"):
        said("plot", evolution, "--out", tmp_path / "fitness.doc")


def test_a_plot_shows_descent_and_how_sure_it_is(evolution: Path) -> None:
    with EvolutionReader(evolution) as reader:
        shown = points(reader.scored())
    places = {(each.order, each.mean) for each in shown}
    assert all(each.low <= each.mean <= each.high for each in shown)
    assert [each.parent for each in shown if each.generation == 0] == [None]
    assert len({each.generation for each in shown}) > 2
    made = [each for each in shown if each.generation > 0]
    assert made
    assert all(each.parent in places and each.parent[0] < each.order for each in made)


def test_a_place_that_cannot_be_written_is_named(evolution: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for words in (
        ("export", "mechanical", "--out", tmp_path / "none" / "a.py"),
        ("lineage", evolution, "--out", tmp_path / "none" / "a.txt"),
        ("plot", evolution, "--out", tmp_path / "none" / "a.png"),
        ("new", "careful", "--out", tmp_path / "file"),
    ):
        with pytest.raises(InputError, match="cannot be"):
            said(*words)


def test_a_new_design_passes_the_check(tmp_path: Path) -> None:
    said("new", "careful", "--out", tmp_path)
    path = tmp_path / "careful.py"
    assert json.loads(said("check", path, "--json"))["ok"] is True
    with pytest.raises(InputError, match="there already"):
        said("new", "careful", "--out", tmp_path)
    with pytest.raises(InputError, match="cannot be"):
        said("new", "Not A Name", "--out", tmp_path)
    path.write_text(path.read_text().replace("SAMPLES = 3", "SAMPLES = 4"))
    assert "declared choices" in json.loads(said("check", path, "--json", code=2))["findings"][0]
    path.write_text('"""Reads files."""\nimport os\nasync def solve(kit): ...\n')
    assert "imports os" in json.loads(said("check", path, "--json", code=2))["findings"][0]
