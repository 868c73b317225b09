"""Many versions of a file under the same tests in one process: each as if it ran alone, and nothing stays."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from running_tests import CLEAN, FAST, run, write

from tools.files import FolderFiles
from tools.mechanical.hot import hot_function
from tools.mechanical.mutation import Mutation, apply
from tools.mechanical.source import Source
from tools.testing.detect import detect
from tools.testing.probe.batch import WORTH_COMPILING
from tools.testing.runners.probed import HotFunction, ProbeRunner
from tools.testing.types import TestReport

GOOD = b"def double(x):\n    return x * 2\n"
BAD = b"def double(x):\n    return x + 3\n"
VERSIONS = {
    "good": GOOD,
    "of equal size": b"def double(x):\n    return x * 4\n",
    "other": b"def double(x):\n    return x ** 2\n",
    "raises": b"def double(x):\n    raise ValueError(x)\n",
    "endless": b"def double(x):\n    while True: pass\n",
    "gone": b"import os\ndef double(x):\n    os._exit(3)\n",
    "killed": b"import os, signal\ndef double(x):\n    os.kill(os.getpid(), signal.SIGKILL)\n",
    "unreadable": b"def double(x:\n",
    "again": GOOD,
}
PYTEST = """
from thing import double

def test_six():
    assert double(3) == 6

def test_zero():
    assert double(0) == 0
"""
UNITTEST = """
import unittest
from thing import double

class DoubleTest(unittest.TestCase):
    def test_six(self):
        self.assertEqual(double(3), 6)

    def test_zero(self):
        self.assertEqual(double(0), 0)
"""


def run_batch(
    root: Path,
    runner: ProbeRunner,
    versions: Sequence[Mapping[str, bytes]],
    tests: Sequence[str],
    folder: Path,
    hot: Sequence[HotFunction | None] = (),
) -> list[TestReport]:
    reports = [folder / f"report-{number}" for number in range(len(versions))]
    command = runner.batch(
        versions,
        tests,
        per_test_seconds=1,
        seconds=20,
        probe=str(folder),
        reports=[str(path) for path in reports],
        hot=hot,
    )
    write(folder, {name: content.decode() for name, content in command.files.items()})
    clean = {name: value for name, value in os.environ.items() if name in CLEAN}
    done = subprocess.run(
        command.argv,
        cwd=root / command.cwd,
        input=command.stdin,
        env={**clean, **command.env, **FAST},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = []
    for path in reports:
        code = int(path.with_name(path.name + ".exit").read_bytes())
        content = path.read_bytes() if path.exists() else b""
        found.append(runner.parse(content, "", code, tests=tests))
    return found


@pytest.mark.parametrize(
    ("test_text", "ids"),
    [
        (PYTEST, ("tests/test_thing.py::test_six", "tests/test_thing.py::test_zero")),
        (UNITTEST, ("tests.test_thing.DoubleTest.test_six", "tests.test_thing.DoubleTest.test_zero")),
    ],
    ids=["pytest", "unittest"],
)
def test_each_version_fares_as_if_it_ran_alone(tmp_path: Path, test_text: str, ids: tuple[str, str]) -> None:
    root = write(tmp_path / "root", {"tests/__init__.py": "", "tests/test_thing.py": test_text})
    source = root / "thing.py"
    source.write_bytes(BAD)
    os.utime(source, ns=(1_000_000_000, 1_000_000_000))
    runner = detect(FolderFiles(root), python=sys.executable)
    assert isinstance(runner, ProbeRunner)
    versions = [{"thing.py": content} for content in VERSIONS.values()]
    reports = dict(zip(VERSIONS, run_batch(root, runner, versions, ids, tmp_path / "probe"), strict=True))
    assert source.read_bytes() == BAD
    assert source.stat().st_mtime_ns == 1_000_000_000
    statuses = {name: tuple(report.status(test) for test in ids) for name, report in reports.items()}
    assert statuses["good"] == statuses["again"] == ("passed", "passed")
    assert statuses["of equal size"] == statuses["other"] == ("failed", "passed")
    assert [path.name for path in root.rglob("*.pyc")] == []
    assert statuses["endless"] == ("timeout", "timeout")
    assert all("passed" not in statuses[name] for name in ("raises", "gone", "killed", "unreadable"))
    assert all(reports[name].problem for name in ("gone", "killed", "unreadable"))
    for name in ("good", "other", "raises"):
        source.write_bytes(VERSIONS[name])
        alone = run(root, ids, runner=runner)
        assert {test: alone.status(test) for test in ids} == dict(zip(ids, statuses[name], strict=True))


HOT_SOURCE = b"""from __future__ import annotations
import functools

