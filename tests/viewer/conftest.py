"""The server over a folder, and where that is."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from viewer_runs import TOKEN, Visitor

from agent.viewer.app import create_app


@pytest.fixture
def served() -> Iterator[Callable[[Path], Visitor]]:
    """Starts the server over a folder, in a thread."""
    servers: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(root: Path) -> Visitor:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        port = listening.getsockname()[1]
        app = create_app(root, token=TOKEN, port=port)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        servers.append((server, thread))
        while not server.started:
            time.sleep(0.01)
        return Visitor(port)

    yield start
    for server, thread in servers:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to view."""
    root = tmp_path / "all"
    root.mkdir()
    return root
