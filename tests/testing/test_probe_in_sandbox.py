"""The probe where it is meant to run: mounted read-only beside a workspace, its report in a folder of its own."""

import sys
from pathlib import Path

from running_tests import FAST, write

from environments.base import Command, Limits, Mount
from environments.interpreters import find_python
from environments.registry import create
from tools.files import FolderFiles
from tools.testing.detect import detect
from tools.testing.types import TestReport

TESTS = """\
    import os
    import time
    from pathlib import Path

    import pytest
    from mod import double


    def test_passes():
        assert double(2) == 4

    def test_fails():
        assert double(2) == 5

    def test_hangs():
        time.sleep(60)

    def test_cannot_touch_the_probe():
        here = Path(os.environ["PROBE"])
        with pytest.raises(OSError):
            (here / "treewright_probe" / "recorder.py").write_text("")

    def test_ends():
        os._exit(0)

    def test_after():
        pass
    """


async def run_in_sandbox(root: Path, folder: Path) -> tuple[TestReport, str]:
    """As the agent layer does it."""
    python = find_python(sys.executable, root)
    runner = detect(FolderFiles(root), python=str(python.path))
    probe, reports = folder / "probe", folder / "reports"
    reports.mkdir()
    target, out = "/treewright/probe", "/treewright/reports"
    asked = runner.command(per_test_seconds=1, coverage=True, probe=target, report=f"{out}/report")
    write(probe, {name: content.decode() for name, content in asked.files.items()})
    mounts = [Mount(probe, target), Mount(reports, out, writable=True), *python.mounts]
    sandbox = await create("bubblewrap").open(root, mount="/workspace", mounts=mounts)
    try:
        env = {**asked.env, **FAST, "PROBE": target}
        result = await sandbox.run(Command(asked.argv, asked.cwd, env, asked.stdin, Limits(seconds=60)))
    finally:
        await sandbox.close()
    return runner.parse((reports / "report").read_bytes(), result.output, result.exit_code), result.stopped


async def test_a_run_in_bubblewrap(tmp_path: Path) -> None:
    root = write(tmp_path / "work", {"mod.py": "def double(x):\n    return x * 2\n", "test_mod.py": TESTS})
    folder = tmp_path / "beside"
    folder.mkdir()
    report, stopped = await run_in_sandbox(root, folder)
    assert stopped == ""
    assert [outcome.status for outcome in report.outcomes.values()] == [
        "passed",
        "failed",
        "timeout",
        "passed",
        "error",
        "missing",
    ]
    assert report.problem == "crashed: exit code 0, test_mod.py::test_ends"
    assert report.coverage["test_mod.py::test_passes"]["mod.py"] == {2}
    assert sorted(path.name for path in root.iterdir()) == ["mod.py", "test_mod.py"]
