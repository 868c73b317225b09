"""`ready`, with the provider's client, which takes seconds."""

from __future__ import annotations

from agent.model.client import load

load()

import agent.batch.executors.ready  # noqa: E402, F401 -- last: it closes the books of the garbage collector
