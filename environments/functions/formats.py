"""Reading the JSONL files of HumanEval, EvalPlus, EvoEval, MBPP (both), CodeContests, APPS, and recorded pools."""

from __future__ import annotations

import ast
import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from environments.functions.examples import visible_asserts
from environments.functions.problems import HiddenTests, Problem, Run, Statement
from tools.errors import InputError
from tools.syntax import parse_python

MAX_LINE = 64 * 1024 * 1024
VISIBLE_MBPP = 1
"""MBPP prompts show the first assert by convention (it fixes the name and the types); all of them grade."""


def read_problems(path: Path) -> tuple[Problem, ...]:
    """All problems of a ``.jsonl`` or ``.jsonl.gz`` file, in its order.

    Raises:
        InputError: there is no such file, or a line is in none of the known formats; names the line.
    """
    problems: list[Problem] = []
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    problems.append(_problem(line, f"{path}:{number}"))
    except FileNotFoundError as error:
        raise InputError(
            f"no such file of problems: {path}", hint="a .jsonl or .jsonl.gz, as HumanEval and MBPP come"
        ) from error
    except (OSError, UnicodeDecodeError, EOFError) as error:
        raise InputError(f"{path} cannot be read: {error}", hint="a .jsonl or .jsonl.gz of problems") from error
    if not problems:
        raise InputError(f"{path} holds no problems", hint="one JSON object per line")
    return tuple(problems)


def find_problem(source: str) -> Problem:
    """The problem of ``FILE#ID``; of ``FILE`` when it holds only one. An id may be shortened to its last part.

    Raises:
        InputError: there is none of that name; the hint lists some.
    """
    name, _, wanted = source.partition("#")
    problems = read_problems(Path(name))
    ids = [problem.statement.id for problem in problems]
    if not wanted and len(problems) == 1:
        return problems[0]
    exact = [problem for problem in problems if problem.statement.id == wanted]
    short = [problem for problem in problems if problem.statement.id.rpartition("/")[2] == wanted]
    for found in (exact, short):
        if wanted and len(found) == 1:
            return found[0]
    problem = f"{name} holds no problem {wanted!r}" if wanted else f"{name} holds {len(problems)} problems"
    raise InputError(problem, hint=f"name one: {name}#{ids[0]}" + (f" … {ids[-1]}" if len(ids) > 1 else ""))


def _problem(line: str, place: str) -> Problem:
    if len(line) > MAX_LINE:
        raise InputError(f"{place} is longer than 64 MiB")
    try:
        row = json.loads(line)
        if not isinstance(row, dict):
            raise TypeError("not an object")
        if "public_tests" in row:
            return _codecontests(row)
        if "entry_point" in row and "prompt" in row:
            return _humaneval(row)
        if "test_list" in row:
            return _mbpp(row)
        if "question" in row and "input_output" in row:
            return _apps(row)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{place} cannot be read as a problem: {error!r}") from error
    raise InputError(
        f"{place} is in no known format",
        hint="known are HumanEval, EvoEval, EvalPlus, MBPP, CodeContests and APPS JSONL",
    )


def _humaneval(row: Mapping[str, Any]) -> Problem:
    """HumanEval, EvalPlus (``base_input``, ``plus_input``), EvoEval (``inputs``), and pools of recorded samples."""
    prompt, entry_point = str(row["prompt"]), str(row["entry_point"])
    test, solution = str(row.get("test") or ""), str(row.get("canonical_solution") or "")
    reference = prompt + solution if solution else ""
    inputs = [_arguments(each) for key in ("base_input", "plus_input", "inputs") for each in row.get(key) or ()]
    if "base_input" in row and test:  # then `test` repeats the inputs
        inputs = []
    statement = Statement(
        id=str(row.get("task_id") or row["task"]),
        kind="function",
        prompt=prompt,
        entry_point=entry_point,
        visible=visible_asserts(prompt, entry_point),
    )
    hidden = HiddenTests(
        tests=(f"{test}\n\ncheck(candidate)\n",) if test else (),
        inputs=tuple(inputs) if reference else (),
        tolerance=float(row.get("atol") or 1e-6),
        reference=reference,
    )
    return Problem(statement, hidden)


def _arguments(given: Any) -> str:
    """An argument list as Python text: EvoEval has text, EvalPlus a JSON list."""
    return f"[{given}]" if isinstance(given, str) else repr(list(given))


def _mbpp(row: Mapping[str, Any]) -> Problem:
    """MBPP as published (``text``, ``test_setup_code``) and sanitized (``prompt``, ``test_imports``)."""
    asserts = [str(test) for test in row["test_list"]]
    more = [str(test) for test in row.get("challenge_test_list") or ()]
    setup = "\n".join([*(str(line) for line in row.get("test_imports") or ()), str(row.get("test_setup_code") or "")])
    imports = "".join(f"{line}\n" for line in row.get("test_imports") or ())
    visible = tuple(asserts[:VISIBLE_MBPP])
    name, arity = _called(visible[0])
    shown = "\n".join(f"    {line}" for test in visible for line in test.splitlines())
    prompt = _stub(name, arity, f"{str(row.get('text') or row['prompt']).strip()}\n\n{shown}")
    identity = str(row["task_id"])
    statement = Statement(
        id=identity if "/" in identity else f"MBPP/{identity}",
        kind="function",
        prompt=prompt,
        entry_point=name,
        visible=tuple(imports + test for test in visible),
    )
    return Problem(statement, HiddenTests((*asserts, *more), setup.strip(), reference=str(row.get("code") or "")))


