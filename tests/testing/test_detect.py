from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from running_tests import write

from tools.errors import InputError
from tools.files import FolderFiles
from tools.testing.configured import configured_commands
from tools.testing.detect import detect, node_runner
from tools.testing.runners.command import CommandRunner
from tools.testing.runners.probed import ProbeRunner

UNITTEST = "import unittest\n\nclass A(unittest.TestCase):\n    def test_a(self):\n        pass\n"
PYTEST = "def test_a():\n    assert 1\n"
REPOSITORIES: dict[str, tuple[dict[str, str], str]] = {
    "plain functions": ({"tests/test_a.py": PYTEST}, "pytest"),
    "pytest imported": ({"tests/test_a.py": "import pytest\n" + UNITTEST}, "pytest"),
    "plain unittest": ({"tests/test_a.py": UNITTEST}, "unittest"),
    "unittest, pytest declared": ({"tests/test_a.py": UNITTEST, "setup.py": "tests_require=['pytest']"}, "pytest"),
    "pytest.ini": ({"pytest.ini": "[pytest]\n", "t.py": ""}, "pytest"),
    "setup.cfg": ({"setup.cfg": "[tool:pytest]\naddopts = -q\n", "tests/test_a.py": UNITTEST}, "pytest"),
    "pyproject": ({"pyproject.toml": "[tool.pytest.ini_options]\n", "tests/test_a.py": UNITTEST}, "pytest"),
    "conftest": ({"tests/conftest.py": "", "tests/test_a.py": UNITTEST}, "pytest"),
    "django project": ({"manage.py": "import django\n", "app/tests.py": UNITTEST}, "django"),
    "django project with pytest": ({"manage.py": "import django\n", "pytest.ini": "[pytest]\n"}, "pytest"),
    "django itself": ({"tests/runtests.py": "", "django/__init__.py": "", "tests/a/tests.py": UNITTEST}, "django"),
    "sympy": ({"bin/test": "", "sympy/__init__.py": "", "conftest.py": ""}, "sympy"),
    "sympy with pytest": ({"bin/test": "", "sympy/__init__.py": "", "sympy/testing/runtests_pytest.py": ""}, "pytest"),
    "tox": ({"tox.ini": "[testenv]\ncommands = python -m unittest discover -s checks\n"}, "unittest"),
    "broken configuration": (
        {"tox.ini": "[[[", "setup.cfg": "x", "pyproject.toml": "=", "test_a.py": PYTEST},
        "pytest",
    ),
    "npm": ({"package.json": '{"scripts": {"test": "node x.js"}}'}, "npm test --silent"),
    "jest": ({"package.json": '{"scripts": {"test": "lint && jest"}}'}, "--json --outputFile="),
    "go": ({"go.mod": "module m\n"}, "go test -json ./..."),
    "cargo": ({"Cargo.toml": "[package]\n"}, "cargo test --no-fail-fast"),
    "rake": ({"Rakefile": "Rake::TestTask.new\n"}, "rake test TESTOPTS=-v"),
    "maven": ({"pom.xml": "<project/>"}, "mvn -B test"),
    "gradle": ({"gradlew": "", "build.gradle": ""}, "./gradlew test"),
    "make": ({"Makefile": "all:\n\ttrue\ntest:\n\ttrue\n"}, "make test"),
}


@pytest.mark.parametrize("name", sorted(REPOSITORIES))
def test_repositories(tmp_path: Path, name: str) -> None:
    files, expected = REPOSITORIES[name]
    runner = detect(FolderFiles(write(tmp_path, files)), python="python3")
    if isinstance(runner, CommandRunner):
        assert expected in runner.text
    else:
        assert runner.name == expected


@pytest.mark.parametrize(
    "files", [{}, {"a.py": "x = 1\n"}, {"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\""}}'}]
)
def test_without_tests_a_person_is_asked(tmp_path: Path, files: dict[str, str]) -> None:
    with pytest.raises(InputError, match="no tests found"):
        detect(FolderFiles(write(tmp_path, files)), python="python3")


