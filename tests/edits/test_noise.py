"""Quotes of real modules with a model's usual mistakes: applied right or refused, never applied wrong."""

import random
import re
import sysconfig
from pathlib import Path

import pytest
from memory_files import MemoryFiles

from tools.edits import SearchReplace, apply_edits

STDLIB = Path(sysconfig.get_path("stdlib"))
MODULES = ["argparse.py", "ast.py", "configparser.py", "dataclasses.py", "inspect.py", "shutil.py", "textwrap.py"]


def altered(lines: list[str], keep: int, rng: random.Random) -> int:
    others = [index for index, text in enumerate(lines) if index != keep and text.strip()]
    return rng.choice(others) if others else -1


def typo(lines: list[str], keep: int, rng: random.Random) -> list[str]:
    index = altered(lines, keep, rng)
    text = lines[index]
    at = rng.randrange(len(text) - len(text.lstrip()), len(text))
    return lines if index < 0 else [*lines[:index], text[:at] + "_" + text[at + 1 :], *lines[index + 1 :]]


def left_out(lines: list[str], keep: int, rng: random.Random) -> list[str]:
    index = altered(lines, keep, rng)
    return lines if index < 0 else lines[:index] + lines[index + 1 :]


def dedented(lines: list[str], keep: int, rng: random.Random) -> list[str]:
    margin = min(len(text) - len(text.lstrip()) for text in lines if text.strip())
    return [text[margin:] for text in lines]


def tabs(lines: list[str], keep: int, rng: random.Random) -> list[str]:
    return [re.sub(r"^( {4})+", lambda match: "\t" * (len(match[0]) // 4), text) for text in lines]


def typo_and_dedented(lines: list[str], keep: int, rng: random.Random) -> list[str]:
    return dedented(typo(lines, keep, rng), keep, rng)


@pytest.mark.parametrize("mistake", [typo, left_out, dedented, tabs, typo_and_dedented])
def test_never_applied_wrong(mistake) -> None:  # type: ignore[no-untyped-def]
    rng = random.Random(mistake.__name__)
    applied = tried = 0
    for _ in range(60):
        text = (STDLIB / rng.choice(MODULES)).read_text(encoding="utf-8")
        lines = text.split("\n")
        start, size = rng.randrange(len(lines) - 12), rng.randint(4, 10)
        window = lines[start : start + size]
        meant = [index for index, line in enumerate(window) if re.search(r"\w{3}", line)]
        if not meant or "\f" in text:
            continue
        at = rng.choice(meant)
        quote = mistake(window, at, rng)
        same = [index for index, line in enumerate(quote) if line.strip() == window[at].strip()]
        if len(same) != 1:
            continue
        tried += 1
        changed, indent = re.sub(r"\w{3,}", "renamed", window[at], count=1), quote[same[0]][: -len(window[at].strip())]
        new = [indent + changed.strip(), indent + "inserted()"]
        replace = [*quote[: same[0]], *new, *quote[same[0] + 1 :]]
        result = apply_edits(
            MemoryFiles({"m.py": text.encode()}), [SearchReplace("m.py", "\n".join(quote), "\n".join(replace))]
        )
        if result.failures:
            continue
        applied += 1
        inserted = window[at][: len(window[at]) - len(window[at].lstrip())] + "inserted()"
        expected = [*lines[: start + at], changed, inserted, *lines[start + at + 1 :]]
        assert result.changes == {"m.py": "\n".join(expected).encode()}
    assert applied >= 0.75 * tried > 20
