"""Terminals: 80 columns, no colour, and logs of CI services, which must not be painted over."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import subprocess
import time
from pathlib import Path

import pytest
from corpus import hostile
from money_project import COMMAND
from rich.cells import cell_len
from rich.console import Console, RenderableType
from viewer_runs import make_run

from agent.batch.ledger import TaskRow, Totals
from agent.batch.watching import Running
from agent.cli import batch_view, evolve_view, live
from agent.cli.live import LiveTree
from agent.cli.report import print_outcome
from agent.cli.terminal import repaints
from agent.evolve.records import DesignRecord, ResultRecord
from agent.evolve.watching import State
from agent.outcome import Outcome, Proof, Ranked
from agent.work import Work
from search.budget import Budget
from search.events import Expansion, ExpansionStarted
from search.tree import Child, Tree

ROOT = Path(__file__).parents[2]
COLOUR = re.compile(r"\x1b\[[0-9;]*(?:3[0-7]|4[0-7]|9[0-7]|10[0-7]|[34]8;[0-9;]+)m")
LONG = "a strategy with a title that goes on and on, well past the end of any line, 漢字漢字漢字漢字漢字漢字漢字漢字"


def run_in_terminal(*arguments: str, **environment: str) -> str:
    """What the command writes to a terminal of 80 columns."""
    leader, follower = pty.openpty()
    os.set_blocking(leader, False)
    env = {**os.environ, "COLUMNS": "80", "TERM": "xterm-256color", "PYTHONPATH": str(ROOT), **environment}
    env = {name: value for name, value in env.items() if value}
    command = [*COMMAND, *arguments]
    written = b""
    with subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=env) as process:
        os.close(follower)
        while True:
            ended = process.poll() is not None
            with contextlib.suppress(BlockingIOError, OSError):
                while part := os.read(leader, 65536):
                    written += part
            if ended:
                break
            time.sleep(0.02)
    os.close(leader)
    return written.decode("utf-8", "replace").replace("\r\n", "\n")


def plain(text: str) -> str:
    """`text` without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def drawn(view: RenderableType, width: int = 80) -> list[str]:
    """The lines of a view on a terminal of that width, before it is cut to the screen."""
    console = Console(file=io.StringIO(), width=width, height=40, force_terminal=True, color_system=None)
    console.print(view)
    assert isinstance(console.file, io.StringIO)
    return plain(console.file.getvalue()).rstrip("\n").split("\n")


def test_a_tree_fits_80_columns_and_says_everything_without_colour(tmp_path: Path) -> None:
    run = make_run(tmp_path / "one", leaves=30)
    text = run_in_terminal("show", str(run.root), NO_COLOR="1", CI="")
    assert not COLOUR.search(text)
    tree = plain(text).split("\n1 calls")[0].split("nodes,")[0].split("\n")
    assert all(cell_len(line) <= 80 for line in tree), [line for line in tree if cell_len(line) > 80]
    for said in ("● repair 0.98", "★", "✗ patch", "and 19 more"):
        assert said in plain(text), said
    assert COLOUR.search(run_in_terminal("show", str(run.root), NO_COLOR="", CI=""))


def test_an_outcome_fits_80_columns_and_its_patch_can_be_copied() -> None:
    ranking = [
        Ranked(node=f"{number}" * 16, probability=0.5, title=LONG, lines=12, files=1, tests={"t": "passed"}, critic=0.9)
        for number in range(3)
    ]
    code = "+" + "long " * 30
    proof = Proof(fixed=("test_a",), held=9, critic="a reason that goes on " * 12)
    outcome = Outcome(status="solved", node="1" * 16, patch=f"@@ -1 +1 @@\n{code}\n", ranking=ranking, proof=proof)
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system="truecolor")
    print_outcome(outcome, console)
    assert isinstance(console.file, io.StringIO)
    lines = plain(console.file.getvalue()).split("\n")
    assert code in lines
    assert all(len(line) <= 80 for line in lines if line != code), lines
    assert [line[0] for line in lines if "1111111" in line or "2222222" in line] == ["*", "3"]
    assert "\x1b[32m+long" in console.file.getvalue()


