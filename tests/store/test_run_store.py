import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from postgresql_server import PASSWORD, Server

from agent.store import database
from agent.store.encoding import dump, load
from agent.store.records import CallRecord, ExecutionRecord, NodeRecord
from agent.store.recover import check, main, recover
from agent.store.store import RunStore, Store
from tools.errors import InfrastructureError, InputError


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new store may be: a file, or a schema of a server."""
    if request.param == "sqlite":
        return str(tmp_path / "run.db")
    server: Server = request.getfixturevalue("postgresql")
    return server.schema()


@pytest.fixture
def store(place: str):
    with Store.open(place) as store:
        yield store


@pytest.fixture
def run(store: Store) -> RunStore:
    return store.create_run("r1", task={"repo": "x"}, config={"seed": 1})


def call(**changes) -> CallRecord:
    plain = CallRecord(
        "n1", "solver", "m", "f" * 64, 0, {"temperature": 0.0}, response={"text": "hi"}, prompt=10, completion=5
    )
    return replace(plain, **changes)


def fill(run: RunStore, count: int) -> None:
    for number in range(count):
        run.record_call(call(ordinal=number), [{"role": "user", "content": f"{number} " * 500}])


def test_a_run_is_begun_once_and_finished(store: Store, run: RunStore) -> None:
    again = store.create_run("r1", task={"repo": "other"}, config={})
    assert again.record().task == {"repo": "x"}
    run.finish({"status": "solved"}, status="solved")
    assert store.run("r1").record().outcome == {"status": "solved"}
    assert store.run("r1").record().status == "solved"
    assert [record.id for record in store.runs()] == ["r1"]
    run.set_status("interrupted")
    assert run.record().status == "interrupted"
    with pytest.raises(InputError, match="no run r2"):
        store.run("r2")


def test_nodes_keep_their_order_and_birth_when_written_again(run: RunStore) -> None:
    run.put_node(NodeRecord("b", None, "root", 0, created=5.0))
    run.put_node(NodeRecord("a", "b", "patch", 1, title="bad \ud800\0 title", evaluation={"score": float("nan")}))
    run.put_node(NodeRecord("b", None, "root", 0, value=0.5, created=9.0))
    first, second = run.nodes()
    assert (first.id, first.value, first.created) == ("b", 0.5, 5.0)
    assert (second.title, second.evaluation) == ("bad \\ud800\\x00 title", {"score": None})
    run.update_node("a", value=1.0, critique={"keep": True}, status="done")
    assert run.node("a").critique == {"keep": True}
    with pytest.raises(InputError):
        run.update_node("zz", value=1.0)
    with pytest.raises(InputError):
        run.node("zz")
    with pytest.raises(ValueError, match="colour"):
        run.update_node("a", colour="red")


def test_messages_are_stored_once_by_content(store: Store, run: RunStore) -> None:
    system, question = {"role": "system", "content": "be good"}, {"role": "user", "content": "\ud800"}
    run.record_call(call(), [system, question], tools=[{"name": "view"}])
    run.record_call(call(ordinal=1), [system, {"role": "user", "content": "more"}])
    first, second = run.calls()
    assert first.messages[0] == second.messages[0]
    assert store.message(first.messages[1]) == question
    assert store.message(first.request["tools"]) == [{"name": "view"}]
    with store.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM messages").scalar_one() == 4
    with pytest.raises(InputError):
        store.message("0" * 64)


def test_lookup_finds_the_last_call_with_the_same_key(run: RunStore) -> None:
    assert run.lookup_call("n1", "solver", "f" * 64, 0) is None
    run.record_call(call(response=None, error={"kind": "transient", "message": "x"}, cost=0.1))
    run.record_call(call(response={"text": "later"}, cost=0.2, estimated=True, cached=4))
    found = run.lookup_call("n1", "solver", "f" * 64, 0)
    assert found is not None
    assert found.response == {"text": "later"}
    for other in (("n2", "solver", 0), ("n1", "critic", 0), ("n1", "solver", 1)):
        assert run.lookup_call(other[0], other[1], "f" * 64, other[2]) is None
    spend = run.spend()
    assert spend.usd == pytest.approx(0.3)
    assert (spend.calls, spend.failed, spend.tokens, spend.estimated) == (2, 1, 30, True)
    assert spend.cached_share == pytest.approx(0.2)
    assert [record.scope for record in run.calls("n1")] == ["n1", "n1"]
    assert run.calls("n2") == ()


def test_answers_from_the_cache_are_not_spending(run: RunStore) -> None:
    run.record_call(call(source="cache", cost=5.0))
    assert run.spend().usd == 0
    assert run.spend().cached_share == 0
    assert (run.spend().calls, run.spend().reused) == (0, 1)


def test_executions_come_back_with_their_report(run: RunStore) -> None:
    run.record_execution(ExecutionRecord("n1", "e", 0, "test", {"argv": ["x"]}, {"exit_code": 1}, b"\x00\xff", 1.5))
    found = run.lookup_execution("n1", "e", 0)
    assert found is not None
    assert (found.report, found.result, found.seconds) == (b"\x00\xff", {"exit_code": 1}, 1.5)
    assert run.lookup_execution("n1", "e", 1) is None
    assert len(run.executions()) == len(run.executions("n1")) == 1


def test_events_of_many_threads_have_no_gaps(store: Store, run: RunStore) -> None:
    other = store.create_run("r2", task={}, config={})

    def tick(target: RunStore) -> None:
        for _ in range(10):
            target.event("tick", {})

    threads = [Thread(target=tick, args=(target,)) for target in (run, run, run, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [event.seq for event in run.events()] == list(range(1, 31))
    assert [event.seq for event in other.events(after=7)] == [8, 9, 10]
    assert (run.decide("expand", {"node": "a"}), run.decide("stop", {})) == (1, 2)
    assert [decision.kind for decision in run.decisions()] == ["expand", "stop"]


def test_a_transaction_that_fails_leaves_nothing(run: RunStore) -> None:
    with pytest.raises(TypeError):
        run.record_call(call(response={"text": object()}), [{"role": "user", "content": "x"}])
    with pytest.raises(InfrastructureError):
        run.record_call(call(scope=None), [{"role": "user", "content": "x"}])  # type: ignore[arg-type]
    assert run.calls() == ()
    with run.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM messages").scalar_one() == 0


def test_writes_reach_the_disk_before_they_count(tmp_path: Path) -> None:
    with Store.open(tmp_path / "run.db") as store, store.database.write() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2


def test_a_newer_store_is_refused(place: str, store: Store) -> None:
    with store.database.write() as connection:
        connection.exec_driver_sql("UPDATE about SET value = '99'")
    with pytest.raises(InputError, match="newer Treewright"):
        Store.open(place)


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.execute("CREATE TABLE about (name TEXT, value TEXT)")
    connection.close()
    with pytest.raises(InfrastructureError, match="not a run store"):
        Store.open(tmp_path / "x.db")


def test_bad_places_are_named(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is not a database, it is a long enough text " * 100)
    with pytest.raises(InfrastructureError, match=r"text\.db is damaged") as failure:
        Store.open(tmp_path / "text.db")
    assert "agent.store.recover" in failure.value.hint
    with pytest.raises(InputError, match=r"database nosuchdialect://user@host/name$"):
        Store.open("nosuchdialect://user:secret@host/name")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="folder"):
        Store.open(tmp_path / "folder")


def test_a_full_disk_says_so_and_leaves_whole_records(tmp_path: Path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a small file system")
    try:
        with Store.open(place / "run.db") as store:
            run = store.create_run("r", task={}, config={})
            with pytest.raises(InfrastructureError, match="MiB free"):
                fill(run, 1000)
            kept = run.calls()
            assert kept
            assert all(store.message(one.messages[0])["content"].startswith(f"{one.ordinal} ") for one in kept)
        assert check(place / "run.db") == ()
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_damaged_store_is_recovered_record_by_record(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    with Store.open(path) as store:
        run = store.create_run("r", task={}, config={})
        fill(run, 200)
    assert check(path) == ()
    body = bytearray(path.read_bytes())
    body[len(body) // 2 : len(body) // 2 + 8192] = b"\xff" * 8192
    path.write_bytes(body)
    assert check(path)
    assert main([str(path)]) == 0
    with Store.open(tmp_path / "run.db.recovered") as store:
        kept = store.run("r").calls()
    assert len(kept) > 150
    assert check(tmp_path / "run.db.recovered") == ()
    assert main([str(path)]) == 2  # an earlier recovery is never overwritten


def test_a_record_that_does_not_parse_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    with Store.open(path) as store:
        run = store.create_run("r", task={}, config={})
        run.record_call(call())
        run.record_call(call(ordinal=1))
        with store.database.write() as connection:
            connection.exec_driver_sql("UPDATE calls SET response = '{\"te' WHERE ordinal = 0")
    assert "response is not JSON" in check(path)[0]
    result = recover(path)
    assert (result.saved["calls"], result.lost["calls"]) == (1, 1)


def test_nothing_readable_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"\xff" * 10_000)
    with pytest.raises(InfrastructureError, match="no run can be read"):
        recover(tmp_path / "x.db")
    assert not (tmp_path / "x.db.recovered").exists()
    assert main([str(tmp_path / "none.db")]) == 2


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(json_values)
def test_any_json_survives(value: object) -> None:
    text = dump(value)
    assert text.isascii()
    assert dump(load(text)) == text


@given(title=st.text(alphabet=st.characters(exclude_categories=())), data=st.dictionaries(st.text(), json_values))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_node_can_be_stored(run: RunStore, title: str, data: dict) -> None:
    run.put_node(NodeRecord("n", None, "root", 0, title=title, data=data))
    assert dump(run.node("n").data) == dump(load(dump(data)))


def test_many_may_open_a_new_store_at_once(place: str) -> None:
    opened: list[Store] = []
    threads = [Thread(target=lambda: opened.append(Store.open(place))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 8
    for store in opened:
        store.close()


def test_writers_of_two_processes_queue_and_readers_do_not(place: str, store: Store, run: RunStore) -> None:
    """A store opened a second time has connections and a lock of its own, as another process would."""

    def tick(target: RunStore) -> None:
        for _ in range(10):
            target.event("tick", {})

    with Store.open(place) as second:
        other = second.run("r1")
        threads = [Thread(target=tick, args=(target,)) for target in (run, other)]
        with store.database.write():
            for thread in threads:
                thread.start()
            assert other.events() == ()
        for thread in threads:
            thread.join()
    assert [event.seq for event in run.events()] == list(range(1, 21))


def test_a_run_is_gone_on_with_by_who_opens_it_next(place: str) -> None:
    with Store.open(place) as store:
        run = store.create_run("r1", task={}, config={})
        run.record_call(call(), [{"role": "user", "content": "x"}])
        run.record_execution(ExecutionRecord("n1", "e", 0, "test", {}, {"exit_code": 0}, None, 1.5))
    with Store.open(place) as store:
        run = store.create_run("r1", task={"repo": "other"}, config={})
        assert run.lookup_call("n1", "solver", "f" * 64, 0) == run.calls()[0]
        assert run.call_keys() == {("n1", "solver", "f" * 64, 0)}
        assert run.lookup_execution("n1", "e", 0) == run.executions()[0]
        run.record_call(call(ordinal=1), [{"role": "user", "content": "x"}])
        assert (run.spend().calls, run.record().task) == (2, {})


@pytest.mark.parametrize(
    ("where", "said", "hint"),
    [
        ("postgresql://owner:SECRET@127.0.0.1:1/x", "Connection refused", "reachable"),
        ("postgresql://owner:SECRET@127.0.0.1:PORT/postgres", "password authentication failed", "PGPASSWORD"),
        ("postgresql://owner@127.0.0.1:PORT/postgres", "no password supplied", "PGPASSWORD"),
        ("postgresql://owner@/nosuch?host=FOLDER&port=PORT&password=SECRET", "does not exist", "createdb"),
        ("postgresql://owner@/postgres?host=FOLDER&port=PORT&options=-csearch_path%3Dnosuch", "no schema", "SCHEMA"),
        ("postgresql://owner:a@SECRET@127.0.0.1/x", "second @", "%40"),
        ("postgresql://owner:SECRET/x", "not the URL of a database", "%40"),
        ("mysql://owner:SECRET@127.0.0.1/x", "cannot use the database mysql://owner@127.0.0.1/x", "postgresql://"),
    ],
)
def test_a_server_that_cannot_be_used_is_explained_without_the_password(
    postgresql: Server, monkeypatch: pytest.MonkeyPatch, where: str, said: str, hint: str
) -> None:
    monkeypatch.delenv("PGPASSWORD", raising=False)
    monkeypatch.setenv("PGPASSFILE", "/nowhere")
    url = where.replace("SECRET", "wrong-0f5e").replace("PORT", str(postgresql.port))
    with pytest.raises((InputError, InfrastructureError), match=said) as failure:
        Store.open(url.replace("FOLDER", str(postgresql.folder)))
    assert hint in failure.value.hint
    assert "wrong-0f5e" not in f"{failure.value} {failure.value.hint} {failure.value.__cause__}"


def test_a_password_is_taken_from_the_url_or_the_environment(
    postgresql: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgresql.by_network(postgresql.schema())
    with Store.open(url.replace("owner@", f"owner:{PASSWORD}@")) as store:
        store.create_run("r", task={}, config={})
        assert PASSWORD not in store.database.name
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    with Store.open(store.database.name) as store:
        assert [record.id for record in store.runs()] == ["r"]


def test_without_its_driver_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(InputError, match="psycopg") as failure:
        Store.open("postgresql://owner@host/name")
    assert "'postgres'" in failure.value.hint


def test_a_server_that_began_anew_is_found_again(postgresql: Server) -> None:
    with Store.open(postgresql.schema()) as store:
        run = store.create_run("r", task={}, config={})
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        postgresql.run(f"{others} AND backend_type = 'client backend'")
        assert run.event("still here", {}) == 1


def test_many_databases_compile_each_statement_once(tmp_path: Path) -> None:
    def use(name: str) -> int:
        with Store.open(tmp_path / name) as store:
            run = store.create_run("r", task={}, config={})
            run.event("one", {})
            run.put_node(NodeRecord("n", None, "root", 0))
            assert len(run.events()) == len(run.nodes()) == 1
        return len(database._statements)

    first = use("a.db")
    assert {use("b.db"), use("c.db")} == {first}
