"""Which runner a repository's tests want."""

from __future__ import annotations

import re

from tools.errors import InputError
from tools.files import FileReader
from tools.testing.commands import other_command, understand
from tools.testing.config import read_ini, read_json, read_text, read_toml
from tools.testing.configured import configured_commands
from tools.testing.naming import find_test_files
from tools.testing.runners.command import CommandRunner
from tools.testing.runners.django import django_runner
from tools.testing.runners.probed import ProbeRunner
from tools.testing.runners.pytest import pytest_runner
from tools.testing.runners.sympy import sympy_runner
from tools.testing.runners.unittest import unittest_runner
from tools.testing.types import TestRunner

NPM_PLACEHOLDER = "no test specified"
NODE_REPORTERS = {
    "jest": "--json --outputFile={report}",
    "vitest": "--reporter=json --outputFile={report}",
    "mocha": "--reporter tap",
    "--test": "--test-reporter=tap",
}
SAMPLE = 40


def detect(files: FileReader, *, command: str | None = None, python: str) -> TestRunner:
    """The runner for a repository.

    Args:
        files: of the repository.
        command: a test command given by a person; the frameworks known here are recognised in it and run with its
            arguments under the probe, anything else runs as it is.
        python: the interpreter of the repository's environment, as the sandbox sees it.

    Raises:
        InputError: nothing here looks like tests, and no command was given.
    """
    if command is not None and command.strip():
        text = command.strip()
        if re.fullmatch(r"(?:python\S* -m )?(?:tox|nox)\b.*", text):
            configured = _configured(files, python)
            if configured is not None:
                return configured
        return understand(files, text, python)
    found = _python_runner(files, python) or _other_runner(files)
    if found is None:
        raise InputError("no tests found in the repository", hint="say how to run them: --test COMMAND")
    return found


def _python_runner(files: FileReader, python: str) -> TestRunner | None:
    if files.exists("tests/runtests.py") and files.exists("django/__init__.py"):
        return django_runner(python, "tests/runtests.py")
    if files.exists("bin/test") and files.exists("sympy/__init__.py"):
        return sympy_runner(files, python)
    tests = find_test_files(files.paths(), suffix=".py")
    if _has_pytest_config(files):
        return pytest_runner(files, python)
    if files.exists("manage.py") and "django" in read_text(files, "manage.py"):
        return django_runner(python, "manage.py")
    configured = _configured(files, python)
    if configured is not None:
        return configured
    if not tests:
        return None
    return unittest_runner(files, python) if _is_plain_unittest(files, tests) else pytest_runner(files, python)


def _has_pytest_config(files: FileReader) -> bool:
    tool = read_toml(files, "pyproject.toml").get("tool", {})
    return (
        any(files.exists(path) for path in ("pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml"))
        or (isinstance(tool, dict) and "pytest" in tool)
        or read_ini(files, "setup.cfg").has_section("tool:pytest")
        or read_ini(files, "tox.ini").has_section("pytest")
        or any(path == "conftest.py" or path.endswith("/conftest.py") for path in files.paths())
    )


def _configured(files: FileReader, python: str) -> TestRunner | None:
    """The first configured command that can run under the probe."""
    for text, env in configured_commands(files):
        runner = understand(files, text, python)
        if isinstance(runner, ProbeRunner):
            return ProbeRunner(**{**vars(runner), "env": {**env, **runner.env}})
    return None


def _is_plain_unittest(files: FileReader, tests: list[str]) -> bool:
    """Whether the test files need nothing but unittest, and nothing asks for pytest."""
    declared = ("setup.py", "setup.cfg", "pyproject.toml", "tox.ini", "requirements-dev.txt", "dev-requirements.txt")
    if any("pytest" in read_text(files, path) for path in declared):
        return False
    texts = [read_text(files, path) for path in tests[:SAMPLE]]
    if any(re.search(r"^\s*(?:import|from) pytest\b", text, re.MULTILINE) for text in texts):
        return False
    return any("unittest" in text for text in texts) and not any(
        re.search(r"^(?:async )?def test", text, re.MULTILINE) for text in texts
    )


def _other_runner(files: FileReader) -> CommandRunner | None:
    scripts = read_json(files, "package.json").get("scripts", {})
    script = scripts.get("test", "") if isinstance(scripts, dict) else ""
    if isinstance(script, str) and script and NPM_PLACEHOLDER not in script:
        return node_runner(script)
    if files.exists("go.mod"):
        return other_command("go test ./...")
    if files.exists("Cargo.toml"):
        return other_command("cargo test")
    if re.search(r"\bTestTask\b", read_text(files, "Rakefile")):
        bundled = "bundle exec " if files.exists("Gemfile.lock") else ""
        return CommandRunner(f"{bundled}rake test TESTOPTS=-v")
    if files.exists("pom.xml"):
        return other_command("mvn -B test")
    for wrapper in ("gradlew", "build.gradle", "build.gradle.kts"):
        if files.exists(wrapper):
            return other_command("./gradlew test" if files.exists("gradlew") else "gradle test")
    if re.search(r"^test:", read_text(files, "Makefile"), re.MULTILINE):
        return CommandRunner("make test")
    return None


def node_runner(script: str) -> CommandRunner:
    """A runner for `npm test`, with a reporter that can be read when its script ends in a known tool."""
    last = re.split(r"&&|;|\|\|?", script)[-1]
    for tool, flags in NODE_REPORTERS.items():
        if tool in last.split():
            return CommandRunner(f"npm test --silent -- {flags}", writes="{report}" in flags)
    return CommandRunner("npm test --silent")