FIRST = 3


def early(x):
    return x + 1


SECOND = early(FIRST)


class Thing:
    @functools.lru_cache(None)
    def __half(self, x):
        def inner():
            return x + self.offset()
        return inner() / 2

    def half(self, x):
        return self.__half(x)

    def offset(self):
        return super().__hash__() * 0


if FIRST:
    def later(x: int, y=1):
        return x - y
"""
HOT_TEST = """
import os
import thing

open(os.environ["COLLECTED"], "a").write("x")

def test_half():
    assert thing.Thing().half(3) == 2

def test_early():
    assert thing.SECOND == 5

def test_later():
    assert thing.later(3) == 4
"""
HOT_UNITTEST = """
import os
import unittest

import thing

open(os.environ["COLLECTED"], "a").write("x")


class ThingTest(unittest.TestCase):
    def test_half(self):
        self.assertEqual(thing.Thing().half(3), 2)

    def test_early(self):
        self.assertEqual(thing.SECOND, 5)

    def test_later(self):
        self.assertEqual(thing.later(3), 4)
"""
HOT_EDITS = {
    "method": (b"inner() / 2", b"inner() // 2 + 1", ("passed", "failed", "failed"), True),
    "inner": (b"x + self.offset()", b"x + 1 + self.offset()", ("passed", "failed", "failed"), True),
    "under a condition": (b"x - y", b"x + y", ("failed", "failed", "passed"), True),
    "early": (b"x + 1\n", b"x + 2\n", ("failed", "passed", "failed"), False),
    "header": (b"y=1", b"y=-1", ("failed", "failed", "passed"), False),
    "module": (b"FIRST = 3", b"FIRST = 4", ("failed", "passed", "failed"), False),
    "new free name": (b"return x + self", b"return x + 1 + FIRST * 0 + self", ("passed", "failed", "failed"), True),
    "free name less": (b"super().__hash__() * 0", b"1 / 0", ("failed", "failed", "failed"), False),
}


@pytest.mark.parametrize(
    ("test_text", "prefix"),
    [(HOT_TEST, "tests/test_thing.py::test_"), (HOT_UNITTEST, "tests.test_thing.ThingTest.test_")],
    ids=["pytest", "unittest"],
)
def test_edits_of_function_bodies_are_made_in_memory_and_end_as_edits_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, test_text: str, prefix: str
) -> None:
    root = write(tmp_path / "root", {"tests/__init__.py": "", "tests/test_thing.py": test_text})
    (root / "thing.py").write_bytes(HOT_SOURCE)
    runner = detect(FolderFiles(root), python=sys.executable)
    assert isinstance(runner, ProbeRunner)
    source = Source("thing.py", HOT_SOURCE)
    collected = tmp_path / "collected"
    monkeypatch.setitem(FAST, "COLLECTED", str(collected))
    ids = [f"{prefix}{name}" for name in ("half", "early", "later")]
    versions, hot = [], []
    for old, new, _, _ in HOT_EDITS.values():
        start = HOT_SOURCE.index(old)
        mutation = Mutation("thing.py", start, start + len(old), new, "by hand", 1, 1.0, 1.0)
        versions.append({"thing.py": apply(HOT_SOURCE, mutation)})
        hot.append(hot_function(source, mutation))
    reports = run_batch(root, runner, versions, ids, tmp_path / "probe", hot)
    for (name, (_, _, wanted, _)), report in zip(HOT_EDITS.items(), reports, strict=True):
        assert tuple(report.status(test).replace("error", "failed") for test in ids) == wanted, name
    slow = sum(not in_memory for *_, in_memory in HOT_EDITS.values())
    assert len(collected.read_text()) == 1 + slow + (slow >= WORTH_COMPILING)
    assert [function is not None for function in hot] == [name not in ("header", "module") for name in HOT_EDITS]
