"""A tiny benchmark: one project with a history beyond the base, hidden tests, and what installing it needs, offline."""

from __future__ import annotations

import json
import subprocess
import zipfile
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from environments.benchmarks import BenchmarkTask, load

MARK = "gold_marker_7c1f"
PROJECT = "pallets/flask"  # one that the official parsers know
VERSION = "0.0"
BACKEND = """\
import os, zipfile

NAME = "tiny-1.0-py3-none-any.whl"


def build_editable(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(os.path.join(folder, NAME), "w") as wheel:
        wheel.writestr("tiny.pth", os.getcwd() + "\\n")
        wheel.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n")
        wheel.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("tiny-1.0.dist-info/RECORD", "")
    with open("tiny_version.txt", "w") as file:
        file.write("1.0")
    with open("tiny/_version.py") as source, open("tiny_refs.txt", "w") as file:
        file.write(source.read())
    return NAME


build_wheel = build_editable
"""
BASE = {
    "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
    "backend.py": BACKEND,
    "tiny/_version.py": 'refs = "$Format:%d$"\n',
    "tiny/__init__.py": "def double(number):\n    return number + number + 1\n",
    "tests/test_tiny.py": "from tiny import double\n\n\ndef test_type():\n    assert isinstance(double(1), int)\n"
    "\n\ndef test_zero():\n    assert double(0) == 0\n"
    "\n\ndef test_machine():\n    open('/of/another/machine')\n",
    "tiny/data/table.dat": "0" * 3000,
    ".gitignore": "tiny_version.txt\ntiny_refs.txt\n",
}
SOURCE_FIX = f"def double(number):\n    {MARK} = 2\n    return number * {MARK}\n"
HIDDEN_TEST = f"\n\ndef test_{MARK}():\n    assert double(4) == 8\n"
OVERRIDES = f"""\
[default]
seed = []

["{PROJECT}"]
python = "3.11"
packages = ["pytest"]
test_cmd = "pytest -rA"
"""
TABLES = {
    "default": {"seed": []},
    PROJECT: {"python": "3.11", "packages": ["pytest"], "test_cmd": "pytest -rA", "pip_packages": []},
}


def git(root: Path, *words: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    return subprocess.run(["git", "-C", root, *who, *words], check=True, capture_output=True, text=True).stdout


@dataclass
class Tiny:
    """The benchmark on disk."""

    mirrors: Path
    dataset: Path
    wheels: Path
    wrong: str

    def task(self) -> BenchmarkTask:
        (task,) = load(self.dataset, mirrors=self.mirrors)
        return task


def make_tiny(folder: Path, project: str = PROJECT, version: str = VERSION) -> Tiny:
    root = folder / "work"
    root.mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    base = _commit(root, BASE, "base")
    wrong_commit = _commit(root, {"tiny/__init__.py": BASE["tiny/__init__.py"].replace("+ 1", "+ 0 * 7 + 2")}, "wrong")
    wrong = git(root, "diff", base, wrong_commit)
    git(root, "reset", "-q", "--hard", base)
    fixed = _commit(root, {"tiny/__init__.py": SOURCE_FIX}, f"the fix {MARK}")
    tested = _commit(root, {"tests/test_tiny.py": BASE["tests/test_tiny.py"] + HIDDEN_TEST}, "its tests")
    row: dict[str, Any] = {
        "instance_id": f"{project.replace('/', '__')}-1",
        "repo": project,
        "base_commit": base,
        "patch": git(root, "diff", base, fixed),
        "test_patch": git(root, "diff", fixed, tested),
        "problem_statement": "double(4) is 9",
        "version": version,
        "FAIL_TO_PASS": json.dumps([f"tests/test_tiny.py::test_{MARK}"]),
        "PASS_TO_PASS": json.dumps(["tests/test_tiny.py::test_type"]),
        "environment_setup_commit": base,
    }
    mirrors = folder / "mirrors"
    mirrors.mkdir()
    subprocess.run(["git", "clone", "-q", "--mirror", root, mirrors / f"{project.replace('/', '__')}.git"], check=True)
    dataset = folder / "tiny.json"
    dataset.write_text(json.dumps([row]))
    return Tiny(mirrors, dataset, _wheels(folder / "wheels"), wrong)


def make_wheel(folder: Path, name: str, files: dict[str, str]) -> None:
    """A wheel of the given files, without dependencies."""
    with zipfile.ZipFile(folder / f"{name}-9.0-py3-none-any.whl", "w") as wheel:
        info = {"METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 9.0\n", "RECORD": ""}
        info["WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        for path, text in {**files, **{f"{name}-9.0.dist-info/{key}": value for key, value in info.items()}}.items():
            wheel.writestr(path, text)


def _commit(root: Path, files: dict[str, str], message: str) -> str:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    git(root, "add", "-A", "-f")
    git(root, "commit", "-qm", message)
    return git(root, "rev-parse", "HEAD").strip()


def _wheels(folder: Path) -> Path:
    """pytest and what it needs, as they are installed here, so that nothing is fetched."""
    folder.mkdir()
    for name in ("pytest", "pluggy", "iniconfig", "packaging", "pygments"):
        found = distribution(name)
        with zipfile.ZipFile(folder / f"{name}-{found.version}-py3-none-any.whl", "w") as wheel:
            for file in found.files or ():
                if ".." not in file.parts and "__pycache__" not in file.parts and file.locate().is_file():
                    wheel.write(str(file.locate()), str(file))
    return folder
