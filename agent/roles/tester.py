"""The tester: writes tests that reproduce the issue, and keeps those that fail on the base for its reason."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import prompts
from agent import scope
from agent.execution.evaluator import Evaluator, Target
from agent.model.errors import ContextTooLong, InvalidAnswer, Refused
from agent.model.types import Message
from agent.roles.answers import FailureJudgement
from agent.roles.episode import clip
from agent.roles.locator import Locator
from agent.roles.team import Team
from agent.roles.workbench import describe
from tools.edits import WholeFile, parse_edits
from tools.testing.commands import spoken
from tools.testing.twins import form_of, test_forms
from tools.testing.types import TestReport, TestRunner

ATTEMPTS = 3
ANGLES = (
    "",
    "another input or caller than the issue's own example, where the issue implies the same expectation",
    "the boundary of what the issue asks for: where the behaviour must change, and where it must stay",
)


@dataclass(frozen=True)
class Written:
    """A test file as the model wrote it."""

    path: str
    content: bytes
    answer: str


@dataclass(frozen=True)
class Reproduced:
    """The tests of the files that were kept: those that fail on the base, and those that pass there."""

    targets: tuple[Target, ...] = ()
    controls: tuple[Target, ...] = ()


async def reproduce(
    team: Team, evaluator: Evaluator, locator: Locator, runner: TestRunner, *, count: int
) -> Reproduced:
    """The tests of up to `count` files; fewer when a test cannot be made to fail for the right reason."""
    found = Reproduced()
    for number in range(1, count + 1):
        no_test = contextlib.suppress(ContextTooLong, InvalidAnswer, Refused)
        with scope.entered(f"reproduction-{number}"), no_test:
            more = await _reproduce_once(team, evaluator, locator, runner, number=number, earlier=found.targets)
            found = Reproduced((*found.targets, *more.targets), (*found.controls, *more.controls))
    return found


async def _reproduce_once(
    team: Team, evaluator: Evaluator, locator: Locator, runner: TestRunner, *, number: int, earlier: Sequence[Target]
) -> Reproduced:
    path = locator.new_test_path(number)
    turn = prompts.render(
        "tester",
        runner=spoken(runner),
        examples=locator.test_example(),
        code=locator.code(()),
        angle=ANGLES[(number - 1) % len(ANGLES)],
        path=path,
    )
    messages = list(team.opening(turn))
    for _ in range(ATTEMPTS):
        response = await team.complete("tester", tuple(messages))
        messages.append(Message("assistant", response.text))
        written = written_file(path, response.text)
        if written is None:
            if response.text.strip().upper().startswith("CANNOT"):
                return Reproduced()
            messages.append(Message("user", f"The answer has no block that begins with FILE: {path}"))
            continue
        report = await evaluator.run_on_base({path: written.content}, [path])
        verdict = _breaks(written, report)
        copies = {} if verdict else _copies(written, report, earlier)
        if copies and len(copies) == len(report.failed):
            messages.append(Message("user", prompts.render("tester_copy", copies=copies)))
            continue
        verdict = verdict or await _misses(team, written, report)
        if not verdict:
            files = {path: written.content}
            fresh = [Target(test, "reproduction", files) for test in report.failed if test not in copies]
            return Reproduced(tuple(fresh), tuple(Target(test, "control", files) for test in report.passed))
        messages.append(
            Message("user", prompts.render("tester_retry", verdict=verdict, output=clip(describe(report), 6000)))
        )
    return Reproduced()


def _breaks(written: Written, report: TestReport) -> str:
    """What keeps the run of a test from saying anything about the issue, or empty."""
    if not report.outcomes or (report.problem and not report.having("failed", "passed")):
        return "None of its tests was run: they cannot be loaded, or are not where tests are collected."
    if not report.failed:
        return "It passes there, so it does not reproduce the issue."
    if set(report.failed) <= {written.path} or report.problem.startswith("collection"):
        return "It breaks before it tests anything."
    return ""


def _copies(written: Written, report: TestReport, earlier: Sequence[Target]) -> dict[str, str]:
    """The failing tests that are, but for their names and layout, one that was written earlier -> that one."""
    known: dict[str, str] = {}
    for target in earlier:
        for path, content in target.files.items():
            known.setdefault(form_of(target.id, test_forms(path, content)), target.id)
    forms = test_forms(written.path, written.content)
    own = {test: form_of(test, forms) for test in report.failed}
    return {test: known[form] for test, form in own.items() if form in known}


async def _misses(team: Team, written: Written, report: TestReport) -> str:
    """Why a failure is not the issue's, or empty."""
    turn = prompts.render(
        "judge_failure", test=written.content.decode(errors="replace"), output=clip(describe(report), 6000)
    )
    judged = await team.ask("tester", turn, FailureJudgement)
    return "" if judged.for_the_reason else f"It fails, but not for the reason the issue gives: {judged.why}"


def written_file(path: str, answer: str) -> Written | None:
    """The test file of an answer; None when it has none of the right kind."""
    edits, _ = parse_edits(answer)
    for edit in edits:
        if isinstance(edit, WholeFile) and PurePosixPath(edit.path).suffix == PurePosixPath(path).suffix:
            return Written(path, edit.content.encode(), answer)
    return None
