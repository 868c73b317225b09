"""Imported once by the process that workers are forked from: what takes seconds is done before, and its memory shared.

No thread may run when this is through.
"""

from __future__ import annotations

import gc

import agent.batch.executors.worker  # noqa: F401 -- with all that runs jobs
from agent.model.client import load

load()
gc.collect()
gc.freeze()  # a collection in a worker would touch every shared object, and so copy it
