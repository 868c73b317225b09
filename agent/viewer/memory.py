"""What was read of files, kept until one of them changes."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Generic, TypeVar

from agent.store.lock import in_use

T = TypeVar("T")
Stamp = tuple[object, ...]
PATIENCE = 10.0


class Memory(Generic[T]):
    """The last `size` values, each with the stamp of the files that it was read from; safe between threads.

    Args:
        size: how many.
        failed: whether a value says that reading failed: it is tried again after `PATIENCE` seconds.
    """

    def __init__(self, size: int, failed: Callable[[T], bool] = lambda _: False) -> None:
        self._size = size
        self._failed = failed
        self._known: OrderedDict[str, tuple[Stamp, float, T]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str, stamp: Stamp, read: Callable[[], T]) -> T:
        """The value of `key`; read again when `stamp` is not the one it was read at."""
        with self._lock:
            found = self._known.get(key)
            if found is not None and found[0] == stamp and time.monotonic() < found[1]:
                self._known.move_to_end(key)
                return found[2]
        value = read()
        until = time.monotonic() + PATIENCE if self._failed(value) else math.inf
        with self._lock:
            self._known[key] = stamp, until, value
            self._known.move_to_end(key)
            while len(self._known) > self._size:
                self._known.popitem(last=False)
        return value


def stamp(paths: Iterable[Path], lock: Path) -> Stamp:
    """When files last changed, and whether a living process holds `lock`: that can end without a file changing."""
    found: list[object] = [in_use(lock)]
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            continue
        if status.st_size:  # a reader may leave an empty write-ahead log, which says nothing
            found += [path.name, status.st_mtime_ns, status.st_size]
    return tuple(found)
