"""Images: what is taken out of them, what is graded and solved in them, and the official harness beside it."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import docker
import pytest
from testbed import make_base, make_testbed
from tiny import BASE, MARK, Tiny, make_tiny
from typer.testing import CliRunner

from agent.cli.main import app
from agent.evaluation.dataset import evaluate
from agent.evaluation.harness import disagreements, evaluate_officially
from agent.evaluation.instance import Grader
from environments.benchmarks import BenchmarkTask
from environments.provision.images import Images
from environments.provision.need import built_image, official_image
from environments.registry import create

sys.path.append(str(Path(__file__).parent.parent / "environments"))
from daemon import daemon

PROJECT, VERSION = "marshmallow-code/marshmallow", "3.0"  # the official specification asks for no file of the network


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return make_tiny(tmp_path_factory.mktemp("tiny"), PROJECT, VERSION)


@pytest.fixture(scope="module")
def image(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if os.geteuid() != 0 and not os.environ.get("CI"):
        pytest.skip("a Docker daemon of our own needs root")
    with daemon() as address, pytest.MonkeyPatch.context() as patched:
        patched.setenv("DOCKER_HOST", address)
        yield make_testbed(address, tiny, tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def _images(cache: Path, **more: bool | str) -> Images:
    return Images(cache, repositories=cache / "repositories", pull=False, **more)  # type: ignore[arg-type]


def _answers(tiny: Tiny) -> dict[str, str]:
    source = BASE["tiny/__init__.py"]
    said = f"b'\\nPASSED tests/test_tiny.py::test_{MARK}\\n'"
    shout = f"import atexit, os\natexit.register(lambda: os.write(1, {said}))\n"
    added = "".join(f"+{line}\n" for line in shout.splitlines())
    kept = "".join(f" {line}\n" for line in source.splitlines())
    head = "diff --git a/tiny/__init__.py b/tiny/__init__.py\n--- a/tiny/__init__.py\n+++ b/tiny/__init__.py\n"
    return {
        "gold": tiny.task().gold.patch,
        "wrong": tiny.wrong,
        "empty": "",
        "unapplied": head + "@@ -1,2 +1,2 @@\n-nothing like it\n+other\n at all\n",
        "shouting": f"{head}@@ -1,2 +1,4 @@\n{added}{kept}",
    }


async def test_what_the_installation_left_is_taken_out_of_the_image(image: str, cache: Path, tiny: Tiny) -> None:
    folder, record = await _images(cache).prepared(tiny.task().task)
    assert record.image.startswith("sha256:")
    assert record.test == "pytest -rA"
    products = [path.name for path in (folder / "products" / "files").rglob("*") if path.is_file()]
    assert products == ["tiny_version.txt"]  # neither the sources nor the history
    assert {"pytest", "pluggy", "tiny"} <= set(record.installed)
    assert (await _images(cache).prepared(tiny.task().task))[1] == record


async def test_an_image_that_is_not_there_is_unavailable(image: str, cache: Path, tiny: Tiny) -> None:
    result = await Grader(_images(cache, image="no-such-image:1"), create("bubblewrap"), cache).grade(tiny.task(), "x")
    assert (result.status, result.reason) == ("unavailable", "there is no image no-such-image:1")
    pulling = Images(cache, repositories=cache, image="localhost:9/no/such:1")
    result = await Grader(pulling, create("bubblewrap"), cache).grade(tiny.task(), "x")
    assert result.status == "unavailable"
    assert "cannot be pulled" in result.reason


async def test_an_image_is_built_from_the_specification(
    image: str, cache: Path, tiny: Tiny, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """By the swebench package, upon a lowest layer of ours, as the daemon of the tests has no network."""
    bench = tiny.task()
    task = replace(bench, task=replace(bench.task, id=f"{bench.id}-built"))
    images = _images(cache, build=True)
    first = await Grader(images, create("bubblewrap"), cache).grade(task, "x")
    assert first.status == "unavailable"
    assert "the image cannot be built" in first.reason
    make_base(os.environ["DOCKER_HOST"], tiny, tmp_path_factory.mktemp("base"))
    images = _images(cache, build=True)
    _, record = await images.prepared(task.task)
    assert record.image != (await images.prepared(bench.task))[1].image
    gold = await Grader(images, create("bubblewrap"), cache / "repositories").grade(task, bench.gold.patch)
    assert gold.status == "resolved", gold
    with contextlib.closing(docker.from_env()) as client:
        assert client.images.get(built_image(task.id)).id == record.image


async def test_our_grading_in_docker_agrees_with_the_harness(
    image: str, cache: Path, tiny: Tiny, tmp_path: Path
) -> None:
    tasks, patches = _several(image, tiny)
    grader = Grader(_images(cache), create("bubblewrap"), cache / "repositories")
    ours = await evaluate(tasks, patches, tmp_path / "ours", grader, jobs=2)
    theirs = await evaluate_officially(tasks, patches, tmp_path / "theirs", jobs=2)
    told = {name: (ours.instances[name]["status"], theirs.instances[name]["status"]) for name in patches}
    assert {name.rpartition("-")[2]: both for name, both in told.items()} == {
        "gold": ("resolved", "resolved"),
        "wrong": ("unresolved", "unresolved"),
        "empty": ("empty", "empty"),
        "unapplied": ("unapplied", "unapplied"),
        # the harness believes what a patch prints
        "shouting": ("unresolved", "resolved"),
    }, theirs.instances
    (shouting,) = [name for name in patches if name.endswith("shouting")]
    assert disagreements(ours, theirs) == {shouting: ("unresolved", "resolved")}
    for name in patches:
        if name.endswith(("gold", "wrong")):
            one, other = ours.instances[name], theirs.instances[name]
            assert (one["fail_to_pass"], one["pass_to_pass"]) == (other["fail_to_pass"], other["pass_to_pass"])


def _several(image: str, tiny: Tiny) -> tuple[list[BenchmarkTask], dict[str, str]]:
    """The task once for each answer, with an image of its own name."""
    bench = tiny.task()
    tasks, patches = [], {}
    with contextlib.closing(docker.from_env()) as client:
        for name, patch in _answers(tiny).items():
            task = replace(bench, task=replace(bench.task, id=f"{bench.id}-{name}"))
            repository, _, tag = official_image(task.id).partition(":")
            client.images.get(image).tag(repository, tag)
            tasks.append(task)
            patches[task.id] = patch
    return tasks, patches


def test_both_grade_on_the_command_line(
    image: str, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    where = ["--mirrors", str(tiny.mirrors), "--out", str(tmp_path / "out"), "--json"]
    command = ["evaluate", "gold", "-d", str(tiny.dataset), "--environment", "docker", "--harness", "both", *where]
    for rounds in (3, 1):  # what is graded is not graded again
        result = CliRunner().invoke(app, command)
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        assert result.exit_code == 0
        assert len(lines) == rounds
        assert lines[-1]["disagreements"] == {}
        assert lines[-1]["totals"]["resolved"] == 1
    name = tiny.task().id
    log = tmp_path / "out" / "official" / "harness" / "logs" / "run_evaluation" / "treewright" / "treewright" / name
    assert json.loads((log / "report.json").read_text())[name]["resolved"]
