"""Indexes a list of blobs in a process of its own: `python -m tools.localization.worker`.

Reads one JSON object from standard input (`repository`, `cache`: its file, `blobs`: pairs of blob id and language),
writes segments to the cache and a line per blob begun to standard output: the parent knows then which file killed it.
Blobs of one folder had better follow each other: they have words in common, which are then still in the core's cache.
"""

from __future__ import annotations

import gc
import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.localization.cache import Cache
from tools.localization.objects import ObjectDatabase
from tools.localization.segment import Segment, parse

SEGMENT_DOCUMENTS = 4000
BATCH = 64
"""Files that are parsed before their words are counted: parsing and counting each want a core's cache."""


def index_blobs(database: ObjectDatabase, cache: Cache, blobs: list[tuple[str, str]]) -> Iterator[str]:
    """Indexes `(blob id, language)` pairs; yields a blob id before it is parsed and before its words are counted."""
    languages: dict[str, list[str]] = {}
    for blob, language in blobs:
        languages.setdefault(blob, []).append(language)
    segment = Segment()
    sources = database.blobs(list(languages))
    while batch := list(itertools.islice(sources, BATCH)):
        parsed = []
        for blob, source in batch:
            yield blob
            parsed += [parse(blob, language, source) for language in sorted(languages[blob])]
        for item in parsed:
            yield item.blob
            segment.add(item)
        if len(segment.documents) >= SEGMENT_DOCUMENTS:
            cache.write(segment)
            segment = Segment()
    if segment.documents:
        cache.write(segment)


def main() -> None:
    """Runs one job."""
    gc.disable()  # millions of short-lived strings and no cycles
    job = json.load(sys.stdin)
    file = Path(job["cache"])
    cache = Cache(file.parent, file.name)
    for blob in index_blobs(ObjectDatabase(Path(job["repository"])), cache, [tuple(pair) for pair in job["blobs"]]):
        print(blob, flush=True)
    cache.close()


if __name__ == "__main__":
    main()
