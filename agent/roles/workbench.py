"""The solver's tools, over a snapshot: look, search, edit, run, test, submit.

The state is a commit. Looking and editing need no workspace; running takes one at that
commit and gives back the commit it leaves behind.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from agent.execution.shell import Shell
from agent.execution.testbench import TestBench
from agent.roles.episode import clip
from agent.roles.tools import Parameter, Tool, ToolError
from agent.toolbox import OwnTool
from agent.work import Work
from tools.checks import FindingKind, check_changes, gate
from tools.code.find import find, grep
from tools.code.outline import outline
from tools.code.view import view
from tools.edits import (
    DeleteFile,
    Edit,
    EditFailure,
    ReplaceFunction,
    StrReplace,
    WholeFile,
    apply_edits,
    parse_edits,
)
from tools.errors import InputError
from tools.snapshots import Change, SnapshotFiles, SnapshotStore
from tools.testing.types import TestReport

UNDEFINED = FindingKind.UNDEFINED_NAME
NOTHING = "nothing is changed"
PATH = Parameter("path", "string", "relative to the root of the repository")


class Definitions(Protocol):
    """Where names are defined and used; part of what the localizer knows."""

    def find_definition(self, name: str) -> Sequence[str]:
        """Lines of the form ``path:line kind name``."""
        ...

    def find_references(self, name: str) -> Sequence[str]:
        """Lines of the form ``path:line text``."""
        ...


class Workbench:
    """The repository at one snapshot, in the hands of a model.

    Args:
        snapshot: where to start.
        evaluate: judges a snapshot; what `test` does when no tests are named.
        seconds: limit of a test run.
        own: tools of the user's, besides those here.
    """

    def __init__(
        self,
        snapshots: SnapshotStore,
        snapshot: str,
        *,
        shell: Shell,
        bench: TestBench,
        definitions: Definitions | None,
        evaluate: Callable[[Work], Awaitable[Work]],
        seconds: float,
        own: Sequence[OwnTool] = (),
    ) -> None:
        self.snapshot = snapshot
        self._snapshots = snapshots
        self._start = snapshot
        self._shell = shell
        self._bench = bench
        self._definitions = definitions
        self._evaluate = evaluate
        self._seconds = seconds
        self._edited: set[str] = set()
        self._runs: Counter[tuple[str, str]] = Counter()
        self._own = own
        self._warned = ""

    @property
    def files(self) -> SnapshotFiles:
        """The files as they are now."""
        return SnapshotFiles(self._snapshots, self.snapshot)

    def tools(self) -> tuple[Tool, ...]:
        """What the model may call."""
        return (*self._looking(), *self._changing(), *self._running(), *(tool.bind(self) for tool in self._own))

    def paths(self) -> Sequence[str]:
        """See `Repository.paths`."""
        return self.files.paths()

    def read(self, path: str) -> str:
        """See `Repository.read`."""
        if not self.files.exists(path):
            raise ToolError(f"there is no file {path}")
        return self.files.read(path).decode("utf-8", "replace")

    async def run(self, command: str) -> str:
        """See `Repository.run`."""
        key = (self.snapshot, command)
        result = await self._shell.run(*key, ordinal=self._runs[key])
        self._runs[key] += 1
        self.snapshot = result.snapshot
        ended = f"stopped: {result.stopped} limit" if result.stopped else f"exit code {result.exit_code}"
        return f"{clip(result.output)}\n[{ended}]"

    def _looking(self) -> tuple[Tool, ...]:
        return (
            Tool(
                "view",
                "shows a file with line numbers; without a range the beginning, or the outline of a long one",
                (
                    PATH,
                    Parameter("start", "integer", "first line, from 1", required=False),
                    Parameter("end", "integer", "last line", required=False),
                ),
                self._view,
            ),
            Tool(
                "search",
                "finds a regular expression in the files' lines",
                (
                    Parameter("pattern", "string", "Python regular expression"),
                    Parameter("glob", "string", "only in matching paths, such as src/**/*.py", required=False),
                ),
                self._search,
            ),
            Tool(
                "find",
                "lists the files whose path matches a glob",
                (Parameter("glob", "string", "such as **/test_*.py"),),
                self._find,
            ),
            Tool(
                "definition",
                "says where a function, class or method is defined, and where it is used",
                (Parameter("name", "string", "as written in code"),),
                self._definition,
            ),
        )

    def _changing(self) -> tuple[Tool, ...]:
        return (
            Tool(
                "edit",
                "replaces a passage that occurs exactly once in a file",
                (
                    PATH,
                    Parameter("old", "string", "the passage as it is, whole lines, long enough to be unique"),
                    Parameter("new", "string", "what stands there afterwards"),
                ),
                self._edit,
            ),
            Tool(
                "rewrite_function",
                "replaces a whole function, method or class, decorators included",
                (
                    PATH,
                    Parameter("name", "string", "qualified, such as Class.method"),
                    Parameter("source", "string", "the new definition"),
                ),
                self._rewrite,
            ),
            Tool("create", "creates a new file", (PATH, Parameter("content", "string", "all of it")), self._create),
            Tool("delete", "deletes a file", (PATH,), self._delete),
            Tool("diff", "shows what you have changed", (), self._diff),
        )

    def _running(self) -> tuple[Tool, ...]:
        return (
            Tool(
                "run",
                "runs a shell command at the root of the repository; there is python, but no network and no git, and "
                "only changes to the repository's files last",
                (Parameter("command", "string", "for /bin/sh"),),
                self._run,
            ),
            Tool(
                "test",
                "runs tests by their ids or files; without any, all that judge your patch: those that reproduce the "
                "issue and the existing ones near by",
                (Parameter("tests", "array", "ids or files", required=False),),
                self._test,
            ),
            Tool(
                "submit",
                "ends your turn; what the repository contains now is your patch",
                (
                    Parameter("summary", "string", "what you changed and why, one or two sentences"),
                    Parameter("keep", "array", "new files made by commands that belong to the patch", required=False),
                ),
                self._submit,
                ends=True,
            ),
        )

    @property
    def edits_tool(self) -> Tool:
        """For the text protocol: a message with edits instead of a call."""
        parameters = (Parameter("text", "string", "edits in the text format"),)
        return Tool("edits", "applies edits written as text", parameters, self._edits)

    async def _view(self, arguments: Mapping[str, Any]) -> str:
        path, files = arguments["path"], self.files
        whole = "start" not in arguments and "end" not in arguments
        try:
            text = await asyncio.to_thread(view, files, path, arguments.get("start", 1), arguments.get("end"))
            if whole and "more line" in text:
                text += "\n\n" + await asyncio.to_thread(outline, files, path)
        except InputError as error:
            raise ToolError(f"{error}. {error.hint}") from error
        return text

    async def _search(self, arguments: Mapping[str, Any]) -> str:
        try:
            return await asyncio.to_thread(grep, self.files, arguments["pattern"], arguments.get("glob", ""))
        except InputError as error:
            raise ToolError(f"{error}. {error.hint}") from error

    async def _find(self, arguments: Mapping[str, Any]) -> str:
        return await asyncio.to_thread(find, self.files, arguments["glob"])

    async def _definition(self, arguments: Mapping[str, Any]) -> str:
        if self._definitions is None:
            raise ToolError("there is no index here; use search")
        name = arguments["name"]
        defined = self._definitions.find_definition(name)
        used = self._definitions.find_references(name)
        if not defined and not used:
            return f"{name} is neither defined nor used in the repository"
        return "\n".join(["Defined:", *defined[:20], f"Used ({len(used)}):", *used[:40]])

    async def _edit(self, arguments: Mapping[str, Any]) -> str:
        return await self._apply([StrReplace(arguments["path"], arguments["old"], arguments["new"])])

    async def _rewrite(self, arguments: Mapping[str, Any]) -> str:
        return await self._apply([ReplaceFunction(arguments["path"], arguments["name"], arguments["source"])])

    async def _create(self, arguments: Mapping[str, Any]) -> str:
        if self.files.exists(arguments["path"]):
            raise ToolError(f"{arguments['path']} exists already; use edit")
        return await self._apply([WholeFile(arguments["path"], arguments["content"])])

    async def _delete(self, arguments: Mapping[str, Any]) -> str:
        return await self._apply([DeleteFile(arguments["path"])])

    async def _edits(self, arguments: Mapping[str, Any]) -> str:
        edits, failures = parse_edits(arguments["text"])
        return await self._apply(edits, failures)

    async def _apply(self, edits: Sequence[Edit], failures: Sequence[EditFailure] = ()) -> str:
        files = self.files
        result = await asyncio.to_thread(lambda: gate(files, apply_edits(files, edits), later={UNDEFINED}))
        if result.changes:
            changes = {path: Change(content) for path, content in result.changes.items()}
            self.snapshot = await asyncio.to_thread(self._snapshots.commit, self.snapshot, changes, subject="edit")
            self._edited |= set(changes)
        said = [str(failure) for failure in (*failures, *result.failures)]
        if result.changes:
            said.insert(0, "Edited " + ", ".join(sorted(result.changes)) + ".")
            said += await self._undefined(self._start, " Define or import it before you submit.")
        if not result.changes:
            raise ToolError("\n".join(said) or "nothing to edit")
        return "\n".join(said)

    async def _undefined(self, since: str, advice: str = "") -> list[str]:
        """The names that the changes since a snapshot use and nothing defines, one line each."""
        before, now = SnapshotFiles(self._snapshots, since), self.files
        changed = await asyncio.to_thread(self._snapshots.changed_paths, since, self.snapshot)
        changes = {path: now.read(path) if now.exists(path) else None for path in changed}
        found = await asyncio.to_thread(check_changes, before, changes)
        return [f"{each.path}:{each.line}: {each.message}.{advice}" for each in found if each.kind is UNDEFINED]

    async def _run(self, arguments: Mapping[str, Any]) -> str:
        return await self.run(arguments["command"])

    async def _test(self, arguments: Mapping[str, Any]) -> str:
        tests = tuple(str(test) for test in arguments.get("tests", ()))
        if not tests:
            return results(await self._evaluate(Work(self.snapshot)))
        report = await self._bench.run(self.snapshot, tests, seconds=self._seconds)
        return describe(report)

    async def _diff(self, arguments: Mapping[str, Any]) -> str:
        diff = await asyncio.to_thread(self._snapshots.diff, self._start, self.snapshot)
        return diff or ("nothing is changed since the patch that you were given" if self._patched else NOTHING)

    @property
    def _patched(self) -> bool:
        """Whether there was a patch at the start already."""
        return self._tree(self._start) != self._tree(self._snapshots.base)

    def _tree(self, snapshot: str) -> str:
        return self._snapshots.commit_of(snapshot).tree

    async def _submit(self, arguments: Mapping[str, Any]) -> str:
        keep = {str(path) for path in arguments.get("keep", ())}
        before = {entry.path for entry in self._snapshots.files(self._start)}
        now = {entry.path for entry in self._snapshots.files(self.snapshot)}
        stray = {path: Change(None) for path in sorted(now - before - self._edited - keep)}
        if stray:
            self.snapshot = await asyncio.to_thread(
                self._snapshots.commit, self.snapshot, stray, subject="drop what commands left behind"
            )
        if self._tree(self.snapshot) == self._tree(self._start):
            if self._patched:
                return str(arguments["summary"])  # the patch stays as it is
            raise ToolError(f"{NOTHING}; there is no patch to submit")
        missing = await self._undefined(self._start)
        if missing and self._warned != self.snapshot:
            self._warned = self.snapshot
            raise ToolError("\n".join([*missing, "Define or import it; or submit again if it is there at run time."]))
        return str(arguments["summary"])


def results(work: Work) -> str:
    """What running a patch showed, for a model: counts, each target, what broke, and the failures' output."""
    evaluation = work.evaluation
    if evaluation is None:
        return "it was not run"
    parts = [evaluation.summary()]
    parts += [f"{status} {test}" for test, status in evaluation.targets.items()]
    parts += [f"{status} {test}, which passes without the patch" for test, status in evaluation.lost_controls.items()]
    parts += [f"broken: {test}" for test in evaluation.broken[:10]]
    parts += [f"finding: {finding}" for finding in evaluation.findings[:10]]
    return "\n".join([*parts, evaluation.output])


def describe(report: TestReport, limit: int = 6000) -> str:
    """A test report for a model: counts first, then what failed and why."""
    lines = [f"{len(report.passed)} passed, {len(report.failed)} failed, {len(report.outcomes)} in all"]
    if report.problem:
        lines.append(f"problem: {report.problem}")
    failed = report.failed
    share = max(500, limit // max(1, len(failed)))
    for test in failed[:12]:
        outcome = report.outcomes.get(test)
        lines.append(f"\n{report.status(test).upper()} {test}")
        if outcome and outcome.message:
            lines.append(clip(outcome.message, share))
    if len(failed) > 12:
        lines.append(f"\nand {len(failed) - 12} more failures")
    return "\n".join(lines)
