import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tools.faults.formulas import FORMULAS
from tools.faults.spectrum import build_spectrum
from tools.faults.suspicious import suspicious_functions, suspicious_lines
from tools.files import FolderFiles
from tools.testing.types import TestReport


def _running() -> ModuleType:
    path = Path(__file__).parent.parent / "testing" / "running_tests.py"
    spec = importlib.util.spec_from_file_location("running_tests_for_faults", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


running = _running()

PROJECT = {
    "shapes.py": """\
        def area(width, height):
            if width == height:
                return square(width)
            return width * height


        def square(side):
            return side * 3


        class Box:
            def volume(self, a, b, c):
                base = area(a, b)
                return self.scale(base, c)

            def scale(self, base, c):
                if c is None:
                    raise ValueError("no height")
                return base * c
        """,
    "test_shapes.py": """\
        from shapes import Box, area


        def test_rectangle():
            assert area(2, 3) == 6

        def test_square():
            result = area(2, 2)
            assert result == 4

        def test_box():
            assert Box().volume(1, 2, 3) == 6

        def test_cube():
            assert Box().volume(2, 2, 2) == 8

        def test_no_height():
            assert Box().volume(1, 2, None) is None
        """,
}
SQUARE = ["test_shapes.py::test_square", "test_shapes.py::test_cube"]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = running.write(tmp_path_factory.mktemp("shapes"), PROJECT)
    return folder


@pytest.fixture(scope="module")
def report(root: Path) -> TestReport:
    found: TestReport = running.run(root, coverage=True)
    assert set(found.failed) == {*SQUARE, "test_shapes.py::test_no_height"}
    return found


@pytest.mark.parametrize("formula", sorted(FORMULAS))
def test_the_faulty_line_comes_first(report: TestReport, formula: str) -> None:
    lines = suspicious_lines(report, formula=formula, failing=SQUARE)
    assert {(line.path, line.line) for line in lines[:2]} == {("shapes.py", 3), ("shapes.py", 8)}
    assert lines[2].score < lines[0].score
    assert not any(line.path.startswith("test") for line in lines)
    assert all(0 <= line.score <= 1 for line in lines)


def test_only_the_failures_that_count_do(report: TestReport) -> None:
    spectrum = build_spectrum(report, failing=SQUARE)
    assert (spectrum.failing, spectrum.passing) == (2, 2)
    assert ("shapes.py", 18) not in spectrum.failing_hits
    assert spectrum.failing_hits["shapes.py", 8] == 2
    assert spectrum.passing_hits["shapes.py", 4] == 2
    assert build_spectrum([report, report]).failing == 6


def test_the_crash_raises_its_own_line_and_those_that_led_to_it(report: TestReport) -> None:
    lines = suspicious_lines(report, failing=["test_shapes.py::test_no_height"])
    assert (lines[0].path, lines[0].line) == ("shapes.py", 18)
    scores = {line.line: line.score for line in lines}
    assert scores[14] > scores[13]  # both run in one failing and one passing test; line 14 is in the traceback


def test_functions_are_named_within_their_classes(report: TestReport, root: Path) -> None:
    functions = suspicious_functions(suspicious_lines(report, failing=SQUARE), FolderFiles(root))
    assert [function.name for function in functions[:2]] == ["square", "area"] or [
        function.name for function in functions[:2]
    ] == ["area", "square"]
    by_name = {function.name: (function.start, function.end) for function in functions}
    assert by_name["Box.scale"] == (16, 19)


def test_without_passing_tests_what_the_assertion_calls_is_nearest(root: Path) -> None:
    only: TestReport = running.run(root, [SQUARE[0]], coverage=True)
    lines = suspicious_lines(only, files=FolderFiles(root))
    assert not build_spectrum(only).discriminates
    assert {line.line for line in lines[:2]} == {2, 3}  # area, which the assertion's result comes from
    assert lines[-1].line == 8
    assert lines[-1].score < lines[0].score


def test_without_passing_tests_what_is_near_the_crash_comes_first(root: Path) -> None:
    only: TestReport = running.run(root, ["test_shapes.py::test_no_height"], coverage=True)
    lines = suspicious_lines(only)
    assert [line.line for line in lines[:2]] == [18, 17]
    assert {line.line for line in lines[-2:]} == {2, 4}


def test_no_failures_no_suspicion(root: Path) -> None:
    only: TestReport = running.run(root, ["test_shapes.py::test_rectangle"], coverage=True)
    assert suspicious_lines(only) == []
