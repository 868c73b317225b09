"""The locator: the tokenless ranking, the planner's refinement of it, and the code around both, for prompts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import prompts
from agent.roles.answers import Plan
from agent.roles.excerpts import Excerpts
from tools.files import FileReader
from tools.issues import Issue
from tools.localization import Localizer, RankedFile, RankedFunction, Ranking, Reason
from tools.localization.callees import Callee
from tools.testing.naming import is_test_file, name_like
from tools.testing.regression import select_regression_tests
from tools.testing.types import Baseline

CODE_LIMIT = 16_000
RANKED_LIMIT = 10_000
CALLED_LIMIT = 13_000
"""How far the best ranked functions fill it, and those that they call; the other ranked ones come last."""
LONG, SHORT = 45, 25
"""Lines shown of a long function that nobody has named: of the first `FIRST_FUNCTIONS`, and of others."""
FIRST_FUNCTIONS = 6
WHOLE = 80
"""Lines of a function that stands whole beside a plan's."""
OUTLINE_TOKENS = 3_500
SHOWN_FILES = 10
SHOWN_FUNCTIONS = 20
SHOWN_PER_FILE = 8
"""Of the functions nobody has judged yet: the cause is often in the second file."""
SHOWN_CALLEES = 40
LISTED_CALLEES = 8
NEAR_TESTS = 200
"""Test files that are ranked at once; more are never asked for."""
RANKED = 50
"""Files and functions that are ranked."""
BESIDE_PLAN = 4
"""Functions shown besides those that the planner named."""


