"""The URL of a database: read, and said again without its password."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from tools.errors import InputError

FORM = "postgresql://USER@HOST/NAME; in a password @ is written %40, : %3A and / %2F"
POSTGRESQL = "postgresql+psycopg"


def read_url(text: str) -> sa.URL:
    """The URL in `text`; one of PostgreSQL names the driver that we have.

    Raises:
        InputError: it is none. Nothing of it is repeated: any part of it may be a password.
    """
    try:
        url = sa.make_url(text)
    except (ArgumentError, ValueError):
        raise InputError("that is not the URL of a database", hint=FORM) from None
    if text.count("@") > 1:  # the end of the password would be taken for the host, and shown
        raise InputError("the URL of the database has a second @", hint=FORM)
    return url.set(drivername=POSTGRESQL) if url.drivername in ("postgresql", "postgres") else url


def without_password(url: sa.URL) -> str:
    """The URL as it may be shown and kept."""
    query = {name: value for name, value in url.query.items() if "password" not in name.lower()}
    kept = sa.URL.create(url.drivername, url.username, None, url.host, url.port, url.database, query)
    return kept.render_as_string(hide_password=False)
