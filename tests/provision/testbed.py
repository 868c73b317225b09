"""Images as the benchmark has them, for the tiny project: a conda that does nothing, a Python, the repository."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from tiny import BASE, Tiny, git

sys.path.append(str(Path(__file__).parent.parent / "environments"))
from daemon import PYTHON, make_image

PROGRAMS = ("git", "mkdir", "rm", "patch", "kill")
PYTEST = (
    "#!/opt/miniconda3/envs/testbed/bin/python\nimport sys\nfrom pytest import console_main\nsys.exit(console_main())\n"
)
WAITS = "#!/bin/sh\ntrap 'exit 0' TERM\nwhile :; do sleep 5 & wait; done\n"  # in place of `tail -f`, which ends late
ACTIVATE = "conda() { export PATH=/opt/miniconda3/envs/testbed/bin:$PATH CONDA_DEFAULT_ENV=testbed; }\n"
PIP = "open('tiny_version.txt', 'w').write('made by the installation')\n"
BUILDING = ("sed", "chmod", "date", "wc", "git-upload-pack")


def make_testbed(host: str, tiny: Tiny, folder: Path) -> str:
    """Import the image of the tiny task, under the name of the published one; returns it."""
    task = tiny.task()
    bed = folder / "testbed"
    subprocess.run(["git", "clone", "-q", task.task.repository, bed], check=True)
    git(bed, "checkout", "-q", task.task.base)
    (bed / "tiny_version.txt").write_text("made by the installation")
    assert "tiny_version.txt" in BASE[".gitignore"]
    name = f"swebench/sweb.eval.x86_64.{task.id.replace('__', '_1776_')}:latest"
    make_image(host, name, programs=PROGRAMS, more={**_machine(tiny, folder), "testbed": bed})
    return name


def make_base(host: str, tiny: Tiny, folder: Path) -> None:
    """Import what stands in for the lowest layer that the swebench package builds upon, with the forge in it."""
    task = tiny.task()
    (folder / "gitconfig").write_text('[url "/forge/"]\n\tinsteadOf = https://github.com/\n[safe]\n\tdirectory = *\n')
    _program(folder / "pip" / "__main__.py", PIP)
    (folder / "bashrc").write_text("")
    environment = "opt/miniconda3/envs/testbed/lib/python{}.{}/site-packages/pip".format(*_version())
    more = {
        **_machine(tiny, folder),
        f"forge/{task.project}": Path(task.task.repository),
        "etc/gitconfig": folder / "gitconfig",
        "root/.bashrc": folder / "bashrc",
        environment: folder / "pip",
    }
    make_image(host, "sweb.base.py.x86_64:latest", programs=(*PROGRAMS, *BUILDING), more=more)


def _machine(tiny: Tiny, folder: Path) -> dict[str, Path]:
    """What is at which place of an image: a conda, its environment, the programs that are not in their usual place."""
    conda = folder / "miniconda3"
    environment = conda / "envs" / "testbed"
    packages = environment / "lib" / "python{}.{}".format(*_version()) / "site-packages"
    packages.mkdir(parents=True)
    for wheel in tiny.wheels.glob("*.whl"):
        zipfile.ZipFile(wheel).extractall(packages)
    (packages / "tiny.pth").write_text("/testbed\n")
    (environment / "bin").mkdir()
    (environment / "pyvenv.cfg").write_text(f"home = {Path(PYTHON).parent}\n")
    (environment / "bin" / "python").symlink_to(PYTHON)
    _program(environment / "bin" / "pytest", PYTEST)
    _program(conda / "bin" / "activate", ACTIVATE)
    _program(folder / "tail", WAITS)
    (folder / "passwd").write_text("root:x:0:0:root:/root:/bin/bash\n")
    more = {"opt/miniconda3": conda, "etc/passwd": folder / "passwd"}
    return more | {"bin/bash": Path("/bin/bash").resolve(), "usr/bin/tail": folder / "tail"}


def _version() -> tuple[str, str]:
    code = "import sys; print(*sys.version_info[:2])"
    told = subprocess.run([PYTHON, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    return told[0], told[1]


def _program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