class Locator:
    """What is known of where the issue is.

    Args:
        localizer: indexes the base.
        issue: what is looked for.
        files: the base's files.

    Attributes:
        ranking: of files and functions, without a model.
        plan: the planner's, once it was asked.
        barren: test files of which no test passes on the base: no example, and no place for new tests.
    """

    def __init__(self, localizer: Localizer, issue: Issue, files: FileReader) -> None:
        self._localizer = localizer
        self._issue = issue
        self._reader = files
        self.ranking = localizer.rank(issue, k=RANKED)
        self.plan: Plan | None = None
        self.barren: frozenset[str] = frozenset()
        self._near: dict[tuple[str, ...], tuple[str, ...]] = {}

    def look_again(self, suspicion: Mapping[str, Mapping[int, float]]) -> None:
        """Ranks once more, with what failing tests execute: suspiciousness in [0, 1] by path and line."""
        self.ranking = self._localizer.rank(self._issue, coverage=suspicion, k=RANKED)

    @property
    def files(self) -> Sequence[str]:
        """Every path of the base."""
        return self._reader.paths()

    @property
    def functions(self) -> Sequence[RankedFunction]:
        """The functions the issue seems to be about, best first."""
        return self.ranking.functions

    def lines(self) -> dict[str, range]:
        """The lines from the first to the last of the ranked functions of each Python file."""
        found: dict[str, range] = {}
        for function in self.ranking.functions:
            if function.path.endswith(".py"):
                known = found.get(function.path, range(function.start, function.end + 1))
                found[function.path] = range(min(known.start, function.start), max(known.stop, function.end + 1))
        return found

    def paths(self) -> tuple[str, ...]:
        """The files to look at, best first: the planner's, then the ranking's."""
        planned = [path for path in self.plan.files if path] if self.plan else []
        return tuple(dict.fromkeys((*planned, *(file.path for file in self.ranking.files))))

    def refined(self) -> Ranking:
        """The ranking with the planner's files and functions put first; the ranking itself where there is no plan.

        Functions are those of the index: one that the planner named and nobody defines is dropped.
        """
        plan, ranking = self.plan, self.ranking
        if plan is None:
            return ranking
        files = {file.path: file for file in ranking.files}
        first = [files.get(path) or RankedFile(path, 0.0, ()) for path in dict.fromkeys(plan.files) if path]
        named = [found for place in plan.functions for found in self._defined(place.path, place.name)]
        taken = {file.path for file in first}
        places = {(function.path, function.name) for function in named}
        return Ranking(
            (*first, *(file for file in ranking.files if file.path not in taken)),
            (*named, *(found for found in ranking.functions if (found.path, found.name) not in places)),
            ranking.notes,
        )

    def _defined(self, path: str, name: str) -> list[RankedFunction]:
        """The function of this name, or the only one whose qualified name ends so."""
        index = self._localizer.index
        if path not in index.by_path:
            return []
        number = index.by_path[path].number
        definitions = {found.name: found for found in index.tags([number])[number].definitions}
        exact = definitions.get(name)
        ending = [found for found in definitions.values() if found.name.endswith(f".{name}")]
        chosen = [exact] if exact else ending if len(ending) == 1 else []
        return [RankedFunction(path, found.name, 0.0, found.start, found.end, ()) for found in chosen]

    def places(self) -> list[str]:
        """The planner's places, one line each."""
        if self.plan is None:
            return []
        named = [f"{place.path}: {place.name}" for place in self.plan.functions]
        return [path for path in self.plan.files if path] + named

    def context(self, problem: str, base: str, *, runner: str, baseline: Baseline, why: str = "") -> str:
        """The part of every prompt that all roles of a task share; `why` there is no baseline, if there is none."""
        files = [{"path": file.path, "reasons": _in_words(file.reasons)} for file in self.ranking.files[:SHOWN_FILES]]
        return prompts.render(
            "task",
            problem=problem,
            base=base,
            file_count=len(self.files),
            runner=runner,
            files=files,
            functions=_spread(self.ranking.functions, SHOWN_FUNCTIONS),
            outline=self._outlines(),
            baseline=_baseline_text(baseline, why, frozenset(self.files)),
        )

    def code(self, paths: Sequence[str]) -> str:
        """The functions the issue is about, within a budget of characters; those of `paths` first.

        They are whole, but for long ones that stand beside a plan's.
        """
        shown = Excerpts(self._reader)
        planned = self._planned()
        for function in self._wanted(paths):
            beside = bool(planned) and (function.path, function.name) not in planned
            most = LONG if beside and function.end - function.start >= WHOLE else 0
            shown.add(function.path, (function.start, function.end), CODE_LIMIT, most=most)
        return shown.text

    def survey(self) -> tuple[str, list[Callee]]:
        """The ranked functions and the short ones they call, shortened; and what else they call or use."""
        shown = Excerpts(self._reader)
        wanted = self._wanted(())
        for place, function in enumerate(wanted):
            most = LONG if place < FIRST_FUNCTIONS else SHORT
            shown.add(function.path, (function.start, function.end), RANKED_LIMIT, most=most)
        rest = []
        near = {file.path for file in self.ranking.files}
        for callee in self._localizer.callees(wanted, near, SHOWN_CALLEES):
            lines = callee.start, callee.end
            said = f", called by {callee.user}"
            short = callee.end - callee.start < SHORT and callee.kind != "class"
            if not short or not shown.add(callee.path, lines, CALLED_LIMIT, most=SHORT, said=said):
                rest.append(callee)
        for function in wanted:
            shown.add(function.path, (function.start, function.end), CODE_LIMIT, most=SHORT)
        return shown.text, rest[:LISTED_CALLEES]

    def similar(self, query: str, limit: int) -> tuple[str, ...]:
        """Functions that resemble `query`, and usages of what it calls; without those that `code` shows."""
        from tools.retrieval import retrieve

        known = {(function.path, function.name) for function in self._wanted(())}
        return tuple(each.text for each in retrieve(self._localizer.index, query, limit=limit, known=known))

    def find_definition(self, name: str) -> Sequence[str]:
        """Where a name is defined."""
        places = self._localizer.index.find_definition(name)
        return [f"{place.path}:{place.definition.start} {place.definition.name}" for place in places]

    def find_references(self, name: str) -> Sequence[str]:
        """Where a name is used."""
        return [f"{path}:{line} {text[:160]}" for path, line, text in self._localizer.index.find_references(name)]

    def regression_tests(self, limit: int) -> tuple[str, ...]:
        """Test files near the ranked code, at most `limit`."""
        suspects = self.paths()[:SHOWN_FILES]
        if suspects not in self._near:
            self._near[suspects] = tuple(select_regression_tests(self._reader, suspects, limit=NEAR_TESTS))
        return self._near[suspects][:limit]

    def _neighbours(self) -> list[str]:
        """Test files near the ranked code, those that work here first."""
        return sorted(self.regression_tests(NEAR_TESTS), key=lambda path: path in self.barren)

    def test_example(self) -> str:
        """The beginning of the nearest test file."""
        nearest = self._neighbours()
        if not nearest or not self._reader.exists(nearest[0]):
            return ""
        text = self._reader.read(nearest[0]).decode(errors="replace")
        shown = text[:2500].rpartition("\n")[0] if len(text) > 2500 else text
        return f"# {nearest[0]}, its beginning\n{shown}"

    def new_test_path(self, number: int) -> str:
        """Where a new test file belongs: beside the nearest one, named in its way."""
        nearest = [path for path in self._neighbours()[:1] if is_test_file(path)]
        neighbour = nearest[0] if nearest else "tests/test_issue.py"
        while self._reader.exists(path := name_like(neighbour, number)):
            number += 100
        return path

    def _wanted(self, paths: Sequence[str]) -> list[RankedFunction]:
        planned = self._planned()
        functions = sorted(
            self.refined().functions[:40],
            key=lambda function: (
                (function.path, function.name) not in planned,
                function.path not in paths if paths else False,
            ),
        )
        if planned or paths:
            return functions[: len(planned) + BESIDE_PLAN if planned else SHOWN_FUNCTIONS]
        return _spread(functions, SHOWN_FUNCTIONS)

    def _planned(self) -> set[tuple[str, str]]:
        places = self.plan.functions if self.plan else []
        return {(found.path, found.name) for place in places for found in self._defined(place.path, place.name)}

    def _outlines(self) -> str:
        ranking = self.ranking
        return self._localizer.map(OUTLINE_TOKENS, replace(ranking, files=ranking.files[:SHOWN_FILES]), self._issue)


