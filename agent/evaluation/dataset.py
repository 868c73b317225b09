"""The predictions for a dataset, graded: in parallel, resumable, with the detail of every test kept."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.evaluation.instance import Grader, InstanceResult
from agent.evaluation.own import grade_own
from environments.benchmarks import BenchmarkTask, fingerprint
from environments.locking import alone
from tools.errors import InputError

FILE = "evaluation.json"
FORMAT = 1
SAYS_NOTHING = frozenset({"unavailable", "error"})
"""What says nothing about a patch: it is tried again when the command is."""

Told = Callable[[str, InstanceResult], None]


@dataclass
class Evaluation:
    """The results of a dataset, as they stand in `evaluation.json`.

    Attributes:
        path: the file.
        dataset: fingerprint of the tasks.
        instances: result per instance, with a key that says what was graded.
    """

    path: Path
    dataset: str
    instances: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def open(cls, out: Path, tasks: Sequence[BenchmarkTask]) -> Evaluation:
        """What is known already, or nothing.

        Raises:
            InputError: the file is damaged or of another version.
        """
        path = out / FILE
        new = cls(path, fingerprint(tasks))
        if path.exists():
            try:
                data = json.loads(path.read_text())
                if data["format"] != FORMAT:
                    raise InputError(f"{path} was written by another version", hint="move it away")
                new.instances = dict(data["instances"])
            except (ValueError, KeyError, TypeError) as error:
                raise InputError(f"{path} is damaged: {error}", hint="move it away to grade anew") from error
        return new

    def known(self, name: str, key: str) -> bool:
        """Whether an instance was graded with the same patch and tests, and the result says something."""
        result = self.instances.get(name)
        return result is not None and result.get("key") == key and result["status"] not in SAYS_NOTHING

    def put(self, name: str, key: str, result: InstanceResult) -> None:
        """Keep a result; the file is replaced whole."""
        self.instances[name] = {"key": key, **result.plain()}
        self.save()

    def save(self) -> None:
        """Write the file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        data = {"format": FORMAT, "dataset": self.dataset, "totals": self.totals(), "instances": self.instances}
        beside = self.path.with_name(f".{FILE}")
        beside.write_text(json.dumps(data, indent=1, sort_keys=True, ensure_ascii=True))
        beside.replace(self.path)

    def totals(self) -> dict[str, Any]:
        """Counts by status; the rate is over what was graded, with the rest named."""
        counts = Counter(str(each["status"]) for each in self.instances.values())
        graded = sum(count for status, count in counts.items() if status not in SAYS_NOTHING)
        rate = counts["resolved"] / graded if graded else None
        return {
            "instances": len(self.instances),
            "graded": graded,
            "resolved_rate": rate,
            **dict(sorted(counts.items())),
        }


async def evaluate(
    tasks: Sequence[BenchmarkTask],
    predictions: Mapping[str, str],
    out: Path,
    grader: Grader,
    *,
    jobs: int = 1,
    redo: bool = False,
    tell: Told | None = None,
) -> Evaluation:
    """Grades every task that has a prediction; what is graded already is not graded again.

    Args:
        tasks: the instances.
        predictions: patch per instance.
        out: folder of `evaluation.json`.
        grader: grades one.
        jobs: how many at a time.
        redo: grade also what was graded.
        tell: told of every result.

    Raises:
        InputError: `evaluation.json` is damaged.
    """
    out.mkdir(parents=True, exist_ok=True)
    async with alone(out / ".evaluation.lock"):
        found = Evaluation.open(out, tasks)
        places = asyncio.Semaphore(jobs)

        async def one(task: BenchmarkTask) -> None:
            key = key_of(task, predictions[task.id])
            async with places:
                if not redo and found.known(task.id, key):
                    return
                result = await _graded(grader, task, predictions[task.id])
                found.put(task.id, key, result)
                if tell is not None:
                    tell(task.id, result)

        async with asyncio.TaskGroup() as group:
            for task in tasks:
                if task.id in predictions:
                    group.create_task(one(task))
        found.save()
    return found


async def _graded(grader: Grader, task: BenchmarkTask, patch: str) -> InstanceResult:
    if task.task.environment:
        return await grader.grade(task, patch)
    return await grade_own(task, patch, grader.sandbox, run_empty=grader.run_empty)


def key_of(task: BenchmarkTask, patch: str) -> str:
    """A hash of what is graded and by which tests."""
    digest = hashlib.sha256(fingerprint([task]).encode())
    digest.update(patch.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]
