"""Every tutorial runs as it stands there, block after block, in an empty folder with a home of its own."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from forked_command import write_program

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/tutorials/*.md")), ids=lambda page: page.stem)
def test_a_tutorial_runs_block_by_block(page: Path, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    write_program(programs / "treewright")
    home = tmp_path / "home"
    home.mkdir()
    env = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(home), "PYTHONPATH": str(ROOT), "COLUMNS": "80"}
    blocks = BLOCK.findall(page.read_text())
    assert blocks
    script = "set -e\n" + "\n".join(blocks)
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "Traceback" not in done.stderr
