"""The honest end: the champion and the best hand-written design meet on held-out tasks, once.

With them the design that was named first, which is the default where none was named: it is what a person would have
used. Who they are is decided by what they did on the search split, and kept before the first held-out task is run. What
the champion promised there and does not hold here is the price of having chosen the best of many: the selection
inflation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from agent.evolve.archive import Archive
from agent.evolve.exams import Exams
from agent.evolve.reader import Scored, scored
from agent.evolve.records import DesignRecord
from agent.evolve.strategy import Member, beliefs
from agent.evolve.trials import Trials, Unavailable
from agent.evolve.watching import Watcher
from search.statistics.intervals import paired_bootstrap, wilson
from search.statistics.significance import mcnemar
from tools.errors import InputError

FINALISTS = "finalists"
END = "end"
SEED = 1
"""Of the runs on the held-out split."""


def choose(archive: Archive) -> tuple[str, str, str]:
    """The ids of the champion and of the best seed, by the lower quantile of their posteriors, and of the first seed.

    They are kept, and then fixed.

    Raises:
        InputError: no design was made, or none has a result.
    """
    kept = archive.fact(FINALISTS)
    if kept is not None:
        return kept["champion"], kept["baseline"], kept.get("first", kept["baseline"])
    found = scored(archive.designs(), archive.results("search"))
    made = [each for each in found if each.design.standing == "archived" and each.scores]
    seeds = [each for each in found if each.design.standing == "seed" and each.scores]
    if not made or not seeds:
        raise InputError(
            "there is no champion: no design was made that has a result", hint="give more --designs and --evaluations"
        )
    sure = lowers(found)
    champion, baseline = best(made, sure), best(seeds, sure)
    chosen = champion.design.id, baseline.design.id, next(each.design.id for each in found)
    archive.keep(FINALISTS, dict(zip(("champion", "baseline", "first"), chosen, strict=True)))
    return chosen


def best(designs: Sequence[Scored], sure: Mapping[str, float]) -> Scored:
    """The one that is believed in most; of equals the one with more results, then the oldest."""
    return max(designs, key=lambda each: (sure[each.design.id], len(each.scores), -each.design.order))


def lowers(designs: Sequence[Scored]) -> Mapping[str, float]:
    """For each design with results, the 5 % quantile of its success (`agent.evolve.strategy.beliefs`)."""
    return beliefs([Member(each.design.id, each.design.order, scores=each.scores) for each in designs])


async def hold(
    archive: Archive, exams: Exams, trials: Trials, watcher: Watcher, *, parallel: int = 1
) -> Mapping[str, Any]:
    """Runs them on the held-out tasks, and says what came of it; asked again, it says the same.

    Raises:
        InputError: there is no champion.
        Stopped: nothing can be run now.
    """
    if (end := archive.fact(END)) is not None:
        return dict(end)
    champion, baseline, first = (archive.design(id) for id in choose(archive))
    watcher.told(f"held-out tasks: {champion.name} against {baseline.name}")
    room = asyncio.Semaphore(parallel)
    dropped: dict[str, str] = {}

    async def one(design: DesignRecord, task: str) -> None:
        async with room:
            if task in dropped or any(
                (row.design, row.task, row.seed) == (design.id, task, SEED) for row in archive.results("held-out")
            ):
                return
            trials.place(design.id, design.code)
            try:
                result = await trials.run(design.id, design.name, exams.find(task), seed=SEED, split="held-out")
            except Unavailable as error:
                dropped[task] = str(error)
                return
            archive.record(result)
            watcher.scored(design, result)

    async with asyncio.TaskGroup() as group:
        for exam in exams.held_out:
            for design in {each.id: each for each in (first, baseline, champion)}.values():
                group.create_task(one(design, exam.id))
    end = compared(archive, champion, baseline, dropped)
    if first.id != baseline.id:
        end["first"] = compared(archive, champion, first, dropped)
    archive.keep(END, end)
    return end


def compared(
    archive: Archive, champion: DesignRecord, baseline: DesignRecord, dropped: Mapping[str, str]
) -> dict[str, Any]:
    """Both on the common held-out tasks, paired, and what each promised on the search split."""
    held = {each.design.id: each for each in scored(archive.designs(), archive.results("held-out"))}
    tried = scored(archive.designs(), archive.results("search"))
    search, sure = {each.design.id: each for each in tried}, lowers(tried)
    a, b = held[champion.id].scores, held[baseline.id].scores
    tasks = sorted(a.keys() & b.keys())
    if not tasks:
        raise InputError(
            "none of the held-out tasks can be run here", hint="; ".join(sorted(set(dropped.values()))[:2])
        )
    first, second = [a[task] for task in tasks], [b[task] for task in tasks]
    gap = paired_bootstrap(first, second)
    only_a = sum(x > y for x, y in zip(first, second, strict=True))
    only_b = sum(x < y for x, y in zip(first, second, strict=True))
    described = {
        who: _described(search[design.id], sure[design.id], [found[task] for task in tasks])
        for who, design, found in (("champion", champion, a), ("baseline", baseline, b))
    }
    return {
        **described,
        "tasks": len(tasks),
        "difference": gap.difference,
        "interval": [gap.interval.low, gap.interval.high],
        "only_champion": only_a,
        "only_baseline": only_b,
        "p": mcnemar(only_a, only_b),
        "inflation": described["champion"]["search"] - described["champion"]["held_out"],
        "inflation_of_baseline": described["baseline"]["search"] - described["baseline"]["held_out"],
        "per_task": {task: [a[task], b[task]] for task in tasks},
        "unavailable": dict(dropped),
    }


def _described(design: Scored, lower: float, held: Sequence[float]) -> dict[str, Any]:
    share = wilson(round(sum(held)), len(held))
    found = design.interval
    return {
        "id": design.design.id,
        "name": design.design.name,
        "search": design.mean or 0.0,
        "search_tasks": len(design.scores),
        "search_interval": [found.low, found.high] if found else None,
        "lower": lower,
        "held_out": sum(held) / len(held),
        "held_out_interval": [share.low, share.high],
    }


def told(end: Mapping[str, Any]) -> list[str]:
    """The end in a few lines for a person."""
    champion, baseline = end["champion"], end["baseline"]
    shown = [("champion", champion), ("hand-written", baseline)]
    if "first" in end:
        shown.append(("begun with", end["first"]["baseline"]))
    lines = [
        f"{who} {each['name']} ({each['id']}): {each['search']:.3f} on {each['search_tasks']} search tasks, "
        f"{each['held_out']:.3f} [{each['held_out_interval'][0]:.3f}, {each['held_out_interval'][1]:.3f}] held out"
        for who, each in shown
    ]
    lines.append(_verdict(end, "the best hand-written design"))
    if "first" in end:
        lines.append(_verdict(end["first"], f"{end['first']['baseline']['name']}, the first that was given"))
    lines.append(
        f"selection inflation: the champion promised {end['inflation']:+.3f} more than it holds, "
        f"the hand-written one {end['inflation_of_baseline']:+.3f}"
    )
    if end["unavailable"]:
        lines.append(f"not run: {', '.join(sorted(end['unavailable']))}")
    return lines


def _verdict(duel: Mapping[str, Any], rival: str) -> str:
    low, high = duel["interval"]
    better = "better" if low > 0 else "worse" if high < 0 else "neither better nor worse, as far as can be told,"
    return (
        f"on {duel['tasks']} held-out tasks the champion is {better} than {rival}: "
        f"{duel['difference']:+.3f} [{low:+.3f}, {high:+.3f}], alone right on {duel['only_champion']}, "
        f"alone wrong on {duel['only_baseline']}, McNemar p {duel['p']:.3f}"
    )