COMMANDS: dict[str, tuple[str, str, tuple[str, ...], tuple[str, ...]]] = {
    # command: name, way, arguments, what to run by default
    "pytest -x tests/test_a.py -k 'a or b'": ("pytest", "pytest", ("-x", "-k", "a or b"), ("tests/test_a.py",)),
    "pytest tests/test_a.py::test_a --tb short": ("pytest", "pytest", ("--tb", "short"), ("tests/test_a.py::test_a",)),
    "python3.9 -m pytest": ("pytest", "pytest", (), ()),
    "FOO='1 2' poetry run py.test tests": ("pytest", "pytest", (), ("tests",)),
    "coverage run --source pkg -m pytest -q": ("pytest", "pytest", ("-q",), ()),
    "python -m coverage run -p -m unittest discover -s tests": (
        "unittest",
        "unittest",
        (),
        ("discover", "-s", "tests"),
    ),
    "uv run --frozen python -m unittest -v tests.test_a": ("unittest", "unittest", (), ("tests.test_a",)),
    "python manage.py test app --parallel 4 --settings=x": (
        "django",
        "script",
        ("manage.py", "test", "--noinput", "--settings=x"),
        ("app",),
    ),
    "./tests/runtests.py --verbosity 2 --settings test_sqlite --parallel 1 admin_views": (
        "django",
        "script",
        ("tests/runtests.py", "--parallel=1", "--noinput", "--settings", "test_sqlite"),
        ("admin_views",),
    ),
    "bin/test -C --verbose sympy/a.py": ("sympy", "sympy", ("-C",), ("sympy/a.py",)),
    "python setup.py test": ("unittest", "unittest", (), ("discover", "-s", "tests")),
    "tox -e py39 -- -x": ("pytest", "pytest", ("--strict-markers",), ("tests",)),
}
PROJECT = {
    "tests/test_a.py": UNITTEST,
    "tests/runtests.py": "",
    "manage.py": "",
    "bin/test": "",
    "tox.ini": "[testenv]\nsetenv = MODE = test\ncommands =\n    lint\n    pytest --strict-markers {posargs:tests}\n",
}


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_commands_of_known_frameworks_run_under_the_probe(tmp_path: Path, command: str) -> None:
    name, way, arguments, default = COMMANDS[command]
    runner = detect(FolderFiles(write(tmp_path, PROJECT)), command=command, python="/venv/bin/python")
    assert isinstance(runner, ProbeRunner)
    assert (runner.name, runner.way, runner.arguments, runner.default) == (name, way, arguments, default)
    assert runner.python == "/venv/bin/python"
    asked = runner.command(per_test_seconds=1, coverage=False, probe="/p", report="/r")
    assert asked.argv == ("/venv/bin/python", "/p/treewright_probe", way, *arguments, *default)


def test_variables_and_folders_of_a_command_are_kept(tmp_path: Path) -> None:
    files = FolderFiles(write(tmp_path, {"sub/tests/test_a.py": PYTEST, **PROJECT}))
    runner = detect(files, command="cd sub && FOO='1 2' env BAR=x pytest tests", python="python3")
    assert isinstance(runner, ProbeRunner)
    assert (runner.cwd, runner.env, runner.default) == ("sub", {"FOO": "1 2", "BAR": "x"}, ("tests",))
    strict = detect(files, command="python -W error -bb -m pytest", python="python3")
    asked = strict.command(per_test_seconds=1, coverage=False, probe="/p", report="/r")
    assert asked.argv == ("python3", "-W", "error", "-bb", "/p/treewright_probe", "pytest")
    tox = detect(files, command="tox", python="python3")
    assert isinstance(tox, ProbeRunner)
    assert tox.env == {"MODE": "test"}


@pytest.mark.parametrize(
    "command",
    [
        "pytest | tee log",
        "make && pytest",
        "pytest $ARGS",
        "python run.py",
        "npm test",
        "python manage.py check",
        "tox -e ''x'",
    ],
)
def test_anything_else_runs_as_it_is(tmp_path: Path, command: str) -> None:
    runner = detect(FolderFiles(write(tmp_path, {"manage.py": ""})), command=command, python="python3")
    assert isinstance(runner, CommandRunner)
    assert runner.text == command


@given(command=st.text(min_size=1).filter(str.strip))
@settings(max_examples=100)
def test_no_command_breaks_the_detection(command: str) -> None:
    runner = detect(FolderFiles(Path(__file__).parent / "recorded"), command=command, python="python3")
    assert runner.name in ("pytest", "unittest", "django", "sympy", "command")


@pytest.mark.parametrize(
    ("script", "writes"), [("jest --ci", True), ("tsc && vitest run", True), ("mocha", False), ("node --test", False)]
)
def test_node_tools_are_told_to_report(script: str, writes: bool) -> None:
    assert node_runner(script).writes == writes
    assert "report" in node_runner(script).text


TOX = """\
[testenv:docs]
commands = sphinx-build docs out
[testenv:slow]
commands = pytest --slow
[testenv]
changedir = {toxinidir}/t
setenv =
    A = 1
    B = {envtmpdir}/x
commands =
    py39: python -m pytest \\
        {posargs:--durations 25 {toxinidir}/t}
    - coverage report
    {envpython} -m unittest {env:X:}
"""


def test_commands_configured_for_tox(tmp_path: Path) -> None:
    assert configured_commands(FolderFiles(write(tmp_path, {"tox.ini": TOX}))) == [
        ("cd t && python -m pytest --durations 25 t", {"A": "1"}),
        ("cd t && python -m unittest", {"A": "1"}),
        ("pytest --slow", {}),
    ]


def test_commands_configured_for_nox_and_in_toml(tmp_path: Path) -> None:
    files = {
        "noxfile.py": "def tests(session):\n    session.run('pytest', '-x', *session.posargs)\n",
        "pyproject.toml": '[tool.tox.env_run_base]\ncommands = [["pytest", "tests"], ["ruff"]]\n',
        "setup.cfg": "[tox:testenv]\ncommands = py.test a\n",
    }
    assert configured_commands(FolderFiles(write(tmp_path, files))) == [
        ("py.test a", {}),
        ("pytest tests", {}),
        ("pytest -x", {}),
    ]
