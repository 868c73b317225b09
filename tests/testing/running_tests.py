"""Runs a TestCommand on a project on disk, the way the agent layer does in a sandbox."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import dedent

from tools.files import FolderFiles
from tools.testing.detect import detect
from tools.testing.types import TestReport, TestRunner

FAST = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # this repository's own plugins take a second to import
CLEAN = ("PATH", "HOME", "LANG", "TMPDIR", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN")


def write(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    return root


def run(
    root: Path,
    tests: Sequence[str] = (),
    *,
    runner: TestRunner | None = None,
    command: str | None = None,
    python: str = sys.executable,
    seconds: float = 20,
    coverage: bool = False,
    env: Mapping[str, str] | None = None,
) -> TestReport:
    runner = runner or detect(FolderFiles(root), command=command, python=python)
    with tempfile.TemporaryDirectory() as folder:
        probe, report = Path(folder) / "probe", Path(folder) / "report" / "report"
        report.parent.mkdir()
        asked = runner.command(tests, per_test_seconds=seconds, coverage=coverage, probe=str(probe), report=str(report))
        for name, content in asked.files.items():
            path = probe / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        clean = {name: value for name, value in os.environ.items() if name in CLEAN}
        done = subprocess.run(
            asked.argv,
            cwd=root / asked.cwd,
            input=asked.stdin,
            env={**clean, **asked.env, **(FAST if env is None else env)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=120,
            check=False,
        )
        code = done.returncode if done.returncode >= 0 else 128 - done.returncode
        content = report.read_bytes() if report.exists() else b""
        return runner.parse(content, done.stdout.decode("utf-8", "replace"), code, tests=tests)
