"""Statements that each run needs a few times, put together once: that costs as much as to run them.

The run is the parameter `asked`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy as sa

from agent.store import schema

_ASKED: sa.BindParameter[Any] = sa.bindparam("asked")
KEYS = sa.select(*(schema.calls.c[name] for name in ("scope", "role", "fingerprint", "ordinal"))).where(
    schema.calls.c.run == _ASKED
)
_REUSED = sa.select(sa.func.count()).where(schema.calls.c.run == _ASKED, schema.calls.c.source == "cache")
SPENT = sa.select(
    *(sa.func.coalesce(sa.func.sum(schema.calls.c[name]), 0) for name in ("cost", "prompt", "completion", "cached")),
    sa.func.count(),
    sa.func.count(schema.calls.c.error),
    sa.func.max(sa.case((schema.calls.c.estimated, 1), else_=0)),
    _REUSED.correlate(None).scalar_subquery(),
).where(schema.calls.c.run == _ASKED, schema.calls.c.source != "cache")


@cache
def after(table: sa.Table) -> sa.Select[Any]:
    """The rows of the run behind `after`, in their order."""
    return sa.select(table).where(table.c.run == _ASKED, table.c.seq > sa.bindparam("after")).order_by(table.c.seq)


@cache
def last(table: sa.Table) -> sa.Select[Any]:
    """The number of the last row of the run; 0 for none."""
    return sa.select(sa.func.coalesce(sa.func.max(table.c.seq), 0)).where(table.c.run == _ASKED)
