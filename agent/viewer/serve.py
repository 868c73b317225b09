"""Starting the local server."""

from __future__ import annotations

import importlib.util
import secrets
import socket
from collections.abc import Callable
from pathlib import Path

from agent.folders import LINK, find_folder, runs_folder
from agent.viewer.library import kind_of
from tools.errors import InputError, extra

NEEDED = ("bokeh", "fastapi", "uvicorn", "sse_starlette", "markdown_it", "nh3", "pygments")


def find_root(what: str) -> Path:
    """The folder that `what` names: a path, the name of a run, ``latest``, or all runs when it is empty.

    Raises:
        InputError: there is no such folder, or the viewer is not installed.
    """
    require()
    if not what:
        folder = runs_folder()
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    path = Path(what)
    if what != LINK and path.is_dir():
        return path
    named = runs_folder() / what
    return named if what != LINK and kind_of(named) else find_folder(what).root


def require() -> None:
    """Checks that the extra is installed.

    Raises:
        InputError: it is not.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"the viewer needs {', '.join(missing)}", hint=extra("viewer"))


def serve(root: Path, *, port: int, ready: Callable[[str], None]) -> None:
    """Serves `root` on 127.0.0.1 until it is interrupted.

    Args:
        root: what to show.
        port: 0 for any free one.
        ready: told the address, token included, when connections are accepted.

    Raises:
        InputError: the port is taken.
    """
    import uvicorn

    from agent.viewer.app import create_app

    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError as error:
        listening.close()
        raise InputError(f"port {port} cannot be used: {error.strerror}", hint="choose another --port") from error
    listening.listen(64)
    port = listening.getsockname()[1]
    token = secrets.token_urlsafe(24)
    app = create_app(root, token=token, port=port)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=1, lifespan="off"
    )
    ready(f"http://127.0.0.1:{port}/?token={token}")
    uvicorn.Server(config).run(sockets=[listening])
