"""What came out of a batch: rows with verdicts, totals, causes of failure; and two batches on the same tasks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.batch.ledger import TaskRow, Totals
from agent.batch.manifest import Manifest
from agent.batch.reader import BatchReader
from agent.store.lock import in_use
from search.statistics.calibration import brier, error_of_perfect, expected_calibration_error
from search.statistics.intervals import Interval, PairedDifference, paired_bootstrap, wilson
from search.statistics.selective import aurc
from search.statistics.significance import mcnemar
from tools.errors import TreewrightError

SOLVED = "solved-candidate"
ENDED_BY_AGENT = (SOLVED, "abstained", "failed-agent")
NUMBER = re.compile(r"\d+(?:\.\d+)?|0x[0-9a-f]+|'[^']*'|\"[^\"]*\"")
RESAMPLES = 2000


@dataclass(frozen=True)
class Task:
    """One row of the page.

    Attributes:
        row: of the ledger.
        run: the folder of its run below ``tasks``, "" when it was never begun.
        verdict: the evaluation's word (resolved, unresolved, ...), "" when it was not evaluated.
    """

    row: TaskRow
    run: str
    verdict: str

    @property
    def status(self) -> str:
        """What to show: the evaluation's word where there is one, else the run's own."""
        return self.verdict or self.row.status

    @property
    def right(self) -> bool:
        """Whether it counts as solved: by the evaluation where there is one, by the run's own word elsewhere."""
        return self.verdict == "resolved" if self.verdict else self.row.status == SOLVED


@dataclass(frozen=True)
class BatchState:
    """A batch at one moment.

    Attributes:
        evaluated: hidden tests judged it; else every count of solved tasks is the runs' own word.
        problems: what could not be read.
    """

    name: str
    manifest: Manifest | None
    tasks: tuple[Task, ...] = ()
    totals: Totals = field(default_factory=lambda: Totals({}, 0.0, 0, 0, 0, 0.0))
    alive: bool = False
    evaluated: bool = False
    problems: tuple[str, ...] = ()

    @property
    def ended(self) -> tuple[Task, ...]:
        """The tasks that say something about the agent."""
        return tuple(task for task in self.tasks if task.row.status in ENDED_BY_AGENT)

    @property
    def solved(self) -> int:
        """How many count as solved."""
        return sum(task.right for task in self.ended)

    @property
    def rate(self) -> tuple[float, Interval]:
        """The share of ended tasks that count as solved, with its 95 % interval."""
        ended = len(self.ended)
        return (self.solved / ended if ended else 0.0), wilson(self.solved, ended)

    @property
    def shares(self) -> list[tuple[str, float, float]]:
        """(group, from, width) of the progress bar, in [0, 100]."""
        groups = {SOLVED: "solved", "abstained": "abstained", "failed-agent": "failed", "failed-infra": "failed"}
        counts = Counter(groups.get(task.row.status, task.row.status) for task in self.tasks)
        found, start = [], 0.0
        for group in ("solved", "abstained", "failed", "unavailable", "running", "pending"):
            width = 100 * counts[group] / max(1, len(self.tasks))
            found.append((group, start, width))
            start += width
        return found

    @property
    def causes(self) -> list[tuple[str, str, int, str]]:
        """(status, cause, how many, an example's id), the most frequent first; numbers and names are left out."""
        counts: Counter[tuple[str, str]] = Counter()
        examples: dict[tuple[str, str], str] = {}
        for task in self.tasks:
            if task.row.reason and task.row.status not in (SOLVED, "pending", "running"):
                key = (task.row.status, NUMBER.sub("…", task.row.reason.strip().split("\n")[0])[:160])
                counts[key] += 1
                examples.setdefault(key, task.row.id)
        return [(status, cause, count, examples[status, cause]) for (status, cause), count in counts.most_common(20)]


def read_batch(root: Path) -> BatchState:
    """The batch in `root`, as far as it can be read."""
    try:
        return load_batch(root)
    except (TreewrightError, ValueError, TypeError, KeyError) as error:
        return BatchState(root.name, None, problems=(f"the batch cannot be read: {error}",))


