"""Problems in the formats of the published files, made up for these tests."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

SORTED_UNIQUE: dict[str, Any] = {
    "task_id": "HumanEval/900",
    "entry_point": "sorted_unique",
    "prompt": (
        "from typing import List\n\n\ndef double(x: int) -> int:\n    return 2 * x\n\n\n"
        "def sorted_unique(values: List[int]) -> List[int]:\n"
        '    """ Doubled values in order, each once.\n'
        "    >>> sorted_unique([3, 1, 3])\n    [2, 6]\n"
        "    >>> sorted_unique([])\n    []\n"
        '    """\n'
    ),
    "canonical_solution": "    return [double(x) for x in sorted(set(values))]\n",
    "test": (
        "\n\nMETADATA = {}\n\n\ndef check(candidate):\n"
        "    assert candidate([3, 1, 3]) == [2, 6]\n"
        "    assert candidate([]) == []\n"
        "    for n in range(5):\n"
        "        values = [n, 0, n]\n"
        "        assert candidate(values) == [double(x) for x in sorted(set(values))]\n"
        "    assert sorted_unique([5]) == [10], 'called by its name'\n"
    ),
}
INFORMAL: dict[str, Any] = {
    "task_id": "EvoEval/1",
    "entry_point": "half",
    "prompt": (
        'def half(x):\n    """Half of x.\n\n    Examples:\n    half(3) ➞ 1.5\n'
        "    half(4) should return 2, as it is even\n"
        '    half(-2) == -1\n    half("a") => an error\n    half(0) -> ("zero")\n    """\n'
    ),
    "canonical_solution": "    return x / 2\n",
    "inputs": ["3", "4", "-7", "10**6"],
}
MBPP: dict[str, Any] = {
    "task_id": 901,
    "text": "Write a function to add two complex numbers' real parts.",
    "code": "def real_sum(a, b):\n    return a.real + b.real",
    "test_setup_code": "",
    "test_imports": ["import math"],
    "test_list": [
        "assert math.isclose(real_sum(1+2j, 3), 4.0)",
        "assert real_sum(0, 0) == 0",
        "assert real_sum(-1j, 5) == 5",
    ],
    "challenge_test_list": ["assert real_sum(2.5, 2.5) == 5"],
}
OBJECTS: dict[str, Any] = {
    "task_id": 902,
    "text": "Write a function to find the longest chain of pairs. It has a class for pairs.",
    "code": "class Pair:\n    def __init__(self, a, b):\n        self.a = a\n        self.b = b\n\n"
    "def longest(pairs, n):\n    pairs.sort(key=lambda p: p.b)\n    end = count = 0\n"
    "    for p in pairs:\n        if p.a > end:\n            end, count = p.b, count + 1\n    return count\n",
    "test_list": ["assert longest([Pair(5, 24), Pair(1, 2), Pair(27, 40)], 3) == 3"],
}
PROGRAM: dict[str, Any] = {
    "name": "902_A. Sum",
    "description": "Read n and then n numbers; print their sum.",
    "public_tests": {"input": ["2\n1 2\n"], "output": ["3\n"]},
    "private_tests": {"input": ["0\n\n", "3\n1 1 1\n"], "output": ["0\n", "3\n"]},
    "generated_tests": {"input": ["1\n-5\n"], "output": ["-5\n"]},
    "time_limit": {"seconds": 1, "nanos": 500000000},
    "solutions": {"language": [2, 3], "solution": ["int main(){}", "n=input();print(sum(map(int,input().split())))"]},
}

APPS: dict[str, Any] = {
    "problem_id": 903,
    "question": "Sum the numbers.\n\n-----Example-----\nInput\n2\n1 2\n\nOutput\n3\n",
    "input_output": json.dumps({"inputs": ["2\n1 2\n", "3\n7 1 1\n", ["1", "40"]], "outputs": ["3\n", "9\n", ["40"]]}),
    "solutions": json.dumps(["input()\nprint(sum(map(int, input().split())))\n"]),
    "difficulty": "introductory",
    "starter_code": "",
}
APPS_METHOD: dict[str, Any] = {
    "id": 904,
    "question": 'Say """twice""" or \\ what the number twice is.\n\ntwice(4) == 8',
    "input_output": json.dumps({"fn_name": "twice", "inputs": [[21], [5]], "outputs": [[42], 10]}),
    "solutions": json.dumps(["class Solution:\n    def twice(self, n: int) -> int:\n        return 2 * n\n"]),
    "starter_code": "class Solution:\n    def twice(self, n: int) -> int:\n        ",
}


def write(path: Path, *rows: dict[str, Any]) -> Path:
    """The rows as a JSONL file, compressed when its name says so."""
    text = "".join(json.dumps(row) + "\n" for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path
