"""A task source: every branch `fix/NAME` of a repository becomes a task that begins one commit before its last.

That last commit is the gold: its trailers `Test: ID` name the tests that grade. The solving side gets its first line
as the issue, and nothing else of it.

MONEY=path/to/repository treewright batch --dataset examples/task_source.py --out runs/mine
MONEY=path/to/repository treewright evaluate runs/mine --dataset examples/task_source.py
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

from environments.benchmarks import BenchmarkTask, Gold
from environments.tasks import Task


def tasks(split: str) -> Iterator[BenchmarkTask]:
    """What `--dataset` asks for; `split` is what `--split` names, here the beginning of the branches' names."""
    repository = os.environ["MONEY"]
    for branch in git(repository, "branch", "--format=%(refname:short)", "--list", f"{split or 'fix'}/*").splitlines():
        name = branch.replace("/", "-")
        issue, base, *tests = git(
            repository, "log", "-1", "--format=%s%n%P%n%(trailers:key=Test,valueonly)", branch
        ).split("\n")
        changed = ("diff", base, branch, "--")
        gold = Gold(
            patch=git(repository, *changed, ":!tests"),
            test_patch=git(repository, *changed, "tests"),
            fail_to_pass=tuple(filter(None, tests)),
        )
        yield BenchmarkTask(Task(name, repository, base, issue), gold)


def git(repository: str, *arguments: str) -> str:
    """What git says."""
    return subprocess.run(["git", "-C", repository, *arguments], check=True, capture_output=True, text=True).stdout
