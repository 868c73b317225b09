"""The official rules of SWE-bench, with the evidence checked: its log parsers and the signed report agree.

A log is text that a patch can print. So a test counts as passed only when the official parser of the project reads so
in the log, and the same parser reads so in a log that is written here, from the signed report.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from environments.benchmarks.model import BenchmarkTask
from environments.provision.package import constants
from tools.errors import InputError, extra
from tools.files import FileReader
from tools.snapshots.patches import paths_of
from tools.testing.detect import detect
from tools.testing.runners.probed import ProbeRunner
from tools.testing.runners.sympy import sympy_runner
from tools.testing.types import Status, TestReport, TestRunner

_INSTALL = extra("swebench")
Parser = Callable[[str, object], dict[str, str]]
PYTEST_WORDS: Mapping[Status, str] = {
    "passed": "PASSED",
    "failed": "FAILED",
    "error": "ERROR",
    "timeout": "FAILED",
    "xfailed": "XFAIL",
    "xpassed": "XPASS",
}
UNITTEST_WORDS: Mapping[Status, str] = {
    "passed": "ok",
    "failed": "FAIL",
    "error": "ERROR",
    "timeout": "ERROR",
    "skipped": "skipped 'said so'",
    "xfailed": "expected failure",
    "xpassed": "unexpected success",
}
SYMPY_WORDS: Mapping[Status, str] = {"passed": "ok", "failed": "F", "error": "E", "timeout": "E"}
PASSING = frozenset({"PASSED", "XFAIL"})
NOT_HERE = "NOT HERE"
"""Status of a PASS_TO_PASS test that the machine cannot run: it fails without the patch, too."""
NOT_TESTS = frozenset({"[100%]"})
"""Names in the published lists that are no tests: a progress line that was wrapped."""


@dataclass(frozen=True)
class Reading:
    """What the official parser reads.

    Attributes:
        printed: in what the run printed.
        signed: in a log written from the signed report.
    """

    printed: Mapping[str, str]
    signed: Mapping[str, str]

    def status(self, test: str, *, must_change: bool = False) -> str:
        """The status of a listed test: "PASSED" and "XFAIL" count, where both logs agree.

        Args:
            test: as the benchmark names it.
            must_change: a FAIL_TO_PASS test: it must be in the signed report, and an expected failure is none.
        """
        printed, signed = self.printed.get(test), self.signed.get(test)
        if printed is None:
            return "MISSING"
        if printed not in PASSING:
            return printed
        if signed is None:
            return "UNPROVEN" if must_change else printed
        if signed not in PASSING or (must_change and signed != "PASSED"):
            return signed if signed != "XFAIL" else "XFAIL (no pass)"
        return printed


@dataclass(frozen=True)
class Outcome:
    """Status per listed test, without what is no test.

    Attributes:
        fail_to_pass: of the tests that a solution makes pass.
        pass_to_pass: of those it must not break.
    """

    fail_to_pass: Mapping[str, str] = field(default_factory=dict)
    pass_to_pass: Mapping[str, str] = field(default_factory=dict)

    def failing(self, which: Mapping[str, str]) -> list[str]:
        """The tests that did not pass."""
        return [test for test, status in which.items() if status not in PASSING and status != NOT_HERE]

    @property
    def resolved(self) -> bool:
        """The official rule: every FAIL_TO_PASS and every PASS_TO_PASS test passes."""
        return bool(self.fail_to_pass) and not (self.failing(self.fail_to_pass) or self.failing(self.pass_to_pass))


def outcome_of(task: BenchmarkTask, reading: Reading) -> Outcome:
    """What the listed tests of a task did."""
    gold = task.gold
    return Outcome(
        {test: reading.status(test, must_change=True) for test in gold.fail_to_pass if test not in NOT_TESTS},
        {test: reading.status(test) for test in gold.pass_to_pass if test not in NOT_TESTS},
    )


def read(project: str, log: str, report: TestReport, events: bytes) -> Reading:
    """Reads a run with the official parser of a project.

    Args:
        project: such as "django/django".
        log: what the run printed.
        report: what the signed report says.
        events: the lines of the signed report.
    """
    parser = parser_of(project)
    return Reading(parser(log, None), parser(signed_log(project, report, events), None))


def parser_of(project: str) -> Parser:
    """The official log parser.

    Raises:
        InputError: the package swebench is missing, or does not know the project.
    """
    try:
        from swebench.harness.log_parsers import MAP_REPO_TO_PARSER
    except ImportError as error:
        raise InputError("grading needs the package swebench 4.1.0", hint=_INSTALL) from error
    if project not in MAP_REPO_TO_PARSER:
        raise InputError(f"swebench has no log parser for {project}")
    parser: Parser = MAP_REPO_TO_PARSER[project]
    return parser


def signed_log(project: str, report: TestReport, events: bytes) -> str:
    """The signed report as the project's runner would print it."""
    if project == "django/django":
        labels = _labels(events)
        rows = [(labels.get(test, test), outcome.status) for test, outcome in report.outcomes.items()]
        return "\n".join(f"{label} ... {UNITTEST_WORDS[status]}" for label, status in rows if status in UNITTEST_WORDS)
    if project == "sympy/sympy":
        rows = [(test.rpartition("::")[2], outcome.status) for test, outcome in report.outcomes.items()]
        return "\n".join(f"{name} {SYMPY_WORDS[status]}" for name, status in rows if status in SYMPY_WORDS)
    return "\n".join(
        f"{PYTEST_WORDS[outcome.status]} {test}"
        for test, outcome in report.outcomes.items()
        if outcome.status in PYTEST_WORDS
    )


def _labels(events: bytes) -> dict[str, str]:
    found = {}
    for line in events.split(b"\n"):
        if b'"label"' in line:
            event = json.loads(line)
            found[str(event.get("test"))] = str(event.get("label"))
    return found


def test_files(task: BenchmarkTask) -> list[str]:
    """The files that the official harness runs: those of the hidden tests that are not data."""
    data = tuple(constants().NON_TEST_EXTS)
    return [path for path in paths_of(task.gold.test_patch) if not path.endswith(data)]


test_files.__test__ = False  # type: ignore[attr-defined]


def official_runner(project: str, files: FileReader, command: str, python: str) -> TestRunner:
    """The runner of a project, with the output that its log parser reads.

    Args:
        project: such as "django/django".
        files: of the graded tree.
        command: from the prepared environment.
        python: the interpreter.
    """
    if project == "sympy/sympy":
        runner = sympy_runner(files, python, ["-C"])
        return ProbeRunner("sympy", "sympy", python, ("-C", "--verbose"), env=runner.env)
    found = detect(files, command=command, python=python)
    if project == "django/django" and isinstance(found, ProbeRunner):
        return replace(found, arguments=(*found.arguments, "--verbosity", "2"))
    return found
