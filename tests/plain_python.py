"""A virtual environment with pytest and nothing else: our own has plugins that take a second of every run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

NEEDED = ("pytest", "pluggy", "iniconfig", "packaging", "pygments")


def plain_environment(folder: Path) -> Path:
    """Makes it in `folder`, from what is installed here."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    for name in NEEDED:
        found = distribution(name)
        for file in found.files or ():
            if not file.parts[0].startswith("..") and "__pycache__" not in file.parts:
                (packages / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(found.locate_file(file)), packages / file)
    # a sandbox shows it read-only: what is not compiled now is compiled in every run
    subprocess.run([folder / "bin" / "python", "-m", "compileall", "-q", packages], check=True)
    return folder
