"""Environments built for real, offline, in bubblewrap; and what is graded and solved in them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tiny import BASE, MARK, TABLES, Tiny, make_tiny, make_wheel

from agent.evaluation.dataset import evaluate
from agent.evaluation.instance import Grader, InstanceResult
from environments.base import Command
from environments.benchmarks import Choice, load
from environments.provision.native import Native
from environments.provision.need import Need
from environments.provision.prepared import list_prepared, prune, size_of
from environments.registry import create
from tools.errors import InputError


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return make_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def cache(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The shared cache, with an installer that has an index of files only."""
    folder = tmp_path_factory.mktemp("cache")
    wheels = folder / ".uv" / "wheels"
    wheels.parent.mkdir()
    tiny.wheels.rename(wheels)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("UV_NO_INDEX", "1")
        patched.setenv("UV_FIND_LINKS", str(wheels))
        yield folder


def _native(cache: Path) -> Native:
    return Native(cache, repositories=cache / "repositories", sandbox=create("bubblewrap"), more=TABLES)


async def _prepared(native: Native, tiny: Tiny) -> Path:
    folder, _ = await native.prepared(tiny.task().task)
    return folder


def _grader(cache: Path, **more: bool) -> Grader:
    return Grader(_native(cache), create("bubblewrap"), cache / "repositories", **more)


async def test_an_environment_is_built_once(cache: Path, tiny: Tiny) -> None:
    folder = await _prepared(_native(cache), tiny)
    log = (folder / "build.log").stat().st_mtime_ns
    assert await _prepared(_native(cache), tiny) == folder
    assert (folder / "build.log").stat().st_mtime_ns == log
    assert len(list((folder / "workspaces").iterdir())) == 1  # the first task need not write all files
    ((_, record),) = list_prepared(cache)
    assert record.mount == "/testbed"
    assert (folder / "products" / "files" / "tiny_version.txt").read_text() == "1.0"
    assert size_of(folder) > 100_000
    assert not (folder / "tree").exists()


async def test_the_machines_own_packages_are_not_seen(cache: Path, tiny: Tiny, tmp_path: Path) -> None:
    folder = await _prepared(_native(cache), tiny)
    ((_, record),) = list_prepared(cache)
    (tmp_path / "w").mkdir()
    sandbox = await create("bubblewrap").open(
        tmp_path / "w", mount=record.mount, mounts=record.all_mounts(folder / "empty")
    )
    told = await sandbox.run(Command.shell("; ".join(f"ls {path}" for path in record.hidden)))
    assert record.hidden
    assert told.output.strip() == ""
    assert told.exit_code == 0


async def test_the_version_is_told_as_an_archive_would(cache: Path, tiny: Tiny) -> None:
    folder = await _prepared(_native(cache), tiny)
    assert (folder / "products" / "files" / "tiny_refs.txt").read_text() == 'refs = " (tag: v0.0)"\n'
    assert not (folder / "products" / "files" / "tiny" / "_version.py").exists()


async def test_a_later_release_of_the_project_is_out_of_reach(cache: Path, tiny: Tiny, tmp_path: Path) -> None:
    """Neither as a dependency's dependency nor as a copy that a package carries."""
    wheels = cache / ".uv" / "wheels"
    make_wheel(wheels, "flask", {"flask/__init__.py": "fixed = True\n"})
    make_wheel(wheels, "carrier", {"carrier/_vendor/flask/__init__.py": "fixed = True\n", "carrier/__init__.py": ""})

    def native(*packages: str) -> Native:
        tables = {**TABLES, "pallets/flask": {**TABLES["pallets/flask"], "packages": ["pytest", *packages]}}
        return Native(cache, repositories=cache, sandbox=create("bubblewrap"), more=tables)

    with pytest.raises(InputError, match="a release of the project itself"):
        await native("flask").prepared(tiny.task().task)
    folder, record = await native("carrier").prepared(tiny.task().task)
    (tmp_path / "w").mkdir()
    sandbox = await create("bubblewrap").open(
        tmp_path / "w", mount=record.mount, mounts=record.all_mounts(folder / "empty")
    )
    code = "import carrier, os; print(os.listdir(os.path.join(os.path.dirname(carrier.__file__), '_vendor', 'flask')))"
    result = await sandbox.run(Command((record.python, "-c", code)))
    assert result.output.strip() == "[]"


async def test_what_cannot_be_built_is_unavailable(cache: Path, tiny: Tiny) -> None:
    broken = {**TABLES, "pallets/flask": {**TABLES["pallets/flask"], "packages": ["no-such-package-anywhere"]}}
    native = Native(cache, repositories=cache, sandbox=create("bubblewrap"), more=broken)
    result = await Grader(native, create("bubblewrap"), cache).grade(tiny.task(), tiny.task().gold.patch)
    assert result.status == "unavailable"
    assert "no-such-package-anywhere" in result.reason
    unknown = replace(tiny.task().task, environment="benchmark:nobody/nothing@1")
    with pytest.raises(InputError, match="no specification of nobody/nothing 1"):
        await native.prepared(unknown)


