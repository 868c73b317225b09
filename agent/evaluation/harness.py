"""Grading by the official harness of SWE-bench, in its images; and whether our grading agrees with it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.evaluation.dataset import Evaluation, Told, key_of
from agent.evaluation.instance import InstanceResult
from environments.benchmarks import BenchmarkTask
from environments.locking import alone
from environments.provision.harness import RUN, call, row_of

FOLDER = "harness"
BESIDE = "official"
"""Folder of the harness's evaluation where both grade."""
MODEL = "treewright"
NOT_APPLIED = ">>>>> Patch Apply Failed"
NAMESPACE = "swebench"
"""Of the published images; "none" builds them on this machine."""


async def evaluate_officially(
    tasks: Sequence[BenchmarkTask],
    predictions: Mapping[str, str],
    out: Path,
    *,
    namespace: str = NAMESPACE,
    jobs: int = 1,
    seconds: int = 1800,
    redo: bool = False,
    tell: Told | None = None,
) -> Evaluation:
    """Grades every task that has a prediction by the harness; what is graded already is not graded again.

    Args:
        tasks: the instances, of a project that the harness knows.
        predictions: patch per instance.
        out: folder of `evaluation.json`; the harness's logs go to `harness` in it.
        namespace: of the images; "none" to build them here.
        jobs: instances at a time.
        seconds: limit of one instance's tests.
        redo: grade also what was graded.
        tell: told of every result.

    Raises:
        InputError: the package swebench is missing, or `evaluation.json` is damaged.
    """
    out.mkdir(parents=True, exist_ok=True)
    async with alone(out / ".evaluation.lock"):
        found = Evaluation.open(out, tasks)
        keys = {each.id: key_of(each, predictions[each.id]) for each in tasks if each.id in predictions}
        todo = [each for each in tasks if each.id in keys and (redo or not found.known(each.id, keys[each.id]))]
        output = ""
        folder = out / FOLDER
        if full := [each for each in todo if predictions[each.id].strip()]:
            wanted = ("--namespace", namespace, "--max_workers", str(jobs), "--timeout", str(seconds))
            output = await _run(full, predictions, folder, wanted)
        for task in todo:
            patch = predictions[task.id]
            empty = InstanceResult("empty", "there is no patch")
            result = _result(folder / "logs", task, output) if patch.strip() else empty
            found.put(task.id, keys[task.id], result)
            if tell is not None:
                tell(task.id, result)
        found.save()
    return found


async def _run(
    tasks: Sequence[BenchmarkTask],
    predictions: Mapping[str, str],
    folder: Path,
    wanted: Sequence[str],
) -> str:
    """Runs the harness; its reports of earlier runs are removed first, as it would take them for the answer."""
    folder.mkdir(parents=True, exist_ok=True)
    for task in tasks:
        shutil.rmtree(_log(folder / "logs", task), ignore_errors=True)
    dataset, answers = folder / "dataset.json", folder / "predictions.jsonl"
    dataset.write_text(json.dumps([_row(each) for each in tasks]))
    lines = [
        json.dumps({"instance_id": each.id, "model_name_or_path": MODEL, "model_patch": predictions[each.id]})
        for each in tasks
    ]
    answers.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogateescape")
    arguments = [
        *("--dataset_name", str(dataset.absolute()), "--predictions_path", str(answers.absolute())),
        *("--run_id", MODEL, "--cache_level", "instance", *wanted),
    ]
    _, output = await call(RUN, arguments, folder)
    (folder / "output.txt").write_text(output)
    return output


def _row(task: BenchmarkTask) -> dict[str, object]:
    gold = task.gold
    return {
        **row_of(task.task),
        "patch": gold.patch,
        "test_patch": gold.test_patch,
        "FAIL_TO_PASS": json.dumps(gold.fail_to_pass),
        "PASS_TO_PASS": json.dumps(gold.pass_to_pass),
    }


def _log(logs: Path, task: BenchmarkTask) -> Path:
    return logs / "run_evaluation" / MODEL / MODEL / task.id


def _result(logs: Path, task: BenchmarkTask, output: str) -> InstanceResult:
    """What the harness's report of an instance says, in our words."""
    folder = _log(logs, task)
    try:
        report: dict[str, Any] = json.loads((folder / "report.json").read_text())[task.id]
    except (OSError, ValueError, KeyError):
        log = _text(folder / "run_instance.log") or output
        if NOT_APPLIED in log:
            return InstanceResult("unapplied", log.rpartition(NOT_APPLIED)[2].strip()[:500])
        return InstanceResult("error", f"the harness gave no report: {_problem(log)}")
    statuses = report.get("tests_status", {})
    fixed, kept = (_statuses(statuses.get(name, {})) for name in ("FAIL_TO_PASS", "PASS_TO_PASS"))
    if report["resolved"]:
        return InstanceResult("resolved", "", fixed, kept)
    why = f"{_failing(fixed)} of FAIL_TO_PASS and {_failing(kept)} of PASS_TO_PASS did not pass"
    if not report.get("patch_successfully_applied"):
        why = "the tests gave no results"
    return InstanceResult("unresolved", why, fixed, kept, log=_text(folder / "test_output.txt")[-4000:])


def _problem(log: str) -> str:
    """The first line of a log that says what went wrong, else its end."""
    found = re.search(r"(?m)^.*(?:ERROR - |Error: |Exception: )(.+)$", log)
    return found[1].strip()[:500] if found else log.strip()[-500:]


def _statuses(lists: Mapping[str, Sequence[str]]) -> dict[str, str]:
    passed = dict.fromkeys(lists.get("success", ()), "PASSED")
    return {**passed, **dict.fromkeys(lists.get("failure", ()), "FAILED")}


def _failing(statuses: Mapping[str, str]) -> int:
    return sum(status != "PASSED" for status in statuses.values())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def disagreements(ours: Evaluation, theirs: Evaluation) -> dict[str, tuple[str, str]]:
    """Instances that one of two evaluations counts as resolved and the other does not, with both statuses.

    Instances that only one of them could grade are left out.
    """
    found = {}
    for name in sorted(ours.instances.keys() & theirs.instances.keys()):
        one, other = ours.instances[name], theirs.instances[name]
        told = {str(one["status"]), str(other["status"])}
        if not told & {"unavailable", "error"} and one["resolved"] != other["resolved"]:
            found[name] = (str(one["status"]), str(other["status"]))
    return found


def disagreeing(ours: Evaluation, out: Path) -> dict[str, tuple[str, str]]:
    """The disagreements with the harness's evaluation below `out`."""
    return disagreements(ours, Evaluation.open(out / BESIDE, ()))
