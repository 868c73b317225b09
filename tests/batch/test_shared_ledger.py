"""`treewright batch --store`: a batch whose ledger is in PostgreSQL."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from batch_helpers import task, write_tasks
from batch_killing import run_killed
from money_project import FAILING, environment, make_repository
from postgresql_server import PASSWORD, Server
from typer.testing import CliRunner, Result

from agent.batch.ledger import Ledger
from agent.batch.reader import BatchReader, is_batch
from agent.batch.results import load_batch, read_batch
from agent.cli.main import app
from agent.viewer import memory
from agent.viewer.collections import Shelf, batch_glance
from agent.viewer.library import Library
from agent.viewer.listing import Listing
from environments.tasks import Task
from tools.errors import InfrastructureError, InputError, TreewrightError

DESIGN = """import time


async def solve(kit):
    time.sleep(0.3)
    await kit.abstain("nothing was tried")
"""
TASKS = 4


class Shared:
    """A batch of tasks that end by themselves, and the command for it."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.server, self.out = folder, server, folder / "out"
        self.env = environment(folder / "home")
        self.place = server.schema()
        repository = make_repository(folder / "money")
        write_tasks(folder / "tasks.jsonl", [task(repository, f"t-{n}", failing_tests=[FAILING]) for n in range(TASKS)])
        (folder / "design.py").write_text(DESIGN)

    def command(self, *more: object, out: str = "out") -> list[object]:
        chosen = ("--dataset", self.folder / "tasks.jsonl", "--design", self.folder / "design.py")
        return ["batch", *chosen, "--out", self.folder / out, *more]

    def ended(self) -> int:
        """Asked of the server, as the process under test may be dead."""
        schema = self.place.rpartition("%3D")[2]
        (there,) = self.server.run(f"SELECT to_regclass('{schema}.tasks') IS NOT NULL")
        return int(self.server.run(f"SELECT count(finished) FROM {schema}.tasks")[0][0]) if there[0] else 0

    def begin(self, *more: object) -> Result:
        """The command, in this process."""
        return run_here(self.command(*more))


def run_here(command: Sequence[object]) -> Result:
    return CliRunner().invoke(app, [str(word) for word in command])


def refusal(result: Result, kind: type[TreewrightError]) -> str:
    """What a person is told in place of a traceback."""
    assert isinstance(result.exception, kind), result.exception
    return f"{result.exception} {result.exception.hint}"


