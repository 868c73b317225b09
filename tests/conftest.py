"""Settings for all tests."""

from collections.abc import Iterator

import pytest
from hypothesis import settings
from postgresql_server import Server, server

# How long an example takes says more about what else the machine does than about the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A PostgreSQL server, begun when the first test wants it."""
    with server() as made:
        yield made