def test_hostile_text_does_nothing_to_a_terminal(tmp_path: Path) -> None:
    run = make_run(tmp_path / "evil", hostile())
    for arguments in (["show", str(run.root)], ["show", str(run.root), "r1"]):
        text = plain(run_in_terminal(*arguments, NO_COLOR="1"))
        odd = {character for character in text if ord(character) < 32 and character not in "\n\t"}
        assert not odd, (arguments, odd)
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b-\u200f]", text)


def test_a_log_has_no_control_characters_and_no_repaints(tmp_path: Path) -> None:
    run = make_run(tmp_path / "one", leaves=30)
    command = [*COMMAND, "show", str(run.root)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80"}
    done = subprocess.run(command, env=env, capture_output=True, check=True)
    assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", done.stdout + done.stderr)


@pytest.mark.parametrize("module", [live, batch_view, evolve_view])
def test_only_a_terminal_that_somebody_looks_at_is_painted_over(
    module: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    leader, follower = pty.openpty()
    options = {"events": False} if module is not live else {}
    with os.fdopen(follower, "w") as terminal, os.fdopen(leader, "rb"):
        monkeypatch.setenv("TERM", "xterm")
        for ci, file, painted in (("", terminal, True), ("true", terminal, False), ("", io.StringIO(), False)):
            monkeypatch.setenv("CI", ci)
            console = Console(file=file, force_terminal=True, width=80)  # as FORCE_COLOR makes it
            assert repaints(console) == painted
            if not painted:
                with module.shown(console, quiet=False, **options) as view:  # type: ignore[attr-defined]
                    assert type(view).__name__ == "Lines"
        monkeypatch.setenv("TERM", "dumb")
        assert not repaints(Console(file=terminal, width=80))


def grown() -> Tree:
    """Ten levels of nodes with long titles."""
    tree = Tree(Work("base"))
    node = tree.root
    for number in range(10):
        node = tree.add(node, Child("patch", Work("a", note=LONG), 0.5), action="think", ordinal=number, index=0)
    return tree


@pytest.mark.parametrize("width", [80, 60, 120])
def test_live_views_stay_in_their_columns(width: int) -> None:
    console = Console(file=io.StringIO(), width=width, height=40, force_terminal=True)
    solving, tree = LiveTree(console), grown()
    solving.phase("localization", LONG * 3)
    solving.searching(tree, Budget(usd=2.0, nodes=40, seconds=1000), lambda: 12)
    running = {"a": Running(LONG, "search", LONG, 40, 0.5), "b": Running("b")}
    batch = batch_view.LiveTable(console)
    batch.opened(Totals({"pending": 300}, 0.0, 0, 0, 0, 0.0), running)
    row = TaskRow(LONG, "failed-agent", LONG, None, 1.0, 0.0, 3, 4000, 5, 60.0, 0.0, 1.0, 1)
    batch.ended(row, Totals({"pending": 200, "failed-agent": 60, "solved-candidate": 40}, 9.0, 3, 4, 5, 6.0))
    batch.told(LONG * 3)
    evolving = evolve_view.LiveView(console)
    evolving.opened(State("hgm", (3, 30), (9, 200), 1, (LONG, 0.5, 9), 1.0, running))
    design = DesignRecord("d", LONG, "", LONG, operator="parameters")
    evolving.made(design, [LONG])
    evolving.scored(design, ResultRecord("d", LONG, 0, "search", 1.0, "abstained", error=LONG))
    for view in (solving, batch, evolving):
        lines = drawn(view, width)
        assert all(cell_len(line) <= width for line in lines), [line for line in lines if cell_len(line) > width]
        assert len(lines) < 40


def test_what_is_under_way_is_seen() -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    view, tree = LiveTree(console), grown()
    view.searching(tree, Budget(), lambda: 0)
    view.event(ExpansionStarted(Expansion(tree.root, "think", 0)))
    assert any("◌ think …" in line for line in drawn(view))
