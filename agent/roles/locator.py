"""The locator: the tokenless ranking, the planner's refinement of it, and the code around both, for prompts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

import prompts
from agent.roles.answers import Plan
from tools.files import FileReader
from tools.localization import Localizer, RankedFunction, Ranking, Reason
from tools.testing.naming import is_test_file
from tools.testing.regression import select_regression_tests
from tools.testing.types import Baseline

CODE_LIMIT = 16_000
OUTLINE_LIMIT = 12_000
SHOWN_FILES = 10
SHOWN_FUNCTIONS = 12
BESIDE_PLAN = 4
"""Functions shown besides those that the planner named."""


class Locator:
    """What is known of where the issue is.

    Args:
        localizer: indexes the base.
        ranking: of files and functions, for the issue.
        files: the base's files.
    """

    def __init__(self, localizer: Localizer, ranking: Ranking, files: FileReader) -> None:
        self._localizer = localizer
        self._ranking = ranking
        self._reader = files
        self.plan: Plan | None = None

    @property
    def files(self) -> Sequence[str]:
        """Every path of the base."""
        return self._reader.paths()

    @property
    def functions(self) -> Sequence[RankedFunction]:
        """The functions the issue seems to be about, best first."""
        return self._ranking.functions

    def paths(self) -> tuple[str, ...]:
        """The files to look at, best first: the planner's, then the ranking's."""
        planned = [path for path in self.plan.files if path] if self.plan else []
        return tuple(dict.fromkeys((*planned, *(file.path for file in self._ranking.files))))

    def places(self) -> list[str]:
        """The planner's places, one line each."""
        if self.plan is None:
            return []
        named = [f"{place.path}: {place.name}" for place in self.plan.functions]
        return [path for path in self.plan.files if path] + named

    def context(self, problem: str, base: str, *, runner: str, baseline: Baseline) -> str:
        """The part of every prompt that all roles of a task share."""
        files = [{"path": file.path, "reasons": _in_words(file.reasons)} for file in self._ranking.files[:SHOWN_FILES]]
        return prompts.render(
            "task",
            problem=problem,
            base=base,
            file_count=len(self.files),
            runner=runner,
            files=files,
            functions=self._ranking.functions[:SHOWN_FUNCTIONS],
            outline=self._outlines(),
            baseline=_baseline_text(baseline),
        )

    def code(self, paths: Sequence[str]) -> str:
        """The functions the issue is about, whole, within a budget of characters; those of `paths` first."""
        wanted = self._wanted(paths)
        parts: list[str] = []
        used = 0
        for path, start, end in wanted:
            lines = self._reader.read(path).decode(errors="replace").splitlines()[start - 1 : end]
            text = f"# {path}, lines {start} to {end}\n" + "\n".join(lines)
            if used + len(text) > CODE_LIMIT:
                continue
            parts.append(text)
            used += len(text)
        return "\n\n".join(parts)

    def find_definition(self, name: str) -> Sequence[str]:
        """Where a name is defined."""
        places = self._localizer.index.find_definition(name)
        return [f"{place.path}:{place.definition.start} {place.definition.name}" for place in places]

    def find_references(self, name: str) -> Sequence[str]:
        """Where a name is used."""
        return [f"{path}:{line} {text[:160]}" for path, line, text in self._localizer.index.find_references(name)]

    def regression_tests(self, limit: int) -> tuple[str, ...]:
        """Test files near the ranked code, at most `limit`."""
        return tuple(select_regression_tests(self._reader, self.paths()[:SHOWN_FILES], limit=limit))

    def test_example(self) -> str:
        """The beginning of the nearest test file."""
        nearest = self.regression_tests(1)
        if not nearest or not self._reader.exists(nearest[0]):
            return ""
        text = self._reader.read(nearest[0]).decode(errors="replace")
        shown = text[:2500].rpartition("\n")[0] if len(text) > 2500 else text
        return f"# {nearest[0]}, its beginning\n{shown}"

    def new_test_path(self, number: int) -> str:
        """Where a new test file belongs: beside the nearest one, named in its way."""
        nearest = [path for path in self.regression_tests(1) if is_test_file(path)]
        neighbour = PurePosixPath(nearest[0] if nearest else "tests/test_issue.py")
        reversed_style = neighbour.stem.endswith("_test")
        while True:
            stem = f"issue_{number}_test" if reversed_style else f"test_issue_{number}"
            path = str(neighbour.with_name(stem + (neighbour.suffix or ".py")))
            if not self._reader.exists(path):
                return path
            number += 100

    def _wanted(self, paths: Sequence[str]) -> list[tuple[str, int, int]]:
        planned = {(place.path, place.name) for place in self.plan.functions} if self.plan else set()
        functions = sorted(
            self._ranking.functions[:40],
            key=lambda function: (
                (function.path, function.name) not in planned,
                function.path not in paths if paths else False,
                -function.score,
                function.path,
                function.start,
            ),
        )
        shown = len(planned) + BESIDE_PLAN if planned else SHOWN_FUNCTIONS
        return [(function.path, function.start, function.end) for function in functions[:shown]]

    def _outlines(self) -> str:
        parts: list[str] = []
        used = 0
        for file in self._ranking.files[:3]:
            text = f"# {file.path}\n{self._localizer.skeleton(file.path)}"
            if used + len(text) > OUTLINE_LIMIT:
                text = text[: max(0, OUTLINE_LIMIT - used)].rpartition("\n")[0]
            if text:
                parts.append(text)
                used += len(text)
        return "\n\n".join(parts)


def _in_words(reasons: Sequence[Reason]) -> str:
    """The signals that speak for a file, the strongest first, without numbers."""
    strong = [reason for reason in reasons if reason.contribution > 0][:3]
    return ", ".join(
        reason.signal.replace("_", " ") + (f" {reason.detail}" if reason.detail else "") for reason in strong
    )


def _baseline_text(baseline: Baseline) -> str:
    if not (baseline.passing or baseline.failing):
        return ""
    lines = [
        f"{len(baseline.passing)} tests near by pass, {len(baseline.failing)} fail, {len(baseline.flaky)} are flaky."
    ]
    lines += [f"fails: {test}" for test in baseline.failing[:10]]
    return "\n".join(lines)
