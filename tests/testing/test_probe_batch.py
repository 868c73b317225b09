"""Many versions of a file under the same tests in one process: each as if it ran alone, and nothing stays."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from running_tests import CLEAN, FAST, run, write

from tools.files import FolderFiles
from tools.testing.detect import detect
from tools.testing.runners.probed import ProbeRunner
from tools.testing.types import TestReport

GOOD = b"def double(x):\n    return x * 2\n"
BAD = b"def double(x):\n    return x + 3\n"
VERSIONS = {
    "good": GOOD,
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
    root: Path, runner: ProbeRunner, versions: Sequence[Mapping[str, bytes]], tests: Sequence[str], folder: Path
) -> list[TestReport]:
    reports = [folder / f"report-{number}" for number in range(len(versions))]
    command = runner.batch(
        versions, tests, per_test_seconds=1, seconds=20, probe=str(folder), reports=[str(path) for path in reports]
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
    assert statuses["other"] == ("failed", "passed")
    assert statuses["endless"] == ("timeout", "timeout")
    assert all("passed" not in statuses[name] for name in ("raises", "gone", "killed", "unreadable"))
    assert all(reports[name].problem for name in ("gone", "killed", "unreadable"))
    for name in ("good", "other", "raises"):
        source.write_bytes(VERSIONS[name])
        alone = run(root, ids, runner=runner)
        assert {test: alone.status(test) for test in ids} == dict(zip(ids, statuses[name], strict=True))
