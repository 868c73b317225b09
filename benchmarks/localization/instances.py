"""SWE-bench instances and where their repositories are on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Instance:
    """One instance; `split` is the name of the file it was in."""

    id: str
    repository: str
    commit: str
    problem: str
    patch: str
    split: str


def read_instances(files: Sequence[Path]) -> Iterator[Instance]:
    """The instances of JSON-lines files in the official format."""
    for file in files:
        for line in file.read_text().splitlines():
            item = json.loads(line)
            yield Instance(
                item["instance_id"],
                item["repo"],
                item["base_commit"],
                item["problem_statement"],
                item["patch"],
                file.stem,
            )


def locate(repository: str, patterns: Sequence[str]) -> Path:
    """The first of `patterns` that exists, with `{owner}` and `{name}` filled in; SystemExit when none does."""
    owner, _, name = repository.partition("/")
    for pattern in patterns:
        path = Path(pattern.format(owner=owner, name=name))
        if path.is_dir():
            return path
    raise SystemExit(f"no repository for {repository}: give --repositories, such as '/data/{{owner}}__{{name}}.git'")
