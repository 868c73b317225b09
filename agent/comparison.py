"""Comparing a repaired release with the release that fixed the bug, by the tests of the latter."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

from agent.delivery import apply_patch
from agent.execution.testbench import place_probe
from environments.base import Command, Environment, Limits, Mount
from environments.cases import PreparedCase
from environments.interpreters import find_python
from tools.files import FolderFiles
from tools.testing.detect import detect
from tools.testing.types import MAX_REPORT_BYTES, TestReport

SECONDS = 120.0


@dataclass(frozen=True)
class Comparison:
    """How the tests of the fixed release end on both.

    Attributes:
        same: how many end alike.
        differing: those that do not.
    """

    same: int
    differing: tuple[str, ...]


async def compare(prepared: PreparedCase, patch: str, environment: Environment, scratch: Path) -> Comparison:
    """Runs the fixed release's tests on the buggy release with `patch`, and on the fixed release itself."""
    repaired = await asyncio.to_thread(_copy, prepared.repository, scratch / "repaired")
    await asyncio.to_thread(apply_patch, repaired, patch)
    fixed = await asyncio.to_thread(_copy, prepared.fixed_source, scratch / "fixed-release")
    for path in prepared.case.drop:  # settings that need plug-ins which the environment lacks
        (fixed / path).unlink(missing_ok=True)
    ours = await _run(prepared, repaired, environment, scratch)
    theirs = await _run(prepared, fixed, environment, scratch)
    tests = sorted({*ours.outcomes, *theirs.outcomes})
    differing = tuple(test for test in tests if ours.status(test) != theirs.status(test))
    return Comparison(len(tests) - len(differing), differing)


def _copy(source: Path, target: Path) -> Path:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    return target


async def _run(prepared: PreparedCase, folder: Path, environment: Environment, scratch: Path) -> TestReport:
    """The case's tests in `folder`, seen at the repository's path, which its interpreter imports from."""
    interpreter = await asyncio.to_thread(find_python, prepared.python, prepared.repository)
    runner = detect(FolderFiles(folder), python=str(interpreter.path))
    probe, report = scratch / "probe", scratch / "report"
    place_probe(runner, probe)
    report.mkdir(exist_ok=True)
    written = report / f"{folder.name}.jsonl"
    written.unlink(missing_ok=True)
    mounts = [Mount(probe, str(probe)), Mount(report, str(report), writable=True), *interpreter.mounts]
    tests = tuple(root for root in prepared.case.test_roots if (folder / root).exists())
    command = runner.command(tests, per_test_seconds=30, coverage=False, probe=str(probe), report=str(written))
    sandbox = await environment.open(folder, mount=str(prepared.repository), mounts=mounts)
    try:
        wanted = Command(command.argv, command.cwd, dict(command.env), command.stdin, Limits(seconds=SECONDS))
        result = await sandbox.run(wanted)
    finally:
        await sandbox.close()
    data = written.read_bytes()[:MAX_REPORT_BYTES] if written.is_file() and not written.is_symlink() else b""
    return runner.parse(data, result.output, result.exit_code, tests=tests)
