"""Batches and archives as their writers leave them."""

from __future__ import annotations

import json
import random
from pathlib import Path

from agent.batch.ledger import Ledger
from agent.batch.manifest import describe
from agent.config import Settings
from agent.evolve.archive import Archive, identity
from agent.evolve.records import DesignRecord, ResultRecord, Split, Standing
from environments.tasks import Task

EVIL = "<img src=x onerror=window.pwned=1 data-evil=1>\u202e"


def make_batch(root: Path, count: int, *, solves: float, seed: int = 0, evaluated: bool = True, evil: str = "") -> Path:
    """A batch of `count` tasks of which about a share `solves` is solved; the last one waits."""
    draw = random.Random(seed)
    given = [Task(f"project__{number:04d}{evil}", "repo", problem="x") for number in range(count)]
    root.mkdir(parents=True)
    manifest = describe(given, Settings(design="mechanical"), source={}, name=f"system{evil}")
    (root / "manifest.json").write_text(manifest.model_dump_json())
    instances = {}
    with Ledger(root / "batch.db") as ledger:
        ledger.add(given)
        for task in given[:-1]:
            sure = draw.random()
            solved = sure < solves
            spending = {
                "usd": round(draw.random() / 10, 4),
                "calls": 9,
                "tokens": 40_000,
                "nodes": draw.randrange(1, 40),
            }
            outcome = {"status": "solved", "patch": "diff", "confidence": round(1 - sure, 3), "spending": spending}
            if draw.random() < 0.08:
                ledger.finish(task.id, "failed-infra", reason=f"the sandbox failed after {draw.randrange(9)} s{evil}")
                continue
            ledger.finish(
                task.id, "solved-candidate" if solved else "abstained", reason=f"no patch {evil}", outcome=outcome
            )
            right = solved and draw.random() < 0.8
            instances[task.id] = {"status": "resolved" if right else "unresolved", "resolved": right}
    if evaluated:
        (root / "evaluation.json").write_text(json.dumps({"instances": instances}))
    return root


def make_archive(root: Path, *, generations: int = 4, evil: str = "") -> Path:
    """Three designs a generation, each with a parent, the last with two, results on two splits, and a refused one."""
    draw = random.Random(1)
    root.mkdir(parents=True)
    ids: dict[tuple[int, int], str] = {}
    with Archive(root / "archive.db") as archive:
        archive.keep("plan", {"strategy": f"hgm{evil}", "designs": 9})
        for generation in range(generations):
            for number in range(3):
                code = f"async def solve(kit):\n    await kit.localize({generation})\n    return {number}\n# {evil}\n"
                ids[generation, number] = identity(code)
                before = [(generation - 1, number), (generation - 1, (number + 1) % 3)][: 1 + (number == 2)]
                parents = tuple(ids[each] for each in before if generation)
                name = f"design {generation}{number}{evil}"
                standing: Standing = "archived" if generation else "seed"
                archive.add(
                    DesignRecord(identity(code), name, code, f"**Try** {evil}", parents, generation, standing=standing)
                )
                for task in range(12):
                    split: Split = "search" if task < 8 else "held-out"
                    score = float(draw.random() < 0.2 + 0.15 * generation and task != 5)
                    error = evil if task == 3 else ""
                    spent = 0.01 * (number + 1)
                    archive.record(
                        ResultRecord(identity(code), f"t{task}", 0, split, score, "abstained", spent, error=error)
                    )
        if generations:
            refused = DesignRecord("bad", "bad", "def", standing="refused", error=f"no solve {evil}", generation=1)
            archive.add(refused)
            archive.keep("end", end(ids[generations - 1, 0], ids[0, 0], evil))
    return root


def end(champion: str, baseline: str, evil: str) -> dict[str, object]:
    """How an evolution says that it ended."""
    one = {"name": f"c{evil}", "search": 0.6, "held_out": 0.5, "held_out_interval": [0.2, 0.8]}
    gap = {"difference": 0.25, "interval": [-0.1, 0.5], "p": 0.5, "tasks": 4, "inflation": 0.1}
    return {"champion": {"id": champion, **one}, "baseline": {"id": baseline, **one}, **gap}