@pytest.fixture
def shared(tmp_path: Path, postgresql: Server, monkeypatch: pytest.MonkeyPatch) -> Shared:
    for name, value in {**environment(tmp_path / "home"), "PGPASSFILE": "/nowhere"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PGPASSWORD", raising=False)
    return Shared(tmp_path, postgresql)


def test_killed_and_gone_on_with_by_the_same_command_and_read_by_all(shared: Shared) -> None:
    told = run_killed(shared.command("--store", shared.place), shared.env, progress=shared.ended, at=[0], seed=1)
    assert (told.code, told.kills, told.orphans) == (0, 1, [])
    assert is_batch(shared.out)
    assert not (shared.out / "batch.db").exists()
    with BatchReader(shared.out) as batch:
        assert {row.id: (row.status, row.attempt) for row in batch.rows()} == {
            f"t-{n}": ("abstained", 1) for n in range(TASKS)
        }
        assert batch.totals().counts == {"abstained": TASKS}
        assert batch.task("t-1").failing_tests == (FAILING,)
        assert batch.run("t-1").store.exists()
        assert batch.manifest.store.startswith("postgresql+psycopg://owner@/postgres?host=")
    before = {path: path.stat().st_mtime_ns for path in shared.out.glob("tasks/*/run.db")}
    again = shared.begin()  # where the ledger is, is remembered
    assert again.exit_code == 0, again.exception
    assert f"{TASKS} tasks: {TASKS} abstained" in again.output
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert "| t-3 | abstained |" in (shared.out / "report.md").read_text()
    assert json.loads(run_here(["compare", shared.out, shared.out, "--json"]).stdout)["tasks"] == TASKS

    there = shared.begin("--store", shared.server.schema())
    assert "the ledger of this batch is in postgresql" in refusal(there, InputError)
    second = run_here(shared.command("--store", shared.place, out="second"))
    assert "holds another batch" in refusal(second, InputError)
    assert not (shared.folder / "second" / "manifest.json").exists()


def test_evaluation_and_report_find_it(shared: Shared) -> None:
    assert shared.begin("--store", shared.place, "--filter", "t-0").exit_code == 0
    (shared.out / "report.md").unlink()
    evaluated = run_here(["evaluate", shared.out / "predictions.jsonl", "--dataset", shared.folder / "tasks.jsonl"])
    assert evaluated.exit_code == 0, evaluated.exception
    assert "| t-0 | abstained |" in (shared.out / "report.md").read_text()


def test_the_password_is_used_and_in_nothing_that_is_left_or_said(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = shared.server.by_network(shared.place, PASSWORD)
    chosen = ("--filter", "t-0")
    wrong = shared.begin("--store", given.replace(PASSWORD, f"{PASSWORD}x"), *chosen)
    assert "password authentication failed" in refusal(wrong, InputError)
    assert not (shared.out / "manifest.json").exists()
    begun = shared.begin("--store", given, *chosen, "--json")
    assert begun.exit_code == 0, begun.exception
    unknown = [shared.begin(*chosen), run_here(["compare", shared.out, shared.out])]
    for each in unknown:
        assert "no password supplied" in refusal(each, InputError)
        assert "PGPASSWORD" in refusal(each, InputError)
    told = "".join(f"{each.output} {each.exception!r} {each.exception}" for each in (wrong, begun, *unknown))
    assert PASSWORD not in told
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert "1 abstained" in shared.begin(*chosen).output
    held = [path for path in shared.folder.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()]
    assert held == []


@pytest.mark.parametrize(
    ("url", "said", "kind"),
    [
        ("sqlite:///x.db", "into PostgreSQL", InputError),
        ("batch.db", "not the URL of a database", InputError),
        ("postgresql://owner:canary@127.0.0.1:1/x", "Connection refused", InfrastructureError),
    ],
)
def test_a_store_that_is_none_is_refused_before_anything_is_left(
    shared: Shared, url: str, said: str, kind: type[TreewrightError]
) -> None:
    told = refusal(shared.begin("--store", url), kind)
    assert said in told
    assert "canary" not in told
    assert not (shared.out / "manifest.json").exists()


def manifest_of(folder: Path, store: str, **more: object) -> None:
    plain: Mapping[str, object] = {
        **{"created": 5.25, "name": "s", "source": {}, "tasks": 1, "dataset_hash": "0", "design": "d"},
        **{"design_hash": "0", "models": {}, "prices": {}, "settings": {}, "versions": {}, "store": store},
    }
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({**plain, **more}))


def test_pages_follow_a_ledger_that_is_no_file(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shared.folder / "all" / "a"
    folder.parent.mkdir()
    manifest_of(folder, shared.place)
    with pytest.raises(InputError, match="is not in postgresql"):  # killed before it was its ledger
        BatchReader(folder)
    with Ledger(shared.place, beacon=folder / "manifest.json") as ledger:
        ledger.claim("5.25")
        ledger.add([Task("t", "/r", problem="x")])
        shelf, listing = Shelf(Library(folder.parent)), Listing(Library(folder.parent))
        before = batch_glance(shelf, "a")
        assert before == batch_glance(shelf, "a")
        assert "0 of 1 tasks ended" in listing.rows()[0].summary
        ledger.finish("t", "abstained", reason="no idea")
        assert batch_glance(shelf, "a").version != before.version
        assert "1 of 1 tasks ended" in listing.rows()[0].summary

    monkeypatch.setattr(memory, "PATIENCE", 0.0)
    shutil.copytree(folder, folder.parent / "b")
    manifest_of(folder.parent / "b", shared.place.replace(f"port={shared.server.port}", "port=1"))
    (row,) = [row for row in listing.rows() if row.item.key == "b"]
    assert row.failed
    assert "cannot be read" in row.summary
    assert read_batch(folder.parent / "b").problems
    with pytest.raises(InfrastructureError, match="the store failed"):
        load_batch(folder.parent / "b")
    changed = (folder.parent / "b" / "manifest.json").stat().st_mtime_ns
    assert shelf.batch("b").manifest is None
    monkeypatch.setattr("agent.viewer.collections.read_batch", lambda _: read_batch(folder))
    assert shelf.batch("b").manifest is not None  # asked again, though no file changed
    assert (folder.parent / "b" / "manifest.json").stat().st_mtime_ns == changed
