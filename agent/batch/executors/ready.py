"""Imported once by the process that workers are forked from: what a run needs is loaded before, and its memory shared.

No thread may run when this is through.
"""

from __future__ import annotations

import gc

import jinja2  # noqa: F401 -- the first prompt needs it

import agent.batch.executors.worker  # noqa: F401 -- with all that runs jobs

gc.collect()
gc.freeze()  # a collection in a worker would touch every shared object, and so copy it