def _spread(functions: Sequence[RankedFunction], limit: int) -> list[RankedFunction]:
    """The first `limit` functions, at most SHOWN_PER_FILE of one file."""
    seen: Counter[str] = Counter()
    shown = []
    for function in functions:
        seen[function.path] += 1
        if seen[function.path] <= SHOWN_PER_FILE:
            shown.append(function)
    return shown[:limit]


def _in_words(reasons: Sequence[Reason]) -> str:
    """The signals that speak for a file, the strongest first, without numbers."""
    strong = [reason for reason in reasons if reason.contribution > 0][:3]
    return ", ".join(
        reason.signal.replace("_", " ") + (f" {reason.detail}" if reason.detail else "") for reason in strong
    )


def _baseline_text(baseline: Baseline, why: str, paths: Collection[str]) -> str:
    """How the tests behave on the base; a test file that cannot be loaded has its path as its id."""
    unloaded = [test for test in baseline.failing if test in paths]
    failing = [test for test in baseline.failing if test not in paths]
    said = f"{len(baseline.passing)} tests near by pass, {len(failing)} fail, {len(baseline.flaky)} are flaky."
    if not baseline.passing:
        said = (
            f"No baseline: no test of the repository passes here{f' ({why})' if why else ''}. So no existing test can "
            "show that a change breaks something: read the callers of what you change, and claim nothing about tests."
        )
    lines = [f"fails: {test}" for test in failing[:10]] + [f"cannot be loaded: {path}" for path in unloaded[:10]]
    return "\n".join([said, *lines])
