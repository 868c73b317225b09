"""Grades a solution by tests that it never sees: they run here, the solution in another process.

Reads a JSON payload from standard input and prints one line, which begins with the payload's nonce. The solution
cannot know the nonce, nor read this process: it is not dumpable, and the tests are in no file.
"""

from __future__ import annotations

import ctypes
import functools
import json
import math
import os
import subprocess
import sys
from typing import Any, Callable

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wire
from other import MAX_MESSAGE, Names, Remote, Solution, number_of

PR_SET_DUMPABLE = 4
WRONG_ENOUGH = 3
"""Failed runs of a program after which the others are not worth their time."""


def graded_tests(payload: dict[str, Any]) -> list[str]:
    """How each hidden test ended: "" for a pass, else what went wrong."""
    solution = Solution(payload["module"], None, payload["seconds"])
    results = []
    for test in payload["tests"]:
        names = Names(solution)
        for text in (payload["prelude"], payload["setup"]):
            exec(compile(text, "<setup>", "exec"), names)
        names["candidate"] = names[payload["entry_point"]] = Remote(solution, None, payload["entry_point"])
        code = compile(test, "<hidden test>", "exec")
        results.append(ended(functools.partial(exec, code, names), solution))
    solution.close()
    return results


def graded_inputs(payload: dict[str, Any]) -> list[str]:
    """As `graded_tests`, on inputs for which the reference says what is right; it has ended before the other starts."""
    if not payload["inputs"]:
        return []
    known = {"__builtins__": {"set": set, "inf": math.inf, "nan": math.nan}}
    arguments = [eval(text, dict(known)) for text in payload["inputs"]]  # noqa: S307 - of the dataset, in the sandbox
    reference = Solution("reference", payload["reference"], 2 * payload["seconds"])
    expected = [reference.request(payload["entry_point"], None, copied(each), {}) for each in arguments]
    reference.close()
    solution = Solution(payload["module"], None, payload["seconds"])

    def compare(values: list[Any], wanted: Any) -> None:
        given = solution.request(payload["entry_point"], None, copied(values), {})
        if not same(given, wanted, payload["tolerance"]):
            raise AssertionError("differs from the reference")

    results = [
        ended(functools.partial(compare, values, wanted), solution) for values, wanted in zip(arguments, expected)
    ]
    solution.close()
    return results


def ended(run: Callable[[], None], solution: Solution) -> str:
    """Runs a test."""
    try:
        run()
    except BaseException as error:  # noqa: BLE001
        return ("%s: %s" % (type(error).__name__, error))[:MAX_MESSAGE]
    return str(solution.broken)[:MAX_MESSAGE]


def copied(values: list[Any]) -> list[Any]:
    """A copy, as calls may change their arguments."""
    made = wire.decode(wire.encode(list(values), number_of), lambda number: None)
    return list(made)


def same(one: Any, other: Any, tolerance: float) -> bool:
    """Equality with a tolerance for numbers, at any depth."""
    if isinstance(one, float) or isinstance(other, float):
        if not (isinstance(one, (int, float)) and isinstance(other, (int, float))):
            return False
        return bool(one == other or abs(one - other) <= tolerance or (math.isnan(one) and math.isnan(other)))
    if isinstance(one, (list, tuple)) and type(one) is type(other):
        return len(one) == len(other) and all(same(a, b, tolerance) for a, b in zip(one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key], tolerance) for key in one)
    return bool(one == other)


def graded_runs(payload: dict[str, Any]) -> list[str]:
    """As `graded_tests`, for a program."""
    results: list[str] = []
    for given, expected in payload["runs"]:
        results.append(one_run(payload["module"] + ".py", given, expected, payload["seconds"]))
        if len(results) - results.count("") >= WRONG_ENOUGH:
            break
    return results + ["not run"] * (len(payload["runs"]) - len(results))


def one_run(program: str, given: str, expected: str, seconds: float) -> str:
    """How one run of a program ended."""
    command = [sys.executable, program]
    data = given.encode("utf-8", "surrogatepass")
    try:
        done = subprocess.run(
            command, input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return "out of time"
    if done.returncode:
        return "exit code %d" % done.returncode
    return "" if same_output(done.stdout.decode("utf-8", "replace"), expected) else "wrong output"


def same_output(printed: str, expected: str) -> bool:
    """Equal tokens; numbers with a fraction may differ by a relative 1e-6."""
    ours, theirs = printed.split(), expected.split()
    return len(ours) == len(theirs) and all(same_token(one, other) for one, other in zip(ours, theirs))


def same_token(one: str, other: str) -> bool:
    """Whether two words of output agree."""
    if one == other:
        return True
    if "." not in other and "e" not in other.lower():
        return False
    try:
        return math.isclose(float(one), float(other), rel_tol=1e-6, abs_tol=1e-9)
    except ValueError:
        return False


def main() -> None:
    """Reads, grades, prints."""
    if ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        sys.exit("this process cannot be protected from the solution")
    payload = json.loads(sys.stdin.buffer.read().decode("ascii"))
    sys.stdin.close()
    try:
        if payload["runs"]:
            results = graded_runs(payload)
        else:
            results = (graded_tests(payload) if payload["tests"] else []) + graded_inputs(payload)
        verdict: dict[str, Any] = {"results": results}
    except BaseException as error:  # noqa: BLE001
        verdict = {"problem": ("%s: %s" % (type(error).__name__, error))[:MAX_MESSAGE]}
    sys.stdout.write("\n" + payload["nonce"] + json.dumps(verdict) + "\n")


if __name__ == "__main__":
    main()
