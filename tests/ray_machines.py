"""A Ray cluster of several raylets on this machine, one for each machine that it plays."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def machines(*rooms: int) -> Iterator[Any]:
    """A head that runs nothing, and a machine for each of `rooms`, with so many processors."""
    from ray.cluster_utils import Cluster

    made = Cluster()
    try:
        for number, room in enumerate((0, *rooms)):
            _machine(made, num_cpus=room, **({} if number else {"include_dashboard": False}))
        yield made
    finally:
        made.shutdown()


def _machine(cluster: Any, **about: Any) -> None:
    """One more; on a busy machine Ray's own patience may end before it is up."""
    for _ in range(4):
        with contextlib.suppress(Exception):
            cluster.add_node(**about)
            return
    cluster.add_node(**about)
