"""The distinguisher: writes a test on which finalists differ, as S* (Li et al., 2025) and CodeMonkeys (2025) do.

The author sees the patches, decides from the issue what is right where they differ, and the test is run. It is kept
only when it passes on one finalist and fails on another; what it says is weighed like that of any other test.
"""

from __future__ import annotations

from collections.abc import Sequence

import prompts
from agent.execution.evaluator import Evaluator, Target
from agent.model.types import Message
from agent.roles.episode import clip
from agent.roles.locator import Locator
from agent.roles.team import Team
from agent.roles.tester import Written, written_file
from agent.roles.workbench import describe, results
from agent.work import Work
from tools.testing.commands import spoken
from tools.testing.types import TestReport, TestRunner

ATTEMPTS = 2
NUMBERS = 900
"""Its files are numbered from here on, beside those of the tester."""


async def tell_apart(
    team: Team,
    evaluator: Evaluator,
    locator: Locator,
    runner: TestRunner,
    *,
    finalists: Sequence[Work],
    patches: Sequence[str],
    number: int,
) -> tuple[Target, ...]:
    """Tests that pass on one finalist and fail on another; none when the author sees no difference or cannot show it.

    Args:
        team: puts the question.
        evaluator: runs the test on the finalists.
        locator: knows where a test belongs.
        runner: of the repository's tests.
        finalists: evaluated candidates, at least two.
        patches: the diff of each.
        number: of the test file.
    """
    path = locator.new_test_path(NUMBERS + number)
    candidates = [{"patch": patch, "results": results(work)} for patch, work in zip(patches, finalists, strict=True)]
    turn = prompts.render(
        "distinguisher", candidates=candidates, runner=spoken(runner), examples=locator.test_example(), path=path
    )
    messages = list(team.opening(turn))
    for _ in range(ATTEMPTS):
        response = await team.complete("distinguisher", tuple(messages))
        messages.append(Message("assistant", response.text))
        written = written_file(path, response.text)
        if written is None:
            if response.text.strip().upper().startswith("SAME"):
                return ()
            messages.append(Message("user", f"The answer has no block that begins with FILE: {path}"))
            continue
        reports = [await evaluator.run_with(work.snapshot, {path: written.content}, [path]) for work in finalists]
        found = _differing(written, reports)
        if found:
            return found
        messages.append(Message("user", _again(reports)))
    return ()


def _differing(written: Written, reports: Sequence[TestReport]) -> tuple[Target, ...]:
    """The tests of the file that some finalist passes and another, having run them, fails."""
    tests = sorted({test for report in reports for test in report.outcomes if test != written.path})
    found = []
    for test in tests:
        statuses = [report.status(test) for report in reports]
        if "passed" in statuses and any(status in ("failed", "error", "timeout") for status in statuses):
            found.append(Target(test, "distinguishing", {written.path: written.content}))
    return tuple(found)


def _again(reports: Sequence[TestReport]) -> str:
    if all(report.passed and not report.failed for report in reports):
        verdict = "It passes on all of them."
    elif not any(report.passed for report in reports):
        verdict = "It passes on none of them."
    else:
        verdict = "Each of its tests ends alike on all of them."
    return prompts.render("distinguisher_retry", verdict=verdict, output=clip(describe(reports[0]), 4000))
