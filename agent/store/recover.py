"""Checking a store, and saving what is readable from a damaged one: `python -m agent.store.recover run.db`."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from agent.store.database import Database
from agent.store.schema import metadata
from tools.errors import InfrastructureError, InputError, TreewrightError


@dataclass(frozen=True)
class Recovery:
    """What was saved from a damaged store.

    Attributes:
        path: the new store.
        saved: rows per table.
        lost: rows per table that were seen but could not be read; rows on unreadable pages are not counted.
    """

    path: Path
    saved: dict[str, int]
    lost: dict[str, int]


def check(path: Path) -> tuple[str, ...]:
    """What is wrong with the store at `path`: SQLite's own findings and records that do not parse; () when sound.

    Raises:
        InputError: there is no such file.
    """
    if not path.is_file():
        raise InputError(f"{path} is not a file")
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
            for table in metadata.sorted_tables:
                for number, row in _rows(connection, table.name):
                    if reason := _fault(row):
                        found.append(f"{table.name} row {number}: {reason}")
    except sqlite3.DatabaseError as error:
        return (str(error),)
    return tuple(found)


def recover(path: Path) -> Recovery:
    """Copy every readable record of a damaged store into `<name>.recovered`, which is a store like any other.

    The damaged file is left as it is.

    Raises:
        InputError: there is no such file, or an earlier recovery is in the way.
        InfrastructureError: not one record can be read.
    """
    target = path.with_name(path.name + ".recovered")
    if not path.is_file() or target.exists():
        reason = f"{target} is in the way" if target.exists() else f"{path} is not a file"
        raise InputError(reason, hint="name a store file, and move an earlier recovery aside")
    Database(target).close()
    saved, lost = {}, {}
    source, copy = sqlite3.connect(f"file:{path}?mode=ro", uri=True), sqlite3.connect(target)
    try:
        for table in metadata.sorted_tables:
            saved[table.name], lost[table.name] = _copy(source, copy, table.name)
        copy.commit()
    finally:
        source.close()
        copy.close()
    if saved.get("runs", 0) == 0:
        target.unlink()
        raise InfrastructureError(f"no run can be read from {path}", hint="begin the run anew in another folder")
    return Recovery(target, saved, lost)


def _copy(source: sqlite3.Connection, copy: sqlite3.Connection, table: str) -> tuple[int, int]:
    saved = lost = 0
    for _number, row in _rows(source, table):
        if _fault(row):
            lost += 1
            continue
        columns = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" * len(row))
        copy.execute(f'INSERT OR REPLACE INTO "{table}" ({columns}) VALUES ({marks})', tuple(row.values()))
        saved += 1
    return saved, lost


def _rows(connection: sqlite3.Connection, table: str) -> Iterator[tuple[int, dict[str, object]]]:
    """Rows from the front up to the first unreadable page, then from the back down to it."""
    seen: set[int] = set()
    for order in ("ASC", "DESC"):
        try:
            cursor = connection.execute(f'SELECT rowid AS "_place", * FROM "{table}" ORDER BY rowid {order}')
            names = [column[0] for column in cursor.description]
            for values in cursor:
                place = int(values[0])
                if place in seen:
                    break
                seen.add(place)
                yield place, dict(zip(names[1:], values[1:], strict=True))
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            continue


_JSON_COLUMNS = {"task", "config", "versions", "outcome", "evaluation", "critique", "request", "response", "error"}
_JSON_COLUMNS |= {"content", "command", "result", "messages"}


def _fault(row: dict[str, object]) -> str:
    for name in sorted(_JSON_COLUMNS & row.keys()):
        value = row[name]
        if value is None:
            continue
        try:
            json.loads(str(value))
        except ValueError as error:
            return f"{name} is not JSON: {error}"
    return ""


def main(arguments: list[str]) -> int:
    """Check the stores named in `arguments` and save what is readable from the damaged ones."""
    for name in arguments:
        try:
            problems = check(Path(name))
            print(f"{name}: " + (f"{len(problems)} problems, first: {problems[0]}" if problems else "sound"))
            if problems:
                result = recover(Path(name))
                print(f"{result.path}: {sum(result.saved.values())} records saved, {sum(result.lost.values())} lost")
        except TreewrightError as error:
            print(f"{error}; {error.hint}", file=sys.stderr)
            return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
