"""The lines and functions most likely to hold the fault."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from tools.faults.formulas import FORMULAS
from tools.faults.spectrum import Line, Spectrum, build_spectrum, failures_of
from tools.files import FileReader
from tools.syntax import parse_python
from tools.testing.naming import is_test_support
from tools.testing.types import Frame, TestReport

TRACE_WEIGHT = 0.5
NEAR_LINES = 10


@dataclass(frozen=True)
class SuspiciousLine:
    """A line and how suspicious it is.

    Attributes:
        path: relative to the repository.
        line: 1-based.
        score: in [0, 1].
    """

    path: str
    line: int
    score: float


@dataclass(frozen=True)
class SuspiciousFunction:
    """A function and how suspicious it is.

    Attributes:
        path: relative to the repository.
        name: qualified within the file, as in "Class.method"; "" for code outside of any function.
        start: its first line, decorators included.
        end: its last line.
        score: of its most suspicious line.
    """

    path: str
    name: str
    start: int
    end: int
    score: float


def suspicious_lines(
    reports: TestReport | Iterable[TestReport],
    *,
    formula: str = "ochiai",
    failing: Collection[str] | None = None,
    files: FileReader | None = None,
) -> list[SuspiciousLine]:
    """Lines that failing tests execute, the most suspicious first.

    The formula's value b of a line is raised by its place in the tracebacks of the failures: the k-th repository
    frame from the crash (k = 0) has t = 1 / (1 + k), and the score is 1 - (1 - b) (1 - t / 2). When no passing test
    executes any of these lines the formula cannot tell them apart; the score is then scaled to between half and all
    of that by how near the line is to the crash, or to the functions that the failing assertion calls. Among equal
    scores the nearer line comes first.

    Args:
        reports: one or more runs of the same snapshot, with coverage.
        formula: a name in `FORMULAS`.
        failing: the failures to explain; all when None.
        files: of the snapshot, to look up what failing assertions call; without them only tracebacks say what is near.
    """
    runs = [reports] if isinstance(reports, TestReport) else list(reports)
    spectrum = build_spectrum(runs, failing=failing)
    frames = trace_weights(runs, failing)
    near = _nearness(spectrum, runs, failing, files)
    score = FORMULAS[formula]
    found: dict[Line, float] = {}
    for line in {*spectrum.failing_hits, *frames}:
        hits = spectrum.failing_hits.get(line, 0)
        base = score(hits, spectrum.passing_hits[line], spectrum.failing, spectrum.passing) if hits else 0.0
        value = 1 - (1 - base) * (1 - TRACE_WEIGHT * frames.get(line, 0.0))
        found[line] = value if spectrum.discriminates else value * (0.5 + 0.5 * near.get(line, 0.0))
    ranked = sorted(found, key=lambda line: (-found[line], -near.get(line, 0.0), line))
    return [SuspiciousLine(path, number, found[path, number]) for path, number in ranked]


def by_line(lines: Iterable[SuspiciousLine]) -> dict[str, dict[int, float]]:
    """Scores by path and line."""
    found: dict[str, dict[int, float]] = {}
    for line in lines:
        found.setdefault(line.path, {})[line.line] = line.score
    return found


def trace_weights(reports: Iterable[TestReport], failing: Collection[str] | None = None) -> dict[Line, float]:
    """1 / (1 + k) for the k-th frame from the crash in the tracebacks of failures, tests left out; the highest."""
    weights: dict[Line, float] = {}
    for report, test in failures_of(reports, failing):
        inner = [frame for frame in reversed(report.outcomes[test].frames) if not is_test_support(frame.path)]
        for k, frame in enumerate(inner):
            line = (frame.path, frame.line)
            weights[line] = max(weights.get(line, 0.0), 1 / (1 + k))
    return weights


def _nearness(
    spectrum: Spectrum, runs: list[TestReport], failing: Collection[str] | None, files: FileReader | None
) -> dict[Line, float]:
    """How near each executed line is to where the failures show, in [0, 1]."""
    near: dict[Line, float] = {}
    by_path: dict[str, list[int]] = defaultdict(list)
    for path, number in spectrum.failing_hits:
        by_path[path].append(number)
    for frame, weight in trace_weights(runs, failing).items():
        for number in by_path[frame[0]]:
            _raise(near, (frame[0], number), weight / (1 + abs(number - frame[1]) / NEAR_LINES))
    if files is None:
        return near
    called = {
        name
        for report, test in failures_of(runs, failing)
        for name in called_at(files, [frame for frame in report.outcomes[test].frames if is_test_support(frame.path)])
    }
    for path, numbers in sorted(by_path.items()):
        spans = [span for span in functions_of(files, path) if span[0].rpartition(".")[2] in called]
        for number in numbers:
            if any(start <= number <= end for _, start, end in spans):
                _raise(near, (path, number), 1.0)
    return near


def _raise(near: dict[Line, float], line: Line, value: float) -> None:
    near[line] = max(near.get(line, 0.0), value)


def called_at(files: FileReader, frames: Iterable[Frame]) -> set[str]:
    """The last names of what is called in the statements at `frames`, and, for a bare name, where it was assigned."""
    names: set[str] = set()
    for frame in frames:
        tree = _tree(files, frame.path)
        if tree is None:
            continue
        function = _innermost(tree, frame.line, (ast.FunctionDef, ast.AsyncFunctionDef))
        statement = _innermost(tree, frame.line, (ast.stmt,))
        if statement is None or function is statement:
            continue
        names |= _calls(statement)
        read = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        for node in ast.walk(function) if function is not None else ():
            if isinstance(node, ast.Assign) and node.lineno < frame.line:
                targets = {
                    part.id for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name)
                }
                if targets & read:
                    names |= _calls(node)
    return names


def _calls(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                names.add(node.func.attr)
            elif isinstance(node.func, ast.Name):
                names.add(node.func.id)
    return names


def _innermost(tree: ast.AST, line: int, kinds: tuple[type[ast.stmt], ...]) -> ast.stmt | None:
    found = [
        node for node in ast.walk(tree) if isinstance(node, kinds) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    return max(found, key=lambda node: (node.lineno, -(node.end_lineno or 0)), default=None)


def _tree(files: FileReader, path: str) -> ast.Module | None:
    if not path.endswith(".py") or not files.exists(path):
        return None
    try:
        return parse_python(files.read(path))
    except (SyntaxError, ValueError, RecursionError):
        return None


def functions_of(files: FileReader, path: str) -> list[tuple[str, int, int]]:
    """(qualified name, first line, last line) of the functions of a Python file; none when it cannot be parsed."""
    tree = _tree(files, path)
    return sorted(_functions(tree, ""), key=lambda span: (span[1], -span[2])) if tree is not None else []


def _functions(tree: ast.AST, prefix: str) -> Iterator[tuple[str, int, int]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{prefix}{node.name}"
            if not isinstance(node, ast.ClassDef):
                start = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                yield name, start, node.end_lineno or node.lineno
            yield from _functions(node, f"{name}.")
        else:
            yield from _functions(node, prefix)


def suspicious_functions(lines: Iterable[SuspiciousLine], files: FileReader) -> list[SuspiciousFunction]:
    """The functions that hold `lines`, the most suspicious first; of equal ones, that with more suspicious lines.

    Args:
        lines: as `suspicious_lines` gives them.
        files: of the same snapshot.
    """
    spans: dict[str, list[tuple[str, int, int]]] = {}
    scores: Mapping[tuple[str, str, int, int], list[float]] = defaultdict(list)
    for line in lines:
        if line.path not in spans:
            spans[line.path] = functions_of(files, line.path)
        around = [span for span in spans[line.path] if span[1] <= line.line <= span[2]]
        name, start, end = around[-1] if around else ("", line.line, line.line)
        scores[line.path, name, start if name else 0, end if name else 0].append(line.score)
    ranked = sorted(scores, key=lambda key: (-max(scores[key]), -sum(scores[key]), key))
    return [SuspiciousFunction(*key, score=max(scores[key])) for key in ranked]
