"""The test commands a repository configures for tox and nox."""

from __future__ import annotations

import ast
import configparser
import re

from tools.files import FileReader
from tools.syntax import parse_python
from tools.testing.config import parse_ini, read_ini, read_text, read_toml

POSITIONAL = re.compile(r"\{posargs(?::([^{}]*(?:\{[^{}]*\}[^{}]*)*))?\}")
FOLDERS = {"{toxinidir}": ".", "{tox_root}": ".", "{envpython}": "python", "{env_python}": "python"}
CONDITION = re.compile(r"!?[\w,.!-]+:\s+(.*)")
TEST_WORDS = re.compile(r"\b(?:py\.?test|unittest|runtests|manage\.py|trial|nose\w*|bin/test)\b")


def configured_commands(files: FileReader) -> list[tuple[str, dict[str, str]]]:
    """Commands that look like running tests, each with the variables set for it; the most general ones first.

    Taken from `[testenv]` of tox.ini and setup.cfg, `[tool.tox]` of pyproject.toml (as TOML and as legacy text),
    tox.toml, and `session.run(...)` of noxfile.py. Nothing is executed: what only running the file could tell is
    left out.
    """
    found: list[tuple[str, dict[str, str]]] = []
    for path in ("tox.ini", "setup.cfg"):
        found += _from_ini(read_ini(files, path), "tox:" if path == "setup.cfg" else "")
    tool = read_toml(files, "pyproject.toml").get("tool", {})
    tox = tool.get("tox", {}) if isinstance(tool, dict) else {}
    if isinstance(tox, dict) and isinstance(tox.get("legacy_tox_ini"), str):
        found += _from_ini(parse_ini(tox["legacy_tox_ini"]), "")
    found += _from_toml(tox) + _from_toml(read_toml(files, "tox.toml"))
    found += _from_nox(read_text(files, "noxfile.py"))
    return [(text, env) for text, env in found if TEST_WORDS.search(text)]


def _from_ini(parser: configparser.RawConfigParser, prefix: str) -> list[tuple[str, dict[str, str]]]:
    names = [name for name in parser.sections() if name.removeprefix(prefix).partition(":")[0] == "testenv"]
    found: list[tuple[str, dict[str, str]]] = []
    for name in sorted(names, key=lambda name: (name != prefix + "testenv", names.index(name))):
        env = _assignments(parser.get(name, "setenv", fallback="") + "\n" + parser.get(name, "set_env", fallback=""))
        folder = parser.get(name, "changedir", fallback=parser.get(name, "change_dir", fallback=""))
        for line in parser.get(name, "commands", fallback="").replace("\\\n", " ").splitlines():
            text = _plain(line)
            if text:
                there = _plain(folder)
                found.append((f"cd {there} && {text}" if there and there != "." else text, env))
    return found


def _plain(line: str) -> str:
    """A line of tox without its conditions and substitutions; empty when something else must be substituted."""
    line = line.strip()
    if condition := CONDITION.fullmatch(line):
        line = condition[1].strip()
    line = line.removeprefix("-").strip() if line.startswith("- ") else line
    line = POSITIONAL.sub(lambda match: match[1] or "", line)
    for name, value in FOLDERS.items():
        line = line.replace(name + "/", "" if value == "." else value + "/").replace(name, value)
    words = [word for word in line.split() if not re.search(r"\{[^{}]*\}", word)]
    return " ".join(words)


def _assignments(text: str) -> dict[str, str]:
    env = {}
    for line in text.splitlines():
        name, equals, value = _plain(line).partition("=")
        if equals and name.strip().isidentifier() and "{" not in line:
            env[name.strip()] = value.strip()
    return env


def _from_toml(tox: object) -> list[tuple[str, dict[str, str]]]:
    if not isinstance(tox, dict):
        return []
    environments = tox.get("env", {})
    tables = [tox.get("env_run_base", {}), *(environments.values() if isinstance(environments, dict) else ())]
    found: list[tuple[str, dict[str, str]]] = []
    for table in tables:
        commands = table.get("commands", []) if isinstance(table, dict) else []
        for command in commands if isinstance(commands, list) else []:
            words = [word for word in command if isinstance(word, str)] if isinstance(command, list) else []
            if words:
                found.append((_plain(" ".join(words)), {}))
    return found


def _from_nox(text: str) -> list[tuple[str, dict[str, str]]]:
    try:
        tree = parse_python(text)
    except (SyntaxError, ValueError):
        return []
    found: list[tuple[str, dict[str, str]]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "run":
            words = [part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
            if words:
                found.append((" ".join(words), {}))
    return found
