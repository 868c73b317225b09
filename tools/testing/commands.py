"""Understanding a test command as a person writes it, to run the same tests under the probe."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tools.files import FileReader
from tools.testing.runners.command import CommandRunner
from tools.testing.runners.django import django_runner
from tools.testing.runners.probed import ProbeRunner
from tools.testing.runners.pytest import pytest_runner
from tools.testing.runners.sympy import sympy_runner
from tools.testing.runners.unittest import unittest_runner
from tools.testing.types import TestRunner

SHELL = re.compile(r"[;|&<>`\n]|\$[({A-Za-z_]")
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
PYTHON = re.compile(r"(?:\S*/)?(?:python|pypy)[\d.]*")
KEPT_FLAG = re.compile(r"-[bBdOsuvq]+|-[WX].*")
LAUNCHERS = (
    ("poetry", "run"),
    ("pipenv", "run"),
    ("pdm", "run"),
    ("uv", "run"),
    ("rye", "run"),
    ("hatch", "run"),
    ("xvfb-run",),
    ("env",),
    ("time",),
)
COVERAGE_FLAGS = frozenset({"-p", "-a", "-m", "--parallel-mode", "--branch", "--append", "-L"})


@dataclass(frozen=True)
class _Command:
    words: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    cwd: str = ""


def understand(files: FileReader, text: str, python: str) -> TestRunner:
    """The structured runner for a command, when it is one of a known test framework; else the command as it is.

    Args:
        files: of the repository.
        text: shell text, such as "cd src && FOO=1 poetry run pytest -x tests/unit".
        python: the interpreter to use instead of the one that is named.
    """
    command = _split(text)
    if command is not None:
        words = _without_launchers(command.words)
        while words and ASSIGNMENT.fullmatch(words[0]):
            name, _, value = words[0].partition("=")
            command.env[name] = value
            words = words[1:]
        runner = _known(files, replace(command, words=words), python)
        if runner is not None:
            return runner
    return other_command(text)


def other_command(text: str) -> CommandRunner:
    """A runner for a command of another language, with the report it can be made to write."""
    words = text.split()
    first = words[0] if words else ""
    if first in ("mvn", "./mvnw", "mvnw"):
        return CommandRunner(text, ("*/target/surefire-reports/TEST-*.xml", "*/target/failsafe-reports/TEST-*.xml"))
    if first in ("gradle", "./gradlew", "gradlew"):
        return CommandRunner(text, ("*/build/test-results/*/TEST-*.xml",))
    if words[:2] == ["go", "test"] and "-json" not in words and not SHELL.search(text):
        return CommandRunner(" ".join(["go", "test", "-json", *words[2:]]))
    if words[:2] == ["cargo", "test"] and not SHELL.search(text) and "--no-fail-fast" not in words:
        return CommandRunner(" ".join(["cargo", "test", "--no-fail-fast", *words[2:]]))
    junit = re.search(r"--(?:junit-?xml|reporter-options? output|outputFile)[= ](\S+\.xml)", text)
    return CommandRunner(text, (f"./{posixpath.normpath(junit[1])}",) if junit else ())


def spoken(runner: TestRunner) -> str:
    """What a prompt calls a runner: by its name, or by the command where it is any other."""
    return f"`{runner.text}`" if isinstance(runner, CommandRunner) else runner.name


def _split(text: str) -> _Command | None:
    """The words, assignments and folder of a simple command; None for anything that needs a shell."""
    cwd = ""
    rest = text.strip()
    if found := re.match(r"cd\s+([\w./-]+)\s*(?:&&|;)\s*", rest):
        cwd, rest = posixpath.normpath(found[1]), rest[found.end() :]
    if SHELL.search(rest) or cwd.startswith(("/", "..")):
        return None
    try:
        words = shlex.split(rest)
    except ValueError:
        return None
    env: dict[str, str] = {}
    while words and ASSIGNMENT.fullmatch(words[0]):
        name, _, value = words.pop(0).partition("=")
        env[name] = value
    return _Command(tuple(words), env, "" if cwd == "." else cwd)


def _without_launchers(words: tuple[str, ...]) -> tuple[str, ...]:
    while True:
        launcher = next((known for known in LAUNCHERS if words[: len(known)] == known), None)
        if launcher is None:
            break
        words = words[len(launcher) :]
        while words and words[0].startswith("-"):
            words = words[1:]
    if words[:2] == ("coverage", "run"):
        return _after_coverage(words[2:])
    if words[1:4] == ("-m", "coverage", "run"):
        return _after_coverage(words[4:])
    return words


def _after_coverage(words: tuple[str, ...]) -> tuple[str, ...]:
    """`coverage run -m pytest` and `coverage run script.py` without coverage."""
    module = False
    while words and words[0].startswith("-"):
        module = module or words[0] == "-m"
        words = words[1:] if words[0] in COVERAGE_FLAGS or "=" in words[0] else words[2:]
    return ("python", "-m", *words) if module else ("python", *words)


def _known(files: FileReader, command: _Command, python: str) -> TestRunner | None:
    words, env, cwd = command.words, command.env, command.cwd
    head = posixpath.basename(words[0]) if words else ""
    if head in ("pytest", "py.test"):
        return pytest_runner(files, python, words[1:], cwd=cwd, env=env, import_from_here=False)
    if head in ("unit2", "nosetests", "nose2") and len(words) == 1:
        return unittest_runner(files, python, cwd=cwd, env=env)
    if words and PYTHON.fullmatch(words[0]):
        return _python(files, command, python)
    if words and _is_script(files, words[0], cwd):
        return _script(files, words[0], words[1:], python, command)
    return None


def _python(files: FileReader, command: _Command, python: str) -> TestRunner | None:
    words = list(command.words[1:])
    flags: list[str] = []
    while words and words[0].startswith("-") and words[0] != "-m":
        if not KEPT_FLAG.fullmatch(words[0]):
            return None
        taken = 2 if words[0] in ("-W", "-X") else 1
        flags += words[:taken]
        words = words[taken:]
    runner: TestRunner | None = None
    if words[:1] == ["-m"]:
        runner = _module(files, words[1:], command, python)
    elif words and _is_script(files, words[0], command.cwd):
        runner = _script(files, words[0], words[1:], python, command)
    elif words == ["setup.py", "test"]:
        runner = unittest_runner(files, python, cwd=command.cwd, env=command.env)
    return replace(runner, flags=tuple(flags)) if isinstance(runner, ProbeRunner) else runner


def _module(files: FileReader, words: Sequence[str], command: _Command, python: str) -> TestRunner | None:
    if words[:1] == ["pytest"]:
        return pytest_runner(files, python, words[1:], cwd=command.cwd, env=command.env)
    if words[:1] == ["unittest"]:
        return unittest_runner(files, python, words[1:], cwd=command.cwd, env=command.env)
    return None


def _is_script(files: FileReader, word: str, cwd: str) -> bool:
    path = posixpath.normpath(posixpath.join(cwd, word))
    return posixpath.basename(path) in ("manage.py", "runtests.py", "test") and files.exists(path)


def _script(files: FileReader, script: str, words: Sequence[str], python: str, command: _Command) -> TestRunner | None:
    script = posixpath.normpath(script)
    if script == "bin/test" and not command.cwd:
        return sympy_runner(files, python, words, env=command.env)
    if posixpath.basename(script) == "manage.py" and tuple(words[:1]) != ("test",):
        return None
    return django_runner(python, script, words, cwd=command.cwd, env=command.env)
