"""Grading a solution by hidden tests, in a fresh workspace, with the count kept on this side."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from environments.base import MIB, Command, CommandResult, Environment, Limits, Mount
from environments.functions.problems import MODULE, Problem
from environments.functions.repository import materialise
from environments.interpreters import find_python
from tools.errors import InputError
from tools.snapshots.command import GitFailed, run_git

INSIDE = Path(__file__).with_name("inside")
STARTING_SECONDS = 20.0
MOST_SECONDS = 300.0


@dataclass(frozen=True)
class Grade:
    """What the hidden tests say.

    Attributes:
        passed: there are hidden tests and all of them pass.
        results: for each hidden test, in order, "" when it passed, else what went wrong.
        problem: why there is no full count, or "".
    """

    passed: bool
    results: tuple[str, ...] = ()
    problem: str = ""

    @property
    def right(self) -> int:
        """How many tests passed."""
        return self.results.count("")


async def grade_patch(problem: Problem, patch: str, environment: Environment, *, python: str = "") -> Grade:
    """The grade of a patch to the problem's repository.

    Raises:
        InputError: the problem has no hidden tests.
        InfrastructureError: the sandbox cannot be had.
    """
    with tempfile.TemporaryDirectory(prefix="treewright-grade-") as scratch:
        workspace = await asyncio.to_thread(_fresh, problem, Path(scratch))
        try:
            if patch.strip():
                options = ("--whitespace=nowarn", "--exclude=.git")
                await asyncio.to_thread(run_git, "apply", *options, "-", folder=workspace, stdin=patch.encode())
        except GitFailed as error:
            return Grade(False, problem=f"the patch does not apply: {error}")
        return await _grade(problem, workspace, environment, python)


async def grade_source(problem: Problem, source: str, environment: Environment, *, python: str = "") -> Grade:
    """The grade of a whole module or program."""
    with tempfile.TemporaryDirectory(prefix="treewright-grade-") as scratch:
        workspace = await asyncio.to_thread(_fresh, problem, Path(scratch))
        (workspace / f"{MODULE}.py").write_text(source, encoding="utf-8", errors="surrogatepass")
        return await _grade(problem, workspace, environment, python)


def _fresh(problem: Problem, scratch: Path) -> Path:
    made = materialise(problem.statement, scratch / "made")
    shutil.rmtree(made / ".git")
    return made


async def _grade(problem: Problem, workspace: Path, environment: Environment, python: str) -> Grade:
    hidden, statement = problem.hidden, problem.statement
    if not hidden.count:
        raise InputError(f"{statement.id} has no hidden tests", hint="use a file with the tests, not one of samples")
    interpreter = await asyncio.to_thread(find_python, python or None, workspace)
    nonce = secrets.token_hex(16)
    payload = _payload(problem) | {"nonce": nonce}
    seconds = min(MOST_SECONDS, STARTING_SECONDS + statement.seconds * hidden.count)
    sandbox = await environment.open(
        workspace, mount=str(workspace), mounts=(Mount(INSIDE, str(INSIDE)), *interpreter.mounts)
    )
    try:
        result = await sandbox.run(
            Command(
                (str(interpreter.path), "-I", str(INSIDE / "judge.py")),
                env={"PYTHONDONTWRITEBYTECODE": "1"},
                stdin=json.dumps(payload).encode("ascii"),
                limits=Limits(seconds=seconds, memory=1024 * MIB, processes=64, disk=64 * MIB),
            )
        )
    finally:
        await sandbox.close()
    return _verdict(result, nonce, hidden.count)


def _payload(problem: Problem) -> dict[str, Any]:
    hidden, statement = problem.hidden, problem.statement
    prelude = f"{statement.prompt}\n    pass\n" if statement.kind == "function" else ""
    return {
        "module": MODULE,
        "entry_point": statement.entry_point,
        "prelude": prelude,
        "setup": hidden.setup,
        "tests": hidden.tests,
        "inputs": hidden.inputs,
        "reference": hidden.reference,
        "tolerance": hidden.tolerance,
        "runs": [(run.given, run.expected) for run in hidden.runs],
        "seconds": statement.seconds,
    }


def _verdict(result: CommandResult, nonce: str, count: int) -> Grade:
    """The judge's line; whatever else was printed does not count, and no line means not passed."""
    lines = [line[len(nonce) :] for line in result.output.splitlines() if line.startswith(nonce)]
    if len(lines) != 1:
        why = f"stopped at the {result.stopped} limit" if result.stopped else f"exit code {result.exit_code}"
        return Grade(False, problem=f"no verdict: {why}")
    verdict = json.loads(lines[0])
    results = tuple(str(each) for each in verdict.get("results", ()))
    problem = str(verdict.get("problem", ""))
    return Grade(not problem and len(results) == count and not any(results), results, problem)