def _stub(name: str, arity: int, text: str) -> str:
    """A function of that many arguments with a text that may hold anything as its docstring."""
    parameters = ", ".join(f"arg{number}" for number in range(1, arity + 1))
    quoted = text.replace("\\", "\\\\").replace('"""', "'''")
    return f'def {name}({parameters}):\n    """{quoted}\n    """\n'


def _called(test: str) -> tuple[str, int]:
    """The function that an assert is about and how many arguments it gives: the outermost call of no builtin."""
    import builtins

    calls = [node for node in ast.walk(parse_python(test.strip())) if isinstance(node, ast.Call)]
    for call in calls:
        if isinstance(call.func, ast.Name) and not hasattr(builtins, call.func.id):
            return call.func.id, len(call.args) + len(call.keywords)
    raise ValueError(f"no function is called in {test!r}")


def _codecontests(row: Mapping[str, Any]) -> Problem:
    hidden = [run for key in ("private_tests", "generated_tests") for run in _runs(row.get(key))]
    public = _runs(row["public_tests"])
    identity = str(row.get("name") or row["task_id"])
    statement = Statement(
        id=identity,
        kind="program",
        prompt=str(row["description"]).strip(),
        examples=public,
        seconds=_seconds(row.get("time_limit")),
    )
    return Problem(statement, HiddenTests(runs=(*public, *hidden), reference=_python_solution(row)))


def _runs(tests: Any) -> tuple[Run, ...]:
    if not tests:
        return ()
    if isinstance(tests, Sequence):
        return tuple(Run(str(test["input"]), str(test["output"])) for test in tests)
    pairs = zip(tests["input"], tests["output"], strict=True)
    return tuple(Run(str(given), str(expected)) for given, expected in pairs)


def _seconds(limit: Any) -> float:
    """Exports have a number, a ``{"seconds", "nanos"}`` object, or nothing. Python gets twice the time."""
    if isinstance(limit, Mapping):
        limit = float(limit.get("seconds") or 0) + float(limit.get("nanos") or 0) / 1e9
    return 2 * float(limit) if limit else 10.0


def _python_solution(row: Mapping[str, Any]) -> str:
    """The first right solution in Python 3 (language 3), where the export has them."""
    solutions = row.get("solutions") or {}
    if isinstance(solutions, Mapping):
        for language, text in zip(solutions.get("language", ()), solutions.get("solution", ()), strict=False):
            if language in (3, "PYTHON3"):
                return str(text)
    return ""


def _apps(row: Mapping[str, Any]) -> Problem:
    """APPS: programs, whose runs that the question shows are visible, and functions (``fn_name``)."""
    told = _decoded(row["input_output"])
    solutions = _decoded(row.get("solutions") or [])
    identity = str(row.get("problem_id", row.get("id", row.get("task_id"))))
    identity = identity if "/" in identity else f"APPS/{identity}"
    question, reference = str(row["question"]).strip(), str(solutions[0]) if solutions else ""
    pairs = list(zip(told["inputs"], told["outputs"], strict=True))
    if name := str(told.get("fn_name") or ""):
        prompt = _stub(name, len(pairs[0][0]), question)
        if "class Solution" in reference:
            reference += f"\n\ndef {name}(*arguments):\n    return Solution().{name}(*arguments)\n"
        tests = tuple(f"assert candidate(*{given!r}) in {_accepted(expected)!r}" for given, expected in pairs)
        statement = Statement(identity, "function", prompt, name, visible_asserts(prompt, name))
        return Problem(statement, HiddenTests(tests, reference=reference))
    runs = tuple(Run(_text(given), _text(expected)) for given, expected in pairs)
    words = " ".join(question.split())
    shown = tuple(run for run in runs if all(" ".join(part.split()) in words for part in (run.given, run.expected)))
    return Problem(
        Statement(identity, "program", question, examples=shown, seconds=10.0),
        HiddenTests(runs=runs, reference=reference),
    )


def _decoded(value: Any) -> Any:
    """APPS keeps JSON as text within its JSON."""
    return json.loads(value) if isinstance(value, str) else value


def _text(lines: Any) -> str:
    return "\n".join(map(str, lines)) if isinstance(lines, list) else str(lines)


def _accepted(expected: Any) -> list[Any]:
    """A value may be wrapped in a list of one, as the official grader allows."""
    return [expected, expected[0]] if isinstance(expected, list) and len(expected) == 1 else [expected]