async def test_predictions_are_graded_once_and_resumed(cache: Path, tiny: Tiny, tmp_path: Path) -> None:
    task = tiny.task()
    told: list[tuple[str, InstanceResult]] = []

    async def graded(patch: str, **more: bool) -> InstanceResult:
        told.clear()
        await evaluate([task], {task.id: patch}, tmp_path, _grader(cache, **more), tell=lambda *each: told.append(each))
        return told[0][1] if told else InstanceResult("known")

    gold = await graded(task.gold.patch)
    assert (gold.status, dict(gold.fail_to_pass)) == ("resolved", {f"tests/test_tiny.py::test_{MARK}": "PASSED"})
    assert (await graded(task.gold.patch)).status == "known"
    assert (await graded("")).status == "empty"
    empty = await graded("", run_empty=True)
    assert empty.status == "known"  # an empty patch is an answer
    assert (await graded(tiny.wrong)).status == "unresolved"
    assert (await graded("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n")).status == "unapplied"
    data = json.loads((tmp_path / "evaluation.json").read_text())
    assert data["instances"][task.id]["status"] == "unapplied"
    assert data["totals"]["graded"] == 1


async def test_what_fails_without_the_patch_too_says_nothing_about_it(cache: Path, tiny: Tiny) -> None:
    bench = tiny.task()
    machine, kind = "tests/test_tiny.py::test_machine", "tests/test_tiny.py::test_type"
    task = replace(bench, gold=replace(bench.gold, pass_to_pass=(machine, kind)))
    gold = await _grader(cache).grade(task, bench.gold.patch)
    assert (gold.status, gold.not_here) == ("resolved", (machine,))
    assert gold.pass_to_pass == {machine: "NOT HERE", kind: "PASSED"}
    breaking = bench.gold.patch.replace(f"+    return number * {MARK}", f"+    return float(number * {MARK})")
    broken = await _grader(cache).grade(task, breaking)
    assert (broken.status, broken.not_here) == ("unresolved", (machine,))
    assert broken.reason.startswith(f"1 of 2 PASS_TO_PASS did not pass: {kind} FAILED")


async def test_a_mirror_without_its_large_files_will_do(cache: Path, tiny: Tiny, tmp_path: Path) -> None:
    whole, partial = tiny.mirrors / "pallets__flask.git", tmp_path / "pallets__flask.git"
    subprocess.run(["git", "-C", whole, "config", "uploadpack.allowFilter", "true"], check=True)
    clone = ["git", "clone", "-q", "--mirror", "--filter=blob:limit=2k", f"file://{whole}", partial]
    subprocess.run(clone, check=True)
    (task,) = load(tiny.dataset, mirrors=tmp_path)
    result = await _grader(cache).grade(task, task.gold.patch)
    assert (result.status, result.missing) == ("resolved", ("tiny/data/table.dat",))


async def test_an_empty_patch_fails_when_its_tests_are_run(cache: Path, tiny: Tiny) -> None:
    result = await _grader(cache, run_empty=True).grade(tiny.task(), "")
    assert result.status == "unresolved"
    assert result.fail_to_pass[f"tests/test_tiny.py::test_{MARK}"] == "FAILED"
    assert result.pass_to_pass["tests/test_tiny.py::test_type"] == "PASSED"


async def test_a_log_that_says_passed_proves_nothing(cache: Path, tiny: Tiny) -> None:
    said = f"import sys\nsys.stdout.write('\\nPASSED tests/test_tiny.py::test_{MARK}\\n')\n"
    prints = (
        "import atexit, os\n"
        + f"atexit.register(lambda: os.write(1, b'\\nPASSED tests/test_tiny.py::test_{MARK}\\n'))\n"
    )
    for code in (said, prints):
        lines = (code + BASE["tiny/__init__.py"]).splitlines()
        added = "".join(f"+{line}\n" for line in code.splitlines())
        context = "".join(f" {line}\n" for line in BASE["tiny/__init__.py"].splitlines())
        head = f"@@ -1,2 +1,{len(lines)} @@\n"
        patch = "diff --git a/tiny/__init__.py b/tiny/__init__.py\n--- a/tiny/__init__.py\n+++ b/tiny/__init__.py\n"
        result = await _grader(cache).grade(tiny.task(), patch + head + added + context)
        assert result.status == "unresolved", result


def test_pruning(tmp_path: Path) -> None:
    (tmp_path / "half").mkdir()
    (tmp_path / ".uv").mkdir()
    with pytest.raises(InputError, match="no environment is called x"):
        prune(tmp_path, names=("x",))
    assert prune(tmp_path) == ["half"]
    assert (tmp_path / ".uv").exists()
    prune(tmp_path, everything=True)
    assert not (tmp_path / ".uv").exists()


def test_the_task_says_what_it_needs(tiny: Tiny) -> None:
    (task,) = load(tiny.dataset, mirrors=tiny.mirrors, choice=Choice(part=":1"))
    need = Need.parse(task.task.environment)
    assert (need.project, need.version) == ("pallets/flask", "0.0")
    assert str(need) == task.task.environment
    with pytest.raises(InputError, match="names no environment"):
        Need.parse("flask")
