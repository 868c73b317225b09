"""Rows of a dataset: from a file, or from the Hugging Face hub."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.errors import InfrastructureError, InputError, extra

HUB = {
    "swe-bench": "princeton-nlp/SWE-bench",
    "swe-bench-lite": "princeton-nlp/SWE-bench_Lite",
    "swe-bench-verified": "princeton-nlp/SWE-bench_Verified",
}
SUFFIXES = (".json", ".jsonl", ".parquet")
_INSTALL = f"{extra('swebench')}; or give a .json, .jsonl or .parquet file"

Row = Mapping[str, Any]


def read_rows(dataset: str, split: str) -> list[Row]:
    """The rows of a dataset.

    Args:
        dataset: a short name of `HUB`, a name on the hub, or a file.
        split: of the hub's dataset; a file's rows are taken when they name no split, or this one.

    Raises:
        InputError: there is no such file or dataset, or it cannot be read; with the line where there is one.
        InfrastructureError: the hub cannot be reached.
    """
    path = Path(dataset).expanduser()
    if path.suffix.lower() in SUFFIXES:
        rows = list(_from_file(path))
        return [row for row in rows if not split or str(row.get("split", split)) == split]
    name = HUB.get(dataset.lower(), dataset)
    if "/" not in name:
        known = ", ".join(HUB)
        raise InputError(f"no dataset is called {dataset!r}", hint=f"one of {known}, OWNER/NAME, a file or a folder")
    return _from_hub(name, split or "test")


def _from_file(path: Path) -> Iterator[Row]:
    try:
        if path.suffix.lower() == ".parquet":
            yield from _objects(path, _parquet(path))
        elif path.suffix.lower() == ".jsonl":
            with path.open(encoding="utf-8") as lines:
                yield from _lines(path, lines)
        else:
            found = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(found, dict):  # keyed by instance
                found = list(found.values())
            yield from _objects(path, found)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"cannot read the dataset {path}: {error}") from error


def _lines(path: Path, lines: Iterable[str]) -> Iterator[Row]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise InputError(f"{path}:{number}: not JSON: {error.msg}") from error
            yield from _objects(path, [row])


def _objects(path: Path, rows: object) -> Iterator[Row]:
    if not isinstance(rows, list):
        raise InputError(f"{path} is not a list of objects")
    for row in rows:
        if not isinstance(row, dict):
            raise InputError(f"{path} holds something that is not an object")
        yield row


def _parquet(path: Path) -> list[Any]:
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise InputError("reading parquet needs pyarrow", hint=_INSTALL) from error
    try:
        rows: list[Any] = parquet.read_table(path).to_pylist()
    except (OSError, ValueError) as error:  # pyarrow's own errors are ValueErrors
        raise InputError(f"cannot read the dataset {path}: {error}") from error
    return rows


def _from_hub(name: str, split: str) -> list[Row]:
    try:
        import datasets
    except ImportError as error:
        raise InputError("datasets of the hub need the package `datasets`", hint=_INSTALL) from error
    try:
        return [dict(row) for row in datasets.load_dataset(name, split=split)]
    except ValueError as error:
        raise InputError(f"the dataset {name} has no split {split!r}: {error}") from error
    except (OSError, RuntimeError) as error:  # the hub's own errors are OSErrors
        hint = "check the name and the network, or give a file that you have"
        raise InfrastructureError(
            f"cannot load {name} from the hub: {str(error).splitlines()[0]}", hint=hint
        ) from error
