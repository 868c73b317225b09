"""What the spectrum of an issue's reproducer adds to the tokenless list, on SWE-bench instances.

Two steps: `run` executes the reproducers in the environments of their tasks and keeps what they covered, `compare`
ranks with and without that and needs no environment.

    python -m benchmarks.localization.spectrum run tasks.jsonl --mirrors /data --reports /tmp/reports
    python -m benchmarks.localization.spectrum compare open.jsonl dev.jsonl --repositories '/data/{owner}__{name}.git' \
        --cache /tmp/index --reports /tmp/reports --record benchmarks/localization/spectrum.json
    python -m benchmarks.localization.spectrum table
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from pydantic import TypeAdapter

from benchmarks.localization.evaluate import FILE_CUTS, FUNCTION_CUTS, last_rank
from benchmarks.localization.gold import gold
from benchmarks.localization.instances import Instance, locate, read_instances
from benchmarks.localization.refine import IndexFiles
from benchmarks.localization.reproduce import (
    FAILS,
    described,
    read_reports,
    read_reproducers,
    reproduce,
    write_reports,
)
from environments.benchmarks import Choice, load
from environments.tasks import Task
from search.statistics.intervals import PairedDifference, paired_bootstrap
from tools.errors import TreewrightError
from tools.faults.spectrum import build_spectrum
from tools.faults.suspicious import by_line, suspicious_functions, suspicious_lines
from tools.issues import Issue, parse_issue
from tools.localization import Localizer, Ranking
from tools.testing.types import TestReport

HERE = Path(__file__).parent
REPRODUCERS = HERE / "reproducers.json"
RECORD = HERE / "spectrum.json"
VARIANTS = ("without", "failing", "spectrum")
NOT_REPRODUCED = "the script passes on the base"
NOTHING_COVERED = "the script executes no line of the repository's own"
NOT_STARTED = "the set-up of the scripts does not run there"
NOT_WRITTEN = "no reproducer was written"
NOT_RUN = "not run"
Coverage = Mapping[str, Mapping[int, float]]


@dataclass(frozen=True)
class Compared:
    """One instance.

    Attributes:
        id: of the instance.
        split: it is from.
        scripts: how many scripts failed and passed.
        files: how many files the failing script executes.
        functions: how many functions.
        frames: whether the issue has a stack trace.
        file_ranks: rank of the last gold file, by variant: "without" a spectrum, of the "failing" script alone, and
            with the whole "spectrum".
        function_ranks: of the last gold function; None where the patch changes none.
    """

    id: str
    split: str
    scripts: tuple[int, int]
    files: int
    functions: int
    frames: bool
    file_ranks: dict[str, int | None]
    function_ranks: dict[str, int | None]


@dataclass(frozen=True)
class Record:
    """What was measured: the instances, and why the others were left out."""

    compared: tuple[Compared, ...]
    left_out: dict[str, str]


def suspicion(reports: Sequence[TestReport], files: IndexFiles) -> Coverage:
    """Ochiai of each line that the failing script executes, as the localizer takes it."""
    return by_line(suspicious_lines(reports, formula="ochiai", failing={FAILS}, files=files))


def compare(instance: Instance, reports: list[TestReport], repository: Path, cache: Path) -> Compared:
    """Ranks of the gold without a spectrum, with that of the failing script alone, and with the whole one."""
    localizer = Localizer(repository, instance.commit, cache=cache)
    files = IndexFiles(localizer.index)
    issue = parse_issue(instance.problem)
    coverage = {
        "without": {},
        "failing": suspicion([report for report in reports if FAILS in report.outcomes], files),
        "spectrum": suspicion(reports, files),
    }
    rankings = {variant: localizer.rank(issue, coverage=coverage[variant]) for variant in VARIANTS}
    wanted, functions = gold(instance.patch, lambda path: files.read(path).decode())
    lines = suspicious_lines(reports, failing={FAILS}, files=files)
    spectrum = build_spectrum(reports, failing={FAILS})
    localizer.close()
    return Compared(
        instance.id,
        instance.split,
        (spectrum.failing, spectrum.passing),
        len(coverage["spectrum"]),
        len(suspicious_functions(lines, files)),
        _has_frames(issue),
        {variant: last_rank([file.path for file in ranking.files], wanted) for variant, ranking in rankings.items()},
        {variant: last_rank(_named(ranking), functions) for variant, ranking in rankings.items()},
    )


def _named(ranking: Ranking) -> list[tuple[str, str]]:
    return [(function.path, function.name) for function in ranking.functions]


def _has_frames(issue: Issue) -> bool:
    return bool(issue.frames)


def unusable(reports: Sequence[TestReport]) -> str:
    """Why there is no spectrum; empty when there is."""
    failing = next((report for report in reports if FAILS in report.outcomes), TestReport())
    if failing.status(FAILS) == "passed":
        return NOT_REPRODUCED
    spectrum = build_spectrum(reports, failing={FAILS})
    if failing.status(FAILS) == "missing":
        return NOT_STARTED
    return "" if spectrum.failing_hits else NOTHING_COVERED


def hits(compared: Sequence[Compared], what: str, variant: str, cut: int) -> list[float]:
    """1.0 for each instance whose gold is within the cut, 0.0 for the others; those without gold are left out."""
    ranks = [getattr(each, f"{what}_ranks")[variant] for each in compared]
    return [float(rank <= cut) for rank in ranks if rank is not None]


def difference(compared: Sequence[Compared], what: str, variant: str, cut: int) -> PairedDifference:
    """By how much a variant is above the ranking without a spectrum."""
    return paired_bootstrap(hits(compared, what, variant, cut), hits(compared, what, "without", cut))


def table(compared: Sequence[Compared]) -> str:
    """Accuracies in percent as a markdown table, with intervals of the paired differences."""
    lines = ["| | n | without | failing script alone | spectrum | difference |", "|---|---|---|---|---|---|"]
    for what, cuts in (("file", FILE_CUTS[:-1]), ("function", FUNCTION_CUTS[:-1])):
        for cut in cuts:
            cells = [f"{what} @{cut}", str(len(hits(compared, what, "without", cut)))]
            for variant in VARIANTS:
                found = hits(compared, what, variant, cut)
                cells.append(f"{100 * sum(found) / len(found):.1f}")
            gain = difference(compared, what, "spectrum", cut)
            low, high = (100 * bound for bound in (gain.interval.low, gain.interval.high))
            lines.append(f"| {' | '.join(cells)} | {100 * gain.difference:+.1f} ({low:+.1f} to {high:+.1f}) |")
    return "\n".join(lines)


def show(record: Record) -> str:
    """The table, and the counts behind it."""
    groups: list[tuple[str, Callable[[Compared], bool]]] = [
        ("all", lambda _: True),
        ("without a stack trace in the issue", lambda each: not each.frames),
    ]
    parts = []
    for name, belongs in groups:
        mine = [each for each in record.compared if belongs(each)]
        parts.append(f"{name}: {len(mine)}\n{table(mine)}")
    files, functions = (median(getattr(each, what) for each in record.compared) for what in ("files", "functions"))
    parts.append(f"the failing script executes {files:g} files and {functions:g} functions at the median")
    parts.append("left out: " + str(dict(Counter(record.left_out.values()))))
    return "\n\n".join(parts)


async def _run(options: argparse.Namespace) -> None:
    reproducers = read_reproducers(options.reproducers)
    limit = asyncio.Semaphore(options.jobs)

    async def one(task: Task) -> None:
        async with limit:
            with tempfile.TemporaryDirectory(prefix="treewright-spectrum-") as folder:
                try:
                    reports = await reproduce(task, reproducers[task.id], Path(folder, "run"))
                except TreewrightError as error:
                    print(json.dumps({"task": task.id, "unavailable": str(error)}), flush=True)
                    return
            write_reports(options.reports / task.id, reports)
            print(described(task.id, reports), flush=True)

    ids = [each for each in options.only or reproducers if options.again or not (options.reports / each).exists()]
    choice = Choice(pattern=f"^({'|'.join(ids)})$")
    tasks = load(options.dataset, split=options.dataset_split, choice=choice, mirrors=options.mirrors) if ids else ()
    await asyncio.gather(*(one(each.task) for each in tasks))


def _compare(options: argparse.Namespace) -> None:
    compared, left_out = [], {}
    reproducers = read_reproducers(options.reproducers)
    for instance in read_instances(options.instances):
        path = options.reports / instance.id
        if not path.exists():
            left_out[instance.id] = NOT_RUN if instance.id in reproducers else NOT_WRITTEN
            continue
        reports = read_reports(path)
        if why := unusable(reports):
            left_out[instance.id] = why
            continue
        repository = locate(instance.repository, options.repositories)
        compared.append(compare(instance, reports, repository, options.cache))
        print(compared[-1].id, compared[-1].file_ranks, compared[-1].function_ranks, flush=True)
    record = Record(tuple(compared), left_out)
    options.record.write_text(json.dumps(asdict(record), indent=1) + "\n")
    print(show(record))


def main() -> None:
    """Runs one step from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    steps = parser.add_subparsers(dest="step", required=True)
    run = steps.add_parser("run")
    run.add_argument("dataset", help="tasks, as for `treewright env build`")
    run.add_argument("--dataset-split", default="")
    run.add_argument("--mirrors", type=Path, help="folder of OWNER__NAME.git")
    run.add_argument("--reproducers", type=Path, default=REPRODUCERS)
    run.add_argument("--reports", type=Path, required=True)
    run.add_argument("--only", action="append", default=[], help="an id; all when not given")
    run.add_argument("-j", "--jobs", type=int, default=1, help="tasks at a time")
    run.add_argument("--again", action="store_true", help="also those that have been run")
    ranks = steps.add_parser("compare")
    ranks.add_argument("instances", nargs="+", type=Path)
    ranks.add_argument("--repositories", action="append", required=True, help="pattern with {owner} and {name}")
    ranks.add_argument("--cache", type=Path, required=True)
    ranks.add_argument("--reports", type=Path, required=True)
    ranks.add_argument("--record", type=Path, default=RECORD)
    ranks.add_argument("--reproducers", type=Path, default=REPRODUCERS)
    shown = steps.add_parser("table")
    shown.add_argument("--record", type=Path, default=RECORD)
    options = parser.parse_args()
    if options.step == "run":
        asyncio.run(_run(options))
    elif options.step == "compare":
        _compare(options)
    else:
        print(show(TypeAdapter(Record).validate_json(options.record.read_bytes())))


if __name__ == "__main__":
    main()
