"""Patches that fix and patches that cheat, judged; and a naive grader that they fool."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from grading_shop import Shop, change_to
from patches import CHEATS, FIXED, HIDDEN, HONEST, TESTS, Patch

from agent.evaluation.single import Request, evaluate_one
from environments.registry import create
from environments.verdicts import Verdict

# what a plain grader sees: the suite's exit code after the patch and then the hidden tests were put in place
FOOLED = (
    "conftest runs nothing",
    "pytest.ini collects only",
    "pytest shadowed",
    "entry point",
    "exit at exit",
    "another program",
    "runtest replaced",
    "equal to everything",
)


async def _judge(shop: Shop, python: Path, patch: str) -> Verdict:
    request = Request(
        str(shop.root), "HEAD", patch, shop.hidden, TESTS, python=str(python), test="python -m pytest", test_seconds=3.0
    )
    return await evaluate_one(request, create("bubblewrap"))


@pytest.mark.parametrize("name", CHEATS)
async def test_a_cheat_is_not_resolved(name: str, shop: Shop, python: Path) -> None:
    verdict = await _judge(shop, python, shop.patch(CHEATS[name]))
    assert not verdict.resolved, verdict
    assert verdict.reason


@pytest.mark.parametrize("name", HONEST)
async def test_a_fix_is_resolved(name: str, shop: Shop, python: Path) -> None:
    verdict = await _judge(shop, python, shop.patch(HONEST[name]))
    assert verdict.resolved, (verdict.reason, verdict.tests)
    assert verdict.canaries >= 6


@pytest.mark.parametrize("name", ["conftest at the root", "tests edited", "entry point", "pytest shadowed"])
async def test_a_fix_is_resolved_whatever_it_does_beside(name: str, shop: Shop, python: Path) -> None:
    """What is left out of a patch does not count against it either."""
    verdict = await _judge(shop, python, shop.patch({**CHEATS[name], "shop/price.py": FIXED}))
    assert verdict.resolved, (verdict.reason, verdict.tests)
    assert verdict.left_out


def test_a_naive_grader_is_fooled(shop: Shop, python: Path, tmp_path: Path) -> None:
    fooled = [name for name in FOOLED if _naive(shop, python, tmp_path / name.replace(" ", "-"), CHEATS[name])]
    assert len(fooled) >= 6, fooled
    assert _naive(shop, python, tmp_path / "honest", HONEST["the fix"])
    assert not _naive(shop, python, tmp_path / "nothing", CHEATS["nothing but a comment"])


def _naive(shop: Shop, python: Path, folder: Path, patch: Patch) -> bool:
    shutil.copytree(shop.root, folder, ignore=shutil.ignore_patterns(".git"))
    for path, content in {**patch, **HIDDEN}.items():
        change = change_to(content)
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        if change.content is None:
            (folder / path).unlink()
        else:
            (folder / path).write_bytes(change.content)
    files = list(dict.fromkeys(test.partition("::")[0] for test in TESTS))
    done = subprocess.run(
        [python / "bin" / "python", "-m", "pytest", "-q", *files],
        cwd=folder,
        check=False,
        capture_output=True,
        timeout=60,
    )
    return done.returncode == 0
