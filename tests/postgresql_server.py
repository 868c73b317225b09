"""A PostgreSQL server of our own, from Debian's packages; nothing that it holds outlives it."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa

PASSWORD = "canary-7d1c-slipper"
NOBODY = 65534
HASTE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=60")


@dataclass
class Server:
    """One that runs.

    Attributes:
        folder: of its data and its socket.
        port: on 127.0.0.1, where user `owner` needs `PASSWORD`; on the socket nobody needs one.
    """

    folder: Path
    port: int
    _names: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str = "postgres", *, schema: str = "") -> str:
        """Of a database, by its socket."""
        path = f"&options=-csearch_path%3D{schema}" if schema else ""
        return f"postgresql://owner@/{database}?host={self.folder}&port={self.port}{path}"

    def by_network(self, url: str, password: str = "") -> str:
        """The same by network, where a password is wanted."""
        there = url.replace(f"host={self.folder}&port={self.port}", "connect_timeout=5")
        return there.replace("owner@/", f"owner{':' + password if password else ''}@127.0.0.1:{self.port}/")

    def schema(self) -> str:
        """The URL of a schema that nobody used."""
        name = f"s{next(self._names)}"
        self.run(f"CREATE SCHEMA {name}")
        return self.url(schema=name)

    def run(self, statement: str, url: str = "") -> list[sa.Row]:
        """Run SQL; its rows."""
        engine = sa.create_engine((url or self.url()).replace("postgresql://", "postgresql+psycopg://"))
        try:
            with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
                done = connection.exec_driver_sql(statement)
                return list(done.all()) if done.returns_rows else []
        finally:
            engine.dispose()


def programs() -> Path:
    """The folder of the newest server's programs; in CI one that is missing is a failure."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if not found and not os.environ.get("CI"):
        pytest.skip("PostgreSQL is not installed: make system")
    assert found, "PostgreSQL is not installed: make system"
    return found[-1].parent


@contextmanager
def server() -> Iterator[Server]:
    """A server for as long as it is wanted; root may not run one, nobody may."""
    bin = programs()
    user = NOBODY if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: the path of a socket may have 107 characters
    secret, data, log = folder / "secret", folder / "data", folder / "log"
    secret.write_text(PASSWORD)
    log.touch()
    if user:
        for path in (folder, secret, log):
            os.chown(path, user, user)
    who = {"user": user, "group": user, "extra_groups": ()} if user else {}
    try:
        made = [bin / "initdb", "-D", data, "-U", "owner", "--pwfile", secret, "-N", "-E", "UTF8", "--locale=C"]
        trust = ["--auth-local=trust", "--auth-host=scram-sha-256"]
        subprocess.run([*made, *trust], check=True, capture_output=True, cwd=folder, **who)
        port = _free_port()
        asked = [word for each in HASTE for word in ("-c", each)]
        command = [bin / "postgres", "-D", data, "-k", folder, "-h", "127.0.0.1", "-p", str(port), *asked]
        with log.open("w") as said:
            process = subprocess.Popen(command, stdout=said, stderr=said, cwd=folder, **who)
        try:
            _wait(process, folder / f".s.PGSQL.{port}", log)
            yield Server(folder, port)
        finally:
            process.send_signal(signal.SIGINT)  # at once, connections or not
            process.wait(60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(process: subprocess.Popen[bytes], place: Path, log: Path) -> None:
    while process.poll() is None:
        if "ready to accept connections" in log.read_text():
            assert place.exists()
            return
        time.sleep(0.02)
    raise AssertionError(log.read_text())


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
