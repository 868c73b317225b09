"""Tasks of one's own, graded: those that come with hidden tests but with no benchmark's environment."""

from __future__ import annotations

from agent.evaluation.instance import InstanceResult
from agent.evaluation.single import Request, evaluate_one
from environments.base import Environment
from environments.benchmarks import BenchmarkTask
from tools.errors import InfrastructureError, InputError


async def grade_own(
    task: BenchmarkTask, patch: str, sandbox: Environment, *, run_empty: bool = False
) -> InstanceResult:
    """Grades a patch where `python` and `setup` of its task put it.

    Whatever goes wrong with the machine becomes a status of its own, as for an instance of a benchmark.
    """
    if not patch.strip() and not run_empty:
        return InstanceResult("empty", "there is no patch")
    asked, gold = task.task, task.gold
    tests = (*gold.fail_to_pass, *gold.pass_to_pass)
    if not tests:
        return InstanceResult("unavailable", "the task has no tests that grade it")
    request = Request(
        asked.repository, asked.base, patch, gold.test_patch, tests, asked.setup, test=asked.test, python=asked.python
    )
    try:
        verdict = await evaluate_one(request, sandbox)
    except (InfrastructureError, InputError) as error:
        return InstanceResult("error", str(error))
    return InstanceResult(
        verdict.status,
        verdict.reason,
        {test: verdict.tests.get(test, "missing") for test in gold.fail_to_pass},
        {test: verdict.tests.get(test, "missing") for test in gold.pass_to_pass},
        left_out=verdict.left_out,
        fuzzy=verdict.fuzzy,
        environment=sandbox.name,
        seconds=round(verdict.seconds, 1),
    )
