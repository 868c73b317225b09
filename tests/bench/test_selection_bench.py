import gzip
import json
import random

import pytest
from typer.testing import CliRunner

from agent.bench.selection import benchmark, choose
from agent.cli.bench import app
from environments.pools import read_gold, read_pool
from tools.errors import InputError

PROMPT = 'def double(x):\n    """Return two times x.\n    """\n'
BODIES = ["    return 2 * x\n", "    return x + x\n", "    return x\n", "    pass\n", "    return x ** 2\n"]
TESTS = [("assert double(2) == 4", 3), ("assert double(3) == 6", 2), ("assert double(1) == 1", 1)]
PASSES = ["110", "110", "001", "000", "101"]


def pool(folder, tasks=6, *, gold=True):
    rows = []
    for number in range(tasks):
        rng = random.Random(number)
        draws = [rng.choice([0, 0, 1, 2, 3, 4]) for _ in range(20)]
        row = {
            "task": f"t/{number}",
            "entry_point": "double",
            "prompt": PROMPT,
            "solutions": [{"code": code, "passes": mark} for code, mark in zip(BODIES, PASSES, strict=True)],
            "draws": draws,
            "tests": [{"code": code, "count": count} for code, count in TESTS],
        }
        if gold:
            row["gold"] = {"correct": [1, 1, 0, 0, 0], "valid_tests": "110"}
        rows.append(row)
    path = folder / "pool.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    return path


def test_choices_need_no_gold_and_do_not_change_with_it(tmp_path) -> None:
    (tmp_path / "bare").mkdir()
    bare, full = pool(tmp_path / "bare", gold=False), pool(tmp_path)
    assert choose(bare) == choose(full)
    with pytest.raises(InputError, match=r"pool\.jsonl\.gz:1: no gold"):
        read_gold(bare)


def test_the_benchmark_finds_the_obvious_and_scores_it(tmp_path) -> None:
    found = benchmark(pool(tmp_path))
    assert [row["chosen"] in (0, 1) for row in found["tasks"]] == [True] * 6
    metrics = found["metrics"]
    assert metrics["selected_accuracy"] == metrics["oracle"] == 1.0
    assert metrics["rules"]["square_root"] == 1.0
    assert 0 < metrics["rules"]["random"] < 1
    assert benchmark(pool(tmp_path)) == found


def test_a_dear_mistake_makes_it_abstain(tmp_path) -> None:
    found = benchmark(pool(tmp_path), wrong_cost=1e9)
    assert all(row["chosen"] is None and row["best"] in (0, 1) for row in found["tasks"])
    assert found["metrics"]["answered"] == 0


def test_subsets_are_drawn_without_replacement_and_repeatably(tmp_path) -> None:
    path = pool(tmp_path)
    found = benchmark(path, draws=5, repeats=3)
    assert len(found["tasks"]) == 18
    assert found == benchmark(path, draws=5, repeats=3)


def test_the_command_prints_json_or_a_summary(tmp_path) -> None:
    path = str(pool(tmp_path))
    text = CliRunner().invoke(app, ["selection", "--pool", path, "--draws", "10", "--repeats", "2", "--json"]).stdout
    assert {"task", "chosen", "probability"} <= json.loads(text)["tasks"][0].keys()
    assert "square root" in CliRunner().invoke(app, ["selection", "--pool", path]).stdout


LINE = {"task": "t", "entry_point": "f", "prompt": "", "solutions": [], "draws": [0], "tests": []}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "1: not JSON"),
        ("[]", "1: not an object"),
        ('{"task": "t"}', "1: Field required"),
        (json.dumps(LINE), "draws"),
        (json.dumps(LINE | {"solutions": [{"code": "", "passes": "1"}]}), "passes"),
    ],
)
def test_bad_pools_are_refused_with_the_line(tmp_path, text, message) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_pool(path)
    with pytest.raises(InputError, match="cannot read"):
        read_pool(tmp_path / "missing.jsonl")