def load_batch(root: Path, store: str = "") -> BatchState:
    """The batch in `root`; for `store` see `BatchReader`.

    Raises:
        InputError: there is none.
        InfrastructureError: its ledger is damaged or cannot be reached.
    """
    with BatchReader(root, store) as reader:
        problems = []
        try:
            evaluation = reader.evaluation() or {}
        except TreewrightError as error:
            evaluation, problems = {}, [str(error)]
        verdicts = _verdicts(evaluation)
        rows = []
        for row in reader.rows():
            run = reader.run(row.id).root
            rows.append(Task(row, run.name if run.is_dir() else "", verdicts.get(row.id, "")))
        return BatchState(
            root.name,
            reader.manifest,
            tuple(rows),
            reader.totals(),
            in_use(reader.folder.lock),
            bool(verdicts),
            tuple(problems),
        )


def _verdicts(evaluation: Mapping[str, Any]) -> dict[str, str]:
    instances = evaluation.get("instances")
    if not isinstance(instances, Mapping):
        return {}
    return {str(id): str(found.get("status", "")) for id, found in instances.items() if isinstance(found, Mapping)}


@dataclass(frozen=True)
class Confidences:
    """How good the probabilities of a batch are, on the tasks that ended with one.

    Attributes:
        tasks: how many there are.
        aurc: area under the risk-coverage curve, smaller is better.
        ece: expected calibration error in ten bins; `chance` is what perfect probabilities would have, as mean and
            95th percentile.
        brier: mean squared error.
    """

    tasks: int
    aurc: float
    ece: float
    chance: tuple[float, float]
    brier: float


def confidences(state: BatchState) -> Confidences | None:
    """The quality of a batch's probabilities; None when it has none, or when nothing judged its patches."""
    judged = [task for task in state.ended if task.row.patch and task.verdict]
    if not judged:
        return None
    sure, right = [task.row.confidence for task in judged], [task.right for task in judged]
    chance = error_of_perfect(sure)
    ece = expected_calibration_error(sure, right)
    return Confidences(len(judged), aurc(sure, [float(each) for each in right]), ece, chance, brier(sure, right))


@dataclass(frozen=True)
class Comparison:
    """Two batches on the tasks that ended in both.

    Attributes:
        pairs: (task of a, task of b), those where they differ first.
        both, only_a, only_b, neither: how many count as solved where.
        p: McNemar's exact two-sided p of the discordant tasks.
        solved: the difference of the solved shares, a minus b, with its bootstrap interval.
        usd: the same of US dollars per task.
    """

    a: BatchState
    b: BatchState
    pairs: tuple[tuple[Task, Task], ...]
    both: int = 0
    only_a: int = 0
    only_b: int = 0
    neither: int = 0
    p: float = 1.0
    solved: PairedDifference | None = None
    usd: PairedDifference | None = None


def compare(a: BatchState, b: BatchState) -> Comparison:
    """The paired comparison of two batches."""
    others = {task.row.id: task for task in b.ended}
    pairs = [(task, others[task.row.id]) for task in a.ended if task.row.id in others]
    pairs.sort(key=lambda pair: (pair[0].right == pair[1].right, pair[0].row.id))
    counts = Counter((one.right, two.right) for one, two in pairs)
    only_a, only_b = counts[True, False], counts[False, True]

    def difference(values: Sequence[tuple[float, float]]) -> PairedDifference | None:
        if not values:
            return None
        return paired_bootstrap([x for x, _ in values], [y for _, y in values], resamples=RESAMPLES)

    return Comparison(
        a,
        b,
        tuple(pairs),
        counts[True, True],
        only_a,
        only_b,
        counts[False, False],
        mcnemar(only_a, only_b),
        difference([(float(one.right), float(two.right)) for one, two in pairs]),
        difference([(one.row.usd, two.row.usd) for one, two in pairs]),
    )
