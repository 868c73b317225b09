"""A repository to be graded, and an interpreter with nothing but pytest."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from grading_shop import Shop


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = Shop(tmp_path_factory.mktemp("shop"))
    yield made
    made.store.close()


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment that starts fast: pytest and what it needs, no other plug-ins."""
    folder = tmp_path_factory.mktemp("python") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python3*/site-packages")
    for name in ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments"):
        source = Path(pytest.__file__).parent.parent / name
        if source.is_dir():
            shutil.copytree(source, packages / name, ignore=shutil.ignore_patterns("tests"))
    shutil.copy(Path(pytest.__file__).parent.parent / "py.py", packages)
    for source in Path(pytest.__file__).parent.parent.glob("pytest-*.dist-info"):
        shutil.copytree(source, packages / source.name)
    subprocess.run([folder / "bin" / "python", "-m", "compileall", "-q", packages / "_pytest"], check=False)
    return folder
