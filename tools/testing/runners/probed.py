"""What the runners under the probe share: the command that starts it and the reading of its report."""

from __future__ import annotations

import base64
import functools
import json
import posixpath
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources

from tools.testing.stream import read_stream
from tools.testing.types import TestCommand, TestReport

ENVIRONMENT = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
PACKAGE = "treewright_probe"


@dataclass(frozen=True)
class HotFunction:
    """An edited function, to be compiled alone.

    Attributes:
        path: the file, relative to the repository's root.
        name: of the outermost function around the edit.
        line: its first line, decorators included.
        text: source in which it stands at its place, in classes of the same names, and all else is left out.
    """

    path: str
    name: str
    line: int
    text: str


@functools.cache
def probe_files() -> Mapping[str, bytes]:
    """The files of the probe, as `TestCommand.files` wants them."""
    folder = resources.files("tools.testing.probe")
    found = [item for item in folder.iterdir() if item.name.endswith(".py")]
    return {f"{PACKAGE}/{item.name}": item.read_bytes() for item in sorted(found, key=lambda item: item.name)}


@dataclass(frozen=True)
class ProbeRunner:
    """Runs Python tests under the probe.

    Attributes:
        name: of the framework.
        way: how the probe runs them: "pytest", "unittest", "script" or "sympy".
        python: the interpreter, as the command sees it.
        arguments: of the framework, given every time.
        default: its arguments that say what to run, given when no tests are asked for.
        cwd: the folder to run in, relative to the workspace.
        env: variables the tests need.
        top: for dotted names, the folder they start from, relative to the workspace; None when tests are named
            by paths.
        flags: of the interpreter.
        import_from_here: whether `cwd` is importable, as with `python -m`.
    """

    name: str
    way: str
    python: str
    arguments: tuple[str, ...] = ()
    default: tuple[str, ...] = ()
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    top: str | None = None
    flags: tuple[str, ...] = ()
    import_from_here: bool = True

    covers = True
    selects = True

    def command(
        self, tests: Sequence[str] = (), *, per_test_seconds: float, coverage: bool, probe: str, report: str
    ) -> TestCommand:
        """The command that runs `tests` under the probe; see `TestRunner.command`."""
        options = {
            "report": report,
            "root": posixpath.relpath(".", self.cwd or "."),
            "top": self.top or "",
            "seconds": per_test_seconds,
            "coverage": coverage,
            "import_from_here": self.import_from_here,
            "tests": list(dict.fromkeys(self.label(test) for test in tests)),
        }
        argv = (self.python, *self.flags, f"{probe.rstrip('/')}/{PACKAGE}", self.way, *self.arguments)
        return TestCommand(
            argv if tests else (*argv, *self.default),
            {**ENVIRONMENT, **self.env},
            json.dumps(options, sort_keys=True).encode(),
            self.cwd,
            probe_files(),
            report,
        )

    def batch(
        self,
        versions: Sequence[Mapping[str, bytes]],
        tests: Sequence[str],
        *,
        per_test_seconds: float,
        seconds: float,
        probe: str,
        reports: Sequence[str],
        hot: Sequence[HotFunction | None] = (),
    ) -> TestCommand:
        """The command that runs `tests` once for each of several versions of the repository, one after another.

        The framework is loaded once and forked for each version, which takes a fraction of the time of separate runs.
        Where a version is an edit of one function's body, the tests are collected once as well.

        Args:
            versions: path relative to the workspace -> content, of existing files that differ from the workspace.
            tests: test ids and test files.
            per_test_seconds: after which a test is stopped.
            seconds: after which a version is given up.
            probe: the folder with `TestCommand.files`, as the command sees it.
            reports: the file that each version's report is written to, as the command sees it; its exit code is written
                to the same name with ".exit" added.
            hot: for each version the function that it edits, if it changes nothing else.
        """
        single = self.command(tests, per_test_seconds=per_test_seconds, coverage=False, probe=probe, report="")
        options = json.loads(single.stdin)
        jobs = [
            {
                "files": {path: base64.b64encode(content).decode() for path, content in sorted(version.items())},
                "options": {**options, "report": report},
                "hot": function.__dict__ if function else None,
            }
            for version, report, function in zip(versions, reports, hot or [None] * len(versions), strict=True)
        ]
        given = {"root": options["root"], "seconds": seconds, "jobs": jobs}
        way = single.argv.index(self.way, len(self.flags) + 2)
        argv = (*single.argv[:way], "batch", *single.argv[way:])
        return TestCommand(argv, single.env, json.dumps(given).encode(), single.cwd, single.files)

    @staticmethod
    def focused(command: TestCommand, focus: Mapping[str, Collection[int]]) -> TestCommand:
        """`command`, recording only the functions that hold a line of `focus` (path -> lines)."""
        options = json.loads(command.stdin)
        options["focus"] = {path: sorted(lines) for path, lines in focus.items()}
        return replace(command, stdin=json.dumps(options, sort_keys=True).encode())

    @property
    def batches(self) -> bool:
        """Whether `batch` is possible."""
        return self.way in ("pytest", "unittest")

    def parse(self, report: bytes, output: str, exit_code: int, *, tests: Sequence[str] = ()) -> TestReport:
        """What the run did; see `TestRunner.parse`."""
        return read_stream(report, output, exit_code, tests={test: self.label(test) for test in tests})

    def label(self, test: str) -> str:
        """A test or test file as the framework names it."""
        if self.top is None or not test.endswith(".py"):
            return test
        return posixpath.relpath(test, self.top or ".")[:-3].replace("/", ".")
