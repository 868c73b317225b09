"""Asks the process of `forked_command` for one that runs the command, and stands for it in a shell.

Nothing is imported that takes longer than the rest, such as pathlib.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Mapping, Sequence
from types import FrameType

NUMBER = struct.Struct("!i")


def ask(
    server: str, arguments: Sequence[str], env: Mapping[str, str], folder: str, streams: Sequence[int]
) -> socket.socket:
    """A connection from which the process's number and then its exit code can be read."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(server)
    asked = json.dumps({"arguments": [*arguments], "env": dict(env), "folder": folder}).encode()
    socket.send_fds(connection, [NUMBER.pack(len(asked))], streams)
    connection.sendall(asked)
    return connection


def number(connection: socket.socket) -> int:
    """The next number that the process's keeper writes.

    Raises:
        struct.error: it is gone.
    """
    read: int = NUMBER.unpack(connection.recv(NUMBER.size, socket.MSG_WAITALL))[0]
    return read


def main() -> None:
    """The command: signals are passed on to it."""
    with ask(sys.argv[1], sys.argv[2:], os.environ, os.getcwd(), (0, 1, 2)) as connection:  # noqa: PTH109
        process = number(connection)

        def pass_on(which: int, _: FrameType | None) -> None:
            os.kill(process, which)

        for which in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(which, pass_on)
        code = number(connection)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main()
