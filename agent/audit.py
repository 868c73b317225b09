"""Looking through what a run did for peeking: at the future, the network, another release, the hidden tests.

The sandbox gives a solver none of these, so most findings are attempts that failed; an attempt is worth knowing all
the same, and one that got something is a leak to be closed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from agent.store.records import CallRecord, ExecutionRecord, RunRecord
from agent.store.store import RunStore
from environments.benchmarks import BenchmarkTask
from environments.provision.need import SCHEME, Need

EXCERPT = 200
HISTORY = (
    r"\bgit\s+(?:-\S+\s+(?:\S+\s+)?)*(?:log|show|reflog|stash|rev-list|cat-file|blame|bisect|cherry-pick|fsck|bundle"
    r"|fetch|pull|ls-remote|clone|branch\s+-a|tag)\b",
    r"\.git/(?:objects|packed-refs|refs|logs|ORIG_HEAD|FETCH_HEAD)",
)
NETWORK = (
    r"(?:^|[|;&(`\s])(?:curl|wget|ncat|telnet|ssh|scp|rsync|ftp)\s+\S",
    r"\b(?:pip3?|uv\s+pip|conda|mamba|easy_install|poetry|npm)\s+(?:install|download|add)\b",
    r"\b(?:urllib\.request|urlopen|requests\.(?:get|post)|http\.client|socket\.create_connection)\b",
    r"\bhttps?://(?!localhost|127\.)\S+",
)
BENCHMARK = (r"(?i)\bswe-?bench\b", r"\b(?:FAIL|PASS)_TO_PASS\b", r"(?i)\b(?:gold|test)_patch\b")
RELEASE = r"(?:site|dist)-packages/{name}\b|\bpip3?\s+(?:show|download)\s+{name}\b|\bfind_spec\(.{{0,3}}{name}\b"


@dataclass(frozen=True)
class Finding:
    """One place of a run that looks like peeking.

    Attributes:
        kind: history, network, release, benchmark or hidden-tests.
        where: the node, and whether a command or an answer.
        text: an excerpt around it.
        got: for a command, whether it ended well and printed something; None for what was only said.
    """

    kind: str
    where: str
    text: str
    got: bool | None = None


def audit(run: RunStore, gold: BenchmarkTask | None = None) -> list[Finding]:
    """What looks like peeking in a run's commands and answers, in order.

    Args:
        run: the store of it.
        gold: the task with its gold, to look for names that only the hidden tests have.
    """
    patterns = _patterns(run.record())
    secret = hidden_names(gold) if gold is not None else ()
    found: list[Finding] = []
    for execution in run.executions():
        if execution.kind == "shell":
            found += _command(execution, patterns)
    for call in run.calls():
        found += _answer(call, secret)
    return found


def _patterns(record: RunRecord) -> list[tuple[str, re.Pattern[str]]]:
    patterns = [*(("history", each) for each in HISTORY), *(("network", each) for each in NETWORK)]
    patterns += [("benchmark", each) for each in BENCHMARK]
    environment = str(record.task.get("environment") or "")
    if environment.startswith(SCHEME):
        choice = "|".join(re.escape(each) for each in Need.parse(environment).packages)
        patterns.append(("release", RELEASE.format(name=f"(?:{choice})")))
    return [(kind, re.compile(text, re.MULTILINE)) for kind, text in patterns]


def _command(execution: ExecutionRecord, patterns: Sequence[tuple[str, re.Pattern[str]]]) -> Iterator[Finding]:
    text = str(execution.command.get("command") or "")
    result = execution.result or {}
    got = result.get("exit_code") == 0 and bool(str(result.get("output") or "").strip())
    seen: set[str] = set()
    for kind, pattern in patterns:
        match = pattern.search(text)
        if match and kind not in seen:
            seen.add(kind)
            yield Finding(kind, f"{execution.scope}: command", _around(text, match.start()), got)


def _answer(call: CallRecord, secret: Sequence[str]) -> Iterator[Finding]:
    text = "\n".join(_texts(call.response))
    for pattern in BENCHMARK:
        if match := re.search(pattern, text):
            yield Finding("benchmark", f"{call.scope}: answer of {call.role}", _around(text, match.start()))
            break
    for name in secret:
        if match := re.search(rf"\b{re.escape(name)}\b", text):
            yield Finding("hidden-tests", f"{call.scope}: answer of {call.role}", _around(text, match.start()))


def _texts(value: Any) -> Iterator[str]:
    """All strings in an answer; arguments of tools are JSON inside of a string, which is read as text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _around(text: str, at: int) -> str:
    start = max(0, at - EXCERPT // 4)
    return " ".join(text[start : start + EXCERPT].split())


def hidden_names(task: BenchmarkTask) -> tuple[str, ...]:
    """Names of functions and files that the hidden tests add, without those that the issue tells.

    A name that is in the context of the test patch is in the repository too and gives nothing away.
    """
    lines = task.gold.test_patch.splitlines()
    added = "\n".join(line[1:] for line in lines if line.startswith("+") and not line.startswith("+++"))
    known = "\n".join(line[1:] for line in lines if line.startswith((" ", "-"))) + task.task.problem
    names = dict.fromkeys(re.findall(r"(?:def|class)\s+(\w{8,})", added))
    return tuple(name for name in names if not re.search(rf"\b{name}\b", known) and _is_test_name(name))


def _is_test_name(name: str) -> bool:
    return name.lower().startswith("test") or name.endswith(("Test", "Tests", "TestCase"))
