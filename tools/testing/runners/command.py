"""Any other command: run as it is, its report read in whichever format it is written."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tools.testing.formats import Reading, worst
from tools.testing.formats.cargo import looks_like_cargo, read_cargo
from tools.testing.formats.gotest import looks_like_gotest, read_gotest
from tools.testing.formats.jest import looks_like_jest, read_jest
from tools.testing.formats.junit import looks_like_junit, read_junit
from tools.testing.formats.minitest import looks_like_minitest, read_minitest
from tools.testing.formats.tap import looks_like_tap, read_tap
from tools.testing.naming import is_test_file
from tools.testing.types import TestCommand, TestOutcome, TestReport

SHOWN_BYTES = 60_000
ROOT_LINE = "treewright-root: "

SCRIPT = """\
printf '{root_line}%s\\n' "$PWD" >{report}
{before}
( {text}
) >>{report} 2>&1
code=$?
{after}
tail -c {shown} {report}
exit $code
"""


@dataclass(frozen=True)
class CommandRunner:
    """Runs a shell command; what it prints goes to the report, with report files it leaves.

    Without a known format there is one test, "command", that passes when the exit code is 0.

    Attributes:
        text: the shell command.
        globs: of JUnit files that the command writes, as `find -path` takes them; older ones are removed first.
        writes: whether the command writes a report of its own to the file that stands for "{report}" in it.
        env: variables it needs.
        cwd: the folder to run in, relative to the workspace.
    """

    text: str
    globs: tuple[str, ...] = ()
    writes: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str = ""

    name = "command"
    covers = False
    selects = False

    def command(
        self, tests: Sequence[str] = (), *, per_test_seconds: float, coverage: bool, probe: str, report: str
    ) -> TestCommand:
        """The command, for all tests; see `TestRunner.command`."""
        quoted = shlex.quote(report)
        find = " -o ".join(f"-path {shlex.quote(glob)}" for glob in self.globs)
        extra = f"{report}.json"
        before = [f"rm -f {shlex.quote(extra)}"]
        after: list[str] = []
        if find:
            before.append(f"find . -type f \\( {find} \\) -delete")
            after.append(f"find . -type f \\( {find} \\) -exec cat {{}} + >>{quoted}")
        if self.writes:
            after.append(f"[ ! -f {shlex.quote(extra)} ] || cat {shlex.quote(extra)} >>{quoted}")
        text = self.text.replace("{report}", shlex.quote(extra)) if self.writes else self.text
        script = SCRIPT.format(
            root_line=ROOT_LINE,
            report=quoted,
            before="\n".join(before),
            text=text,
            after="\n".join(after),
            shown=SHOWN_BYTES,
        )
        return TestCommand(("sh", "-c", script), {"CI": "1", **self.env}, cwd=self.cwd, report=report)

    def parse(self, report: bytes, output: str, exit_code: int, *, tests: Sequence[str] = ()) -> TestReport:
        """What the run did; see `TestRunner.parse`."""
        text = report.decode("utf-8", "replace") or output
        root, text = _root(text)
        reading = read_any(text, root)
        outcomes = worst(reading.outcomes)
        problems = [reading.problem]
        failed = any(outcome.status in ("failed", "error") for outcome in outcomes.values())
        if not outcomes:
            status, how = ("passed", "") if exit_code == 0 else ("failed", f"exit code {exit_code}")
            tail = text[-8000:] if how else ""
            outcomes = {"command": TestOutcome("command", status, message=tail, exception=how)}  # type: ignore[arg-type]
        elif exit_code == 0 and failed:
            problems.append("exit code 0 although tests failed")
        elif exit_code != 0 and not failed:
            problems.append(f"crashed: exit code {exit_code} although no test failed")
        for test in (test for test in tests if not is_test_file(test)):  # a report has tests, no files
            outcomes.setdefault(test, TestOutcome(test, "missing", message="the report does not have it"))
        return TestReport(outcomes, "; ".join(filter(None, problems)))


def read_any(text: str, root: str = "") -> Reading:
    """What `text` says in the first format that it is written in; nothing when in none.

    Args:
        text: all that a command printed, and the report files it left.
        root: the folder it ran in.
    """
    if looks_like_junit(text):
        return read_junit(text)
    if looks_like_jest(text):
        return read_jest(text, root)
    if looks_like_gotest(text):
        return read_gotest(text)
    if looks_like_cargo(text):
        return read_cargo(text)
    if looks_like_minitest(text):
        return read_minitest(text, root)
    if looks_like_tap(text):
        return read_tap(text)
    return Reading()


def _root(text: str) -> tuple[str, str]:
    first, newline, rest = text.partition("\n")
    if newline and first.startswith(ROOT_LINE):
        return first.removeprefix(ROOT_LINE), rest
    return "", text
