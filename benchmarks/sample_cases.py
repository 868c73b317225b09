"""Samples historical bugs from consecutive source releases, as manifests like those in `benchmarks/mechanical`.

    python benchmarks/sample_cases.py --python PYTHON --downloads DIR --out DIR PACKAGE[:REQUIREMENT,...] ...

For each package, pairs of consecutive releases are taken in a seeded shuffle. The changed test files of the later
release are run on the earlier one and on their own. Tests that fail on the earlier and pass on the later are put to
each hunk of at most three lines of one source file: a hunk that alone makes such a test pass is a bug's fix, and the
first one found is the package's case. Nothing is left out by whether a template could make it.

PYTHON is an interpreter with pytest and all requirements. Next to each manifest NAME.json keeps the hunk, for judging.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import difflib
import hashlib
import itertools
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from environments.releases import Release, unpack
from environments.releases import _pip_download as pip_download
from tools.errors import TreewrightError
from tools.testing.naming import is_test_file, is_test_support

SEED = 20
LINES = 3
HUNKS = 40
FAILING = 12
SECONDS = 90
_FINAL = re.compile(r"\d+(\.\d+)*(\.post\d+)?")
_SKIP = {"docs", "doc", "examples", "benchmarks", "setup.py", "conftest.py", "tasks.py", "noxfile.py"}


@dataclass(frozen=True)
class Hunk:
    """Lines `start` to `end` (0-based, end excluded) of a file of the earlier release become `lines`."""

    path: str
    start: int
    end: int
    lines: tuple[str, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="+")
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--downloads", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--newest", type=int, default=30, help="only pairs among this many newest releases")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for given in options.packages:
        package, _, requirements = given.partition(":")
        if list(options.out.glob(f"{package.lower()}-*.toml")):
            continue
        try:
            found = _sample(package, options)
        except (TreewrightError, subprocess.SubprocessError, OSError, ET.ParseError) as error:
            print(f"{package}: {type(error).__name__}: {str(error)[:200]}", flush=True)
            continue
        if found is None:
            print(f"{package}: none", flush=True)
            continue
        old, new, hunk, tests = found
        _write(package, found, tuple(filter(None, requirements.split(","))), options)
        print(f"{package}: {old} -> {new} {hunk.path} {tests}", flush=True)


def _sample(package: str, options: argparse.Namespace) -> tuple[str, str, Hunk, list[str]] | None:
    versions = _versions(package)[: options.newest]
    pairs = [(old, new) for new, old in itertools.pairwise(versions)]
    random.Random(f"{SEED}{package}").shuffle(pairs)
    for old, new in pairs[: options.pairs]:
        folder = Path(tempfile.mkdtemp(prefix="sample-"))
        try:
            for version in (old, new):
                unpack(_archive(package, version, options.downloads), folder / version)
            found = _fix(folder / old, folder / new, options.python)
            if found is not None:
                return old, new, *found
        except TreewrightError as error:
            print(f"  {package} {old} {new}: {str(error)[:120]}", flush=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return None


def _versions(package: str) -> list[str]:
    argv = [sys.executable, "-m", "pip", "index", "versions", package]
    output = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120).stdout
    line = next(line for line in output.splitlines() if line.startswith("Available versions:"))
    return [each for each in line.partition(":")[2].replace(" ", "").split(",") if _FINAL.fullmatch(each)]


def _archive(package: str, version: str, cache: Path) -> Path:
    folder = cache / f"{package}-{version}-sdist"
    if not folder.is_dir():
        asyncio.run(pip_download(Release(package, version, "sdist", ""), folder))
    return next(iter(folder.iterdir()))


def _fix(old: Path, new: Path, python: Path) -> tuple[Hunk, list[str]] | None:
    """The first small hunk that makes a test of the later release pass, and the tests it does that for."""
    tests = [path for path in _files(new) if is_test_file(path) and _text(old, path) != _text(new, path)]
    hunks = list(_hunks(old, new))
    if not tests or not hunks:
        return None
    for path in tests:
        (old / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(new / path, old / path)
        before = _run(python, old, [path])
        failing = sorted(test for test, passed in before.items() if not passed)
        if not failing or len(failing) > FAILING or not any(before.values()):
            continue
        after = _run(python, new, [path])
        failing = [test for test in failing if after.get(test)]
        for hunk in hunks if failing else ():
            original = _text(old, hunk.path)
            _edit(old / hunk.path, hunk)
            now = _run(python, old, failing)
            if any(now.get(test) for test in failing):
                now = _run(python, old, [path])  # the hunk may need others to harm nothing
                fixed = [test for test in failing if now.get(test)]
                harmed = [test for test, passed in before.items() if passed and not now.get(test)]
                if fixed and not harmed:
                    return hunk, fixed
            (old / hunk.path).write_text(original, encoding="utf-8", newline="")
    return None


def _files(root: Path) -> list[str]:
    found = (path.relative_to(root) for path in sorted(root.rglob("*.py")))
    return [path.as_posix() for path in found if not _SKIP & set(path.parts)]


def _text(root: Path, path: str) -> str:
    try:
        with (root / path).open(encoding="utf-8", newline="") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        return ""


def _hunks(old: Path, new: Path) -> Iterator[Hunk]:
    """The small hunks that change a syntax tree, versions and docstrings left out."""
    count = 0
    for path in _files(old):
        before, after = _text(old, path), _text(new, path)
        if is_test_support(path) or not before or not after or before == after:
            continue
        ours, theirs = before.splitlines(keepends=True), after.splitlines(keepends=True)
        matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
        for tag, i1, i2, j1, j2 in matcher.get_opcodes():
            if tag == "equal" or max(i2 - i1, j2 - j1) > LINES or "__version__" in "".join(theirs[j1:j2]):
                continue
            hunk = Hunk(path, i1, i2, tuple(theirs[j1:j2]))
            edited = "".join([*ours[:i1], *hunk.lines, *ours[i2:]])
            try:
                changed = _program(before) != _program(edited)
            except (SyntaxError, ValueError):
                continue
            if changed and count < HUNKS:
                count += 1
                yield hunk


def _program(text: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [each for each in body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))]
            node.body = kept  # type: ignore[attr-defined]
    return ast.dump(tree)


def _edit(path: Path, hunk: Hunk) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        lines = file.read().splitlines(keepends=True)
    text = "".join([*lines[: hunk.start], *hunk.lines, *lines[hunk.end :]])
    path.write_text(text, encoding="utf-8", newline="")


def _run(python: Path, root: Path, tests: list[str]) -> dict[str, bool]:
    """Whether each test passes, by its id; an empty answer when nothing could be run."""
    report = root.parent / "junit.xml"
    report.unlink(missing_ok=True)
    roots = os.pathsep.join(str(root / each) for each in _import_roots(root))
    argv = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=", "-o", "junit_family=xunit1"]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": roots, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        subprocess.run(
            [*argv, f"--junitxml={report}", *tests],
            cwd=root,
            env=env,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {}
    if not report.exists():
        return {}
    found = {}
    for case in ET.parse(report).iter("testcase"):
        path, name, owner = case.get("file"), case.get("name"), case.get("classname", "")
        if path and case.find("skipped") is None:
            module = path.removesuffix(".py").replace("/", ".")
            classes = owner.removeprefix(module).strip(".").replace(".", "::")
            identity = "::".join(filter(None, (path, classes, name)))
            found[identity] = case.find("failure") is None and case.find("error") is None
    return found


def _import_roots(root: Path) -> list[str]:
    return ["src", "."] if (root / "src").is_dir() else ["."]


def _write(
    package: str, found: tuple[str, str, Hunk, list[str]], requirements: tuple[str, ...], options: argparse.Namespace
) -> None:
    old, new, hunk, tests = found
    name = re.sub(r"[^a-z0-9]+", "-", f"{package}-{new}".lower())
    path = tests[0].partition("::")[0]
    digests = [
        hashlib.sha256(_archive(package, each, options.downloads).read_bytes()).hexdigest() for each in (old, new)
    ]
    words = re.sub(r"\W+|_", " ", tests[0].rpartition("::")[2]).strip()
    folder = Path(tempfile.mkdtemp(prefix="sample-"))
    unpack(_archive(package, old, options.downloads), folder / "old")
    settings = [
        each for each in ("setup.cfg", "tox.ini", "pytest.ini", "pyproject.toml") if _has_options(folder / "old" / each)
    ]
    roots = _import_roots(folder / "old")
    shutil.rmtree(folder)
    lines = [
        f"name = {json.dumps(name)}",
        f"package = {json.dumps(package)}",
        f"description = {json.dumps(f'Fixed in {new}: {words}')}",
        'kind = "sampled"',
        f"issue = {json.dumps(f'In {package} {old}, {words} does not work.')}",
        f"tests = {json.dumps([path])}",
        *([f"drop = {json.dumps(settings)}"] if settings else []),
        f"failing_tests = {json.dumps(tests)}",
        f"test_roots = {json.dumps([path])}",
        *([f"import_roots = {json.dumps(roots)}"] if roots != ["."] else []),
        f"fix_paths = {json.dumps([hunk.path])}",
        *([f"requirements = {json.dumps(list(requirements))}"] if requirements else []),
    ]
    for title, version, digest in (("buggy", old, digests[0]), ("fixed", new, digests[1])):
        lines += ["", f"[{title}]", f'version = "{version}"', f'sha256 = "{digest}"']
    (options.out / f"{name}.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (options.out / f"{name}.json").write_text(json.dumps(hunk.__dict__), encoding="utf-8")


def _has_options(path: Path) -> bool:
    return (
        path.is_file()
        and re.search(r"^\s*(addopts|filterwarnings|required_plugins)\s*=", path.read_text(), re.M) is not None
    )


if __name__ == "__main__":
    main()
