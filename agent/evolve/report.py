"""The report of an evolution, as Markdown."""

from __future__ import annotations

from agent.evolve import finale
from agent.evolve.archive import Archive
from agent.evolve.layout import EvolutionFolder
from agent.evolve.plan import PLAN
from agent.evolve.reader import Scored, scored


def write_report(folder: EvolutionFolder, archive: Archive) -> None:
    """Writes `report.md`: the plan, the designs by what is believed of them, the end."""
    plan, end = archive.fact(PLAN) or {}, archive.fact(finale.END)
    found = scored(archive.designs(), archive.results("search"))
    refused = [each for each in found if each.design.standing == "refused"]
    tried = [each for each in found if each.scores and each.design.standing != "refused"]
    lines = [
        f"# Evolution by `{plan.get('strategy', '?')}`",
        "",
        f"{len(plan.get('search', ()))} search tasks, {len(plan.get('held_out', ()))} held out; "
        f"{len(found)} designs ({len(refused)} refused), {len(archive.results('search'))} evaluations.",
        "",
    ]
    if end is not None:
        lines += ["## The end", "", *(f"- {line}" for line in finale.told(end)), ""]
    lines += [
        "## Designs",
        "",
        "| design | made by | parents | score | tasks | 5 % quantile |",
        "|---|---|---|---|---|---|",
    ]
    names = {each.design.id: each.design.name for each in found}
    sure = finale.lowers(found)
    tried = sorted(tried, key=lambda each: (-sure[each.design.id], each.design.order))
    lines += [_row(each, names, sure[each.design.id]) for each in tried]
    if refused:
        lines += ["", "## Refused", "", "| design | made by | why |", "|---|---|---|"]
        lines += [f"| {each.design.name} | {each.design.operator} | {_cell(each.design.error)} |" for each in refused]
    folder.report.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogatepass")


def _row(each: Scored, names: dict[str, str], lower: float) -> str:
    parents = ", ".join(names.get(parent, parent) for parent in each.design.parents[:3])
    more = f" and {len(each.design.parents) - 3} more" if len(each.design.parents) > 3 else ""
    return (
        f"| {_cell(each.design.name)} `{each.design.id[:8]}` | {each.design.operator} | {_cell(parents)}{more} "
        f"| {each.mean or 0.0:.3f} | {len(each.scores)} | {lower:.3f} |"
    )


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("`", "'").split())[:160]
