"""Real runs to look at: made by the commands that anybody has.

    python benchmarks/viewer/runs.py FOLDER [--only mechanical model large narrow wide evolution]

`mechanical` repairs a released package without a model; `model` repairs it from the issue, by a model whose answers are
written in `hand.py`; `large` is a run of 520 nodes with such a model (`restless.py`); `narrow` and `wide` are batches
of twelve bugs of released packages with 20 and 80 nodes; `evolution` develops the mechanical design over small bugs.
What is there already is not made again. It takes about an hour on two cores; the packages are downloaded by pip.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
from pathlib import Path

import hand

from environments.cases import Case, PreparedCase, load_cases, prepare

ROOT = Path(__file__).parents[2]
MODEL = "boltons-onetoone-update"
NAMES = (
    *(
        MODEL,
        "dateutil-gettz-colon",
        "tldextract-cache-namespace",
        "humanize-intword-decillion",
        "more-itertools-last-reversed-none",
    ),
    *("tinydb-cached-search", "semver-hash-build", "wcwidth-center-padding", "parse-trailing-newline"),
    *("xmltodict-whitespace", "inflection-titleize-unicode", "furl-path-decoded-twice"),
)
SOUND = "def total(prices):\n    return sum(prices)\n\n\n"
SHOP = {
    "share": (
        "def share(total, people):\n    return [total // people + (i <= total % people) for i in range(people)]\n",
        "def test_share():\n    assert sum(shop.share(10, 3)) == 10\n    assert shop.share(9, 3) == [3, 3, 3]\n",
    ),
    "largest": (
        "def largest(prices):\n    best = 0\n    for price in prices:\n        if price < best:\n"
        "            best = price\n    return best\n",
        "def test_largest():\n    assert shop.largest([3, 9, 4]) == 9\n",
    ),
    "rest": (
        "def rest(paid, price):\n    if paid < price:\n        return None\n    return price - paid\n",
        "def test_rest():\n    assert shop.rest(10, 7) == 3\n    assert shop.rest(7, 10) is None\n",
    ),
    "label": (
        "def label(name, price=None):\n    if price:\n        return f'{name}: {price}'\n    return name\n",
        "def test_label():\n    assert shop.label('gift', 0) == 'gift: 0'\n    assert shop.label('gift') == 'gift'\n",
    ),
    "twice": (
        "def twice(items, seen=[]):\n    for item in items:\n        seen.append(item)\n"
        "    return [i for i in seen for _ in (1, 2)]\n",
        "def test_twice():\n    shop.twice([9])\n    assert shop.twice([1]) == [1, 1]\n",
    ),
    "enough": (
        "def enough(stock, wanted):\n    return all(stock.get(k) > n for k, n in wanted.items())\n",
        "def test_enough():\n    assert shop.enough({'a': 2}, {'a': 2})\n    assert not shop.enough({}, {'a': 1})\n",
    ),
    "between": (
        "def between(price, low, high):\n    return low < price or price < high\n",
        "def test_between():\n    assert not shop.between(9, 1, 5)\n    assert shop.between(1, 1, 5)\n",
    ),
    "first": (
        "def first(items):\n    return items[1] if items else None\n",
        "def test_first():\n    assert shop.first(['a']) == 'a'\n    assert shop.first([]) is None\n",
    ),
    "name": (
        "def name(person):\n    return person['first'].strip() + person.get('last').strip()\n",
        "def test_name():\n    assert shop.name({'first': 'A ', 'last': 'B'}) == 'A B'\n",
    ),
    "counts": (
        "def counts(items):\n    found = {}\n    for item in items:\n        found[item] += 1\n    return found\n",
        "def test_counts():\n    assert shop.counts('aab') == {'a': 2, 'b': 1}\n",
    ),
    "paid": (
        "def paid(parts, price):\n    left = price\n    for part in parts:\n        left =- part\n"
        "    return left <= 0\n",
        "def test_paid():\n    assert shop.paid([3, 4], 7)\n    assert not shop.paid([3], 7)\n",
    ),
    "average": (
        "def average(prices):\n    return sum(prices) // len(prices)\n",
        "def test_average():\n    assert shop.average([1, 2]) == 1.5\n    assert shop.average([]) == 0\n",
    ),
}
"""Small functions, each with one or two mistakes, and the test that shows it."""
BATCHES = {"narrow": ("20", "150"), "wide": ("80", "240")}


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", default=["mechanical", "model", "large", *BATCHES, "evolution"])
    parser.add_argument("--cases", type=Path, help="where the packages are rebuilt; beside FOLDER if not given")
    options = parser.parse_args()
    folder: Path = options.folder.resolve()
    cases = options.cases or folder.with_name(folder.name + "-cases")
    found = {
        case.name: case for where in ("examples/cases", "benchmarks/mechanical") for case in load_cases(ROOT / where)
    }
    wanted = [name for name in options.only if not (folder / name).exists()]
    for name in wanted:
        print(name, flush=True)
        if name == "mechanical":
            solve(folder / name, ready(found[MODEL], cases), found[MODEL].issue, "--max-nodes", "60")
        elif name == "model":
            with hand.serving():
                price = ("--model", "openai/hand", "--unknown-price", "3", "--max-cost", "5")
                solve(folder / name, ready(found[MODEL], cases), hand.ISSUE, *price, given=False)
        elif name == "large":
            with hand.serving(hand.answer_many):
                large(folder / name, cases / "shop")
        elif name == "evolution":
            evolve(folder / name, cases / "shop")
        elif name in BATCHES:
            batch(folder / name, [(found[each], ready(found[each], cases)) for each in NAMES])


def ready(case: Case, cases: Path) -> PreparedCase:
    """The case, rebuilt from its releases."""
    return asyncio.run(prepare(case, cases / case.name, downloads=cases / "downloads"))


def solve(out: Path, case: PreparedCase, issue: str, *more: str, given: bool = True) -> None:
    """One run; with the failing tests `given`, or from the issue alone."""
    tests = [part for test in case.failing_tests for part in ("--failing-test", test)] if given else []
    where = ("--repo", str(case.repository), "--python", str(case.python), "--test", "pytest", "--out", str(out))
    treewright("solve", *where, "--issue", issue, *tests, *more)


def batch(out: Path, cases: list[tuple[Case, PreparedCase]]) -> None:
    """A batch over the cases."""
    rows = [
        {
            "id": case.name,
            "repository": str(made.repository),
            "problem": case.issue,
            "test": "pytest",
            "python": str(made.python),
            "failing_tests": list(made.failing_tests),
        }
        for case, made in cases
    ]
    tasks = out.with_name("tasks.jsonl")
    tasks.parent.mkdir(parents=True, exist_ok=True)
    tasks.write_text("".join(json.dumps(row) + "\n" for row in rows))
    nodes, seconds = BATCHES[out.name]
    limits = ("--max-nodes", nodes, "--max-seconds", seconds, "--jobs", "2", "--name", out.name)
    treewright("batch", "--dataset", str(tasks), "--out", str(out), *limits)


def stocked(shop: Path) -> Path:
    """The small bugs as repositories, and the file of their tasks."""
    shop.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, (code, test) in SHOP.items():
        repository = shop / name
        if not repository.exists():
            repository.mkdir()
            (repository / "shop.py").write_text(SOUND + code)
            (repository / "test_shop.py").write_text(
                f"import shop\n\n\ndef test_sound():\n    assert shop.total([1, 2]) == 3\n\n\n{test}"
            )
            who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
            for arguments in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "start"]):
                subprocess.run(["git", "-C", repository, *arguments], check=True)
        failing = [f"test_shop.py::test_{name}"]
        row = {"id": name, "repository": str(repository), "problem": f"{name} is wrong", "failing_tests": failing}
        rows.append(row | {"test": "pytest", "python": sys.executable})
    tasks = shop / "tasks.jsonl"
    tasks.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tasks


def large(out: Path, shop: Path) -> None:
    """A run of 520 nodes."""
    stocked(shop)
    where = ("--repo", str(shop / "share"), "--python", sys.executable, "--test", "pytest", "--out", str(out))
    tests = ("--failing-test", "test_shop.py::test_share", "--no-reproduction")
    model = ("--model", "openai/hand", "--unknown-price", "1", "--max-cost", "50", "--max-tokens", "100000000")
    size = ("--max-nodes", "520", "--max-seconds", "6000", "--concurrency", "2")
    design = ("--design", str(Path(__file__).with_name("restless.py")))
    treewright("solve", *where, "--issue", "share(10, 3) adds up to 11.", *tests, *model, *size, *design)


def evolve(out: Path, shop: Path) -> None:
    """An evolution of the mechanical design over small bugs, so that it takes minutes."""
    tasks = stocked(shop)
    size = (
        "--designs",
        "12",
        "--evaluations",
        "48",
        "--held-out",
        "0.34",
        "--max-nodes",
        "6",
        "--max-seconds",
        "30",
        "--parallel",
        "2",
    )
    treewright("evolve", "--dataset", str(tasks), "--out", str(out), *size)


def treewright(*arguments: str) -> None:
    """The command; how it ends is part of the run."""
    subprocess.run([Path(sys.executable).with_name("treewright"), *arguments], check=False)


if __name__ == "__main__":
    main()
