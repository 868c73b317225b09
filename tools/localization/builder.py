"""Brings the cache up to date with a tree: spreads missing blobs over processes and survives their end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from tools.errors import InfrastructureError
from tools.localization.cache import Cache
from tools.localization.objects import ObjectDatabase, TreeFile
from tools.localization.segment import Document, Segment
from tools.localization.tags import Tags
from tools.localization.worker import index_blobs

IN_PROCESS_BYTES = 1_500_000
FILE_SECONDS = 120.0
_FILE_COSTS = 500
"""Bytes that take as long as what a file costs whatever its size."""

Pair = tuple[str, str]


def build_missing(
    database: ObjectDatabase, cache: Cache, missing: Sequence[tuple[TreeFile, str]], workers: int
) -> list[str]:
    """Indexes `missing` files; returns a note per file that could not be indexed.

    Args:
        database: where the blobs are.
        cache: where the segments go; one in memory is filled in this process.
        missing: files with their language.
        workers: processes at most.
    """
    unique = {(file.blob, language): file for file, language in missing}
    size = sum(file.size for file in unique.values())
    if cache.path is None or size <= IN_PROCESS_BYTES or workers < 1:
        for _ in index_blobs(database, cache, list(unique)):
            pass
        return []
    notes = []
    for culprit in _spread(database, cache.path, _shards(unique, workers)):
        broken = [(pair, file) for pair, file in unique.items() if pair[0] == culprit]
        cache.write(_empty([pair for pair, _ in broken]))
        notes += [f"{file.path} could not be indexed" for _, file in broken]
    return notes


def _shards(files: dict[Pair, TreeFile], workers: int) -> list[list[Pair]]:
    """Shards of about equal bytes, each a stretch of the tree."""
    shards: list[list[Pair]] = [[] for _ in range(workers)]
    share = sum(file.size + _FILE_COSTS for file in files.values()) / workers
    done = 0
    for pair, file in files.items():
        shards[min(int(done / share), workers - 1)].append(pair)
        done += file.size + _FILE_COSTS
    return [shard for shard in shards if shard]


def _spread(database: ObjectDatabase, cache: Path, shards: list[list[Pair]]) -> list[str]:
    """Runs the shards at once; returns the blobs that ended their worker, each after one retry of the rest."""
    culprits: list[str] = []
    while shards:
        ended: list[tuple[list[Pair], str]] = []
        threads = [threading.Thread(target=_run, args=(database, cache, shard, ended)) for shard in shards]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        shards = []
        for shard, culprit in ended:
            if not culprit:
                raise InfrastructureError(
                    "a process that indexes could not start", hint="see that python can run itself"
                )
            culprits.append(culprit)
            rest = [pair for pair in shard if pair[0] != culprit]
            shards += [rest] if rest else []
    return sorted(culprits)


def _run(database: ObjectDatabase, cache: Path, shard: list[Pair], ended: list[tuple[list[Pair], str]]) -> None:
    root = str(Path(__file__).resolve().parents[2])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))}
    job = json.dumps({"repository": str(database.repository), "cache": str(cache), "blobs": shard})
    with tempfile.TemporaryFile() as begun:  # a pipe would wake this process for every blob
        process = subprocess.Popen(
            [sys.executable, "-m", "tools.localization.worker"],
            stdin=subprocess.PIPE,
            stdout=begun,
            stderr=subprocess.DEVNULL,
            env=environment,
            text=True,
        )
        assert process.stdin
        process.stdin.write(job)
        process.stdin.close()
        if _wait(process, begun.fileno()):
            begun.seek(0)
            lines = begun.read().split()
            ended.append((shard, lines[-1].decode() if lines else ""))


def _wait(process: subprocess.Popen[str], begun: int) -> int:
    """The status of a worker at its end, which comes by force when it is with one file for too long.

    Args:
        process: the worker.
        begun: the file it writes to, which grows with every blob.
    """
    size = 0
    while True:
        try:
            return process.wait(FILE_SECONDS)
        except subprocess.TimeoutExpired:
            before, size = size, os.fstat(begun).st_size
            if size == before:
                process.kill()


def _empty(pairs: Sequence[Pair]) -> Segment:
    packed = Segment()
    for blob, language in pairs:
        packed.documents.append(Document(blob, language, (0, 0, 0, 0), Tags().packed()))
    return packed
