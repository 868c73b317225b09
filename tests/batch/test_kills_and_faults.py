"""A batch that is killed (`kill -9`) at random instants, and one whose model fails on a quarter of the requests.

`TREEWRIGHT_FULL=1` kills a batch of 30 tasks 20 times; without it the numbers are smaller.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from batch_faults import Faulty, failing
from batch_killing import instants, journal, leftovers, make_tasks, predictions, run_killed
from model_server import serving
from money_project import environment, treewright
from repairing_model import Author

TASKS, KILLS = (30, 20) if os.environ.get("TREEWRIGHT_FULL") else (3, 3)
JOBS = 2


class Calm:
    """A batch that nobody disturbed, its requests recorded."""

    def __init__(self, folder: Path, env: dict[str, str], author: Author) -> None:
        self.env = env
        self.author = author
        self.tasks = make_tasks(folder, TASKS)
        self.transcript = folder / "calm.jsonl"
        self.common = ["batch", "--dataset", self.tasks, "--design", "codetree", "--name", "tested", "-j", JOBS]
        self.live = [*self.common, "--model", "openai/hand", "--unknown-price", "free"]
        self.out = folder / "calm"
        done = treewright(env, *self.live, "--record", self.transcript, "--out", self.out, timeout=3600)
        assert done.returncode == 0, done.stderr
        self.requests = len(author.requests)
        self.patches = predictions(self.out)


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calm]:
    folder, author = tmp_path_factory.mktemp("calm"), Author()
    with serving(author) as url:
        yield Calm(folder, environment(folder / "home", OPENAI_API_BASE=url, OPENAI_API_KEY="none"), author)


def test_the_calm_batch_solves_all(calm: Calm) -> None:
    assert len(calm.patches) == TASKS
    assert all("i < total % people" in patch for patch in calm.patches.values())
    assert leftovers(calm.out) == []


def test_killed_under_replay_it_ends_the_same_and_asks_nothing_twice(calm: Calm, tmp_path: Path) -> None:
    out, sent = tmp_path / "killed", tmp_path / "sent.jsonl"
    command = [*calm.common, "--replay", calm.transcript, "--record", sent, "--out", out, "--workers", 2]

    def progress() -> int:
        return sent.read_bytes().count(b"\n") if sent.exists() else 0

    told = run_killed(command, calm.env, progress=progress, at=instants(calm.requests, KILLS, seed=5), seed=5)
    _check(calm, out, told.kills, told.orphans, told.code)
    assert progress() - calm.requests <= told.kills * JOBS  # what was in flight and not written down is asked again
    print(f"replay: {told.kills} kills, {progress() - calm.requests} of {calm.requests} requests were in flight")


@pytest.mark.skipif(not os.environ.get("TREEWRIGHT_FULL"), reason="each sitting loads the provider's client")
def test_killed_against_a_live_model_it_pays_nothing_twice(calm: Calm, tmp_path: Path) -> None:
    out, before = tmp_path / "killed", len(calm.author.requests)

    def progress() -> int:
        return len(calm.author.requests) - before

    at = instants(calm.requests, KILLS, seed=6)
    told = run_killed([*calm.live, "--out", out], calm.env, progress=progress, at=at, seed=6)
    _check(calm, out, told.kills, told.orphans, told.code)
    assert progress() - calm.requests <= told.kills * JOBS
    print(f"live: {told.kills} kills, {progress() - calm.requests} of {calm.requests} requests were in flight")


def test_with_faults_on_a_quarter_of_the_requests_it_ends_the_same(calm: Calm, tmp_path: Path) -> None:
    faulty, out = Faulty(Author(), share=0.25, seed=11), tmp_path / "faulty"
    with failing(faulty) as url:
        done = treewright(calm.env | {"OPENAI_API_BASE": url}, *calm.live, "--out", out, timeout=3600)
    assert done.returncode == 0, done.stderr
    assert predictions(out) == calm.patches
    assert _asked(out) == _asked(calm.out)
    injected, extra = sum(faulty.kinds.values()), faulty.requests - calm.requests
    print(f"{faulty.requests} requests, {injected} faults of {len(faulty.kinds)} kinds, {extra} extra requests")
    assert injected >= 0.15 * faulty.requests
    assert extra <= 1.1 * injected


def _check(calm: Calm, out: Path, kills: int, orphans: list[str], code: int) -> None:
    assert code == 0
    assert kills >= KILLS - 1
    assert orphans == []
    assert predictions(out) == calm.patches
    assert set(journal(out).values()) == {1}
    assert _asked(out) == _asked(calm.out)
    assert leftovers(out) == []


def _asked(out: Path) -> Counter[tuple[str, ...]]:
    """Calls by task, node and role; the content names the model, which a replay does not have."""
    return Counter(call[:3] for call in journal(out))
