"""Speed of the index and of a query beside a bare parse and, when there is one, aider's repository map: all in one run.

CPU seconds of the process and its children, medians of `--repeat` runs; every measurement is a fresh process. Run as
`python -m benchmarks.localization.speed REPOSITORY:COMMIT ... [--aider-python /venv/bin/python]`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ISSUE = "QuerySet update fails with a TypeError when the field is a Decimal\n`save()` of the model raises"

_READ = """
import json, resource, sys, time
from pathlib import Path
from tools.localization.objects import ObjectDatabase
from tools.localization.languages import language_of, parser_for
repository, commit, cache, issue = sys.argv[1:5]
def seconds():
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
def done(**values):
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    print(json.dumps({"peak": peak, **values}))
"""
_PARSE = (
    _READ
    + """
database = ObjectDatabase(Path(repository))
files = [file for file in database.tree(commit) if (language := language_of(file.path)) and language.grammar]
sources = {blob: source for blob, source in database.blobs([file.blob for file in files])}
pairs = [(parser_for(language_of(file.path).name), sources[file.blob]) for file in files]
started, clock = seconds(), time.perf_counter()
for parser, source in pairs:
    parser.parse(source)
done(cpu=seconds() - started, wall=time.perf_counter() - clock, files=len(files), bytes=sum(map(len, sources.values())))
"""
)
_INDEX = (
    _READ
    + """
from tools.localization import Localizer
from tools.issues import parse_issue
started, clock = seconds(), time.perf_counter()
localizer = Localizer(Path(repository), commit, cache=Path(cache), workers=int(sys.argv[5]))
index, index_wall = seconds() - started, time.perf_counter() - clock
localizer.rank(parse_issue("warm up"), k=1)
ready = seconds()
localizer.rank(parse_issue(issue), k=10)
done(cpu=index, wall=index_wall, ready=ready - started, query=seconds() - ready)
"""
)
_AIDER = """
import json, os, resource, sys, time
from pathlib import Path
folder = sys.argv[1]
os.chdir(folder)
from aider.io import InputOutput
from aider.repomap import RepoMap
class Tokens:
    def token_count(self, text):
        return len(text) // 4
files = [str(path) for path in sorted(Path(folder).rglob("*.py"))]
started, clock = time.process_time(), time.perf_counter()
RepoMap(map_tokens=1024, root=folder, main_model=Tokens(), io=InputOutput(yes=True)).get_repo_map([], files)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"cpu": time.process_time() - started, "wall": time.perf_counter() - clock, "peak": peak}))
"""


def measure(code: str, *arguments: str, python: str = sys.executable) -> dict[str, float]:
    """What one fresh process measures of itself."""
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [python, "-c", code, *arguments],
        env=os.environ | {"PYTHONPATH": root},
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def parent_of(repository: str, commit: str) -> str:
    """The first parent of `commit`."""
    command = ["git", "-C", repository, "rev-parse", f"{commit}^"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def median(runs: list[dict[str, float]], key: str) -> float:
    """The median of one value."""
    return statistics.median(run[key] for run in runs)


def repository_rows(repository: str, commit: str, repeat: int) -> list[str]:
    """The table's rows of one tree: bare parse, cold index by 1 and 2 processes, known commit, next commit, query."""
    parses, colds, spread, warms, nexts = [], [], [], [], []
    before = parent_of(repository, commit)
    for _ in range(repeat):
        parses.append(measure(_PARSE, repository, commit, "", ISSUE))
        with tempfile.TemporaryDirectory() as cache:
            colds.append(measure(_INDEX, repository, before, cache, ISSUE, "1"))
            nexts.append(measure(_INDEX, repository, commit, cache, ISSUE, "1"))
            warms.append(measure(_INDEX, repository, commit, cache, ISSUE, "1"))
        with tempfile.TemporaryDirectory() as cache:
            spread.append(measure(_INDEX, repository, commit, cache, ISSUE, "2"))
    base = median(parses, "cpu")
    name = Path(repository).parent.name if Path(repository).name == "repo" else Path(repository).name
    title = f"{name} ({int(parses[0]['files'])} files, {parses[0]['bytes'] / 1e6:.1f} MB)"
    rows = [
        f"| {title} | bare parse | {base:.2f} | 1.00 | {median(parses, 'wall'):.2f} | {median(parses, 'peak'):.0f} |"
    ]
    for label, runs in (
        ("cold index, 1 process", colds),
        ("cold index, 2 processes", spread),
        ("next commit", nexts),
        ("known commit", warms),
    ):
        cpu = median(runs, "cpu")
        rows.append(
            f"| | {label} | {cpu:.2f} | {cpu / base:.2f} | {median(runs, 'wall'):.2f} | {median(runs, 'peak'):.0f} |"
        )
    ready, query = median(warms, "ready"), median(warms, "query")
    rows.append(f"| | known commit and first query | {ready:.2f} | {ready / base:.2f} | | |")
    rows.append(f"| | query | {query:.2f} | {query / base:.2f} | | |")
    return rows


def aider_rows(repository: str, commit: str, python: str, base: float) -> list[str]:
    """Aider's map of the same tree, cold and again with its tags cached."""
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "-C", repository, "archive", commit], check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
        runs = [("aider map, cold", measure(_AIDER, folder, python=python))]
        runs.append(("aider map, warm", measure(_AIDER, folder, python=python)))
    return [
        f"| | {label} | {run['cpu']:.2f} | {run['cpu'] / base:.2f} | {run['wall']:.2f} | {run['peak']:.0f} |"
        for label, run in runs
    ]


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description="Speed of the localizer.")
    parser.add_argument("trees", nargs="+", help="REPOSITORY:COMMIT")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--aider-python", help="interpreter of an environment with aider-chat")
    options = parser.parse_args()
    print("| tree | what | CPU s | ratio | wall s | peak MB |\n|---|---|---|---|---|---|")
    for tree in options.trees:
        repository, _, commit = tree.rpartition(":")
        rows = repository_rows(repository, commit, options.repeat)
        base = float(rows[0].split("|")[3])
        if options.aider_python:
            rows += aider_rows(repository, commit, options.aider_python, base)
        print("\n".join(rows), flush=True)


if __name__ == "__main__":
    main()
