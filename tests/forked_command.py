"""The command in processes forked from one that has imported it: its import takes longer than most tests do after it.

Each has arguments, variables, a folder, streams and an exit code of its own, and ends as an interpreter does; it is
killed when whoever asked is gone. The start itself is seen by the tests that begin `money_project.COMMAND`.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import IO, NoReturn

from forked_client import NUMBER, ask, number

TESTS = Path(__file__).parent
PRELOADED = ("agent.cli.running", "agent.cli.batch_running", "agent.model.open", "agent.model.direct", "github")
PROGRAM = f"""import sys
sys.path.append({str(TESTS)!r})
from forked_command import serve
serve()
from agent.cli.main import run
run()"""


def forked(
    arguments: Sequence[str], env: Mapping[str, str], *, timeout: float, cwd: Path | None = None, input: str = ""
) -> subprocess.CompletedProcess[str]:
    """What `subprocess.run` gives for the command.

    Raises:
        subprocess.TimeoutExpired: it was killed after `timeout` seconds.
    """
    with ExitStack() as closing:
        streams = [_file(text, closing) for text in (input, "", "")]
        descriptors = [file.fileno() for file in streams]
        connection = closing.enter_context(ask(_server(), arguments, env, str(cwd or Path.cwd()), descriptors))
        connection.settimeout(timeout)
        try:
            number(connection)
            code = number(connection)
        except TimeoutError as error:
            raise subprocess.TimeoutExpired([*arguments], timeout) from error
        for file in streams:
            file.seek(0)
        return subprocess.CompletedProcess([*arguments], code, streams[1].read(), streams[2].read())


def write_program(file: Path) -> None:
    """Makes `file` a program for shells that is the command."""
    client = TESTS / "forked_client.py"
    words = [sys.executable, "-S", "-E", str(client), _server()]
    file.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    file.chmod(0o755)


def _file(text: str, closing: ExitStack) -> IO[str]:
    file = closing.enter_context(tempfile.TemporaryFile("w+"))  # noqa: SIM115
    file.write(text)
    file.seek(0)
    return file


@cache
def _server() -> str:
    """The socket of the process that the others are forked from; it ends with this one."""
    folder = tempfile.TemporaryDirectory(prefix="treewright-command-")
    path = str(Path(folder.name) / "socket")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(listener.fileno())],
            stdin=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(TESTS.parent)},
            pass_fds=[listener.fileno()],
            start_new_session=True,
        )

    @atexit.register
    def end() -> None:
        process.communicate()
        folder.cleanup()

    return path


def serve() -> None:
    """Forks a process for each request and returns in it, with nothing left of the server but what it imported."""
    sys.path.remove(str(TESTS))
    for name in PRELOADED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    connection = _accepted(int(sys.argv.pop()))
    size, streams, *_ = socket.recv_fds(connection, NUMBER.size, 3)
    asked = json.loads(connection.recv(NUMBER.unpack(size)[0], socket.MSG_WAITALL))
    process = os.fork()
    if process:
        _keep(process, connection)
    connection.close()
    for place, stream in enumerate(streams):
        os.dup2(stream, place)
        os.close(stream)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["env"])
    sys.argv[1:] = asked["arguments"]


def _accepted(descriptor: int) -> socket.socket:
    """The next connection, in a process of its own."""
    with socket.socket(fileno=descriptor) as listener:
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            connection, _ = listener.accept()
            if os.fork() == 0:
                return connection
            connection.close()
    os._exit(0)


def _keep(process: int, connection: socket.socket) -> NoReturn:
    """Says how the process ends; ends it when nobody is there to be told."""
    connection.sendall(NUMBER.pack(process))
    ended = os.pidfd_open(process)
    if ended not in select.select([ended, connection], [], [])[0]:
        os.kill(process, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    with suppress(OSError):
        connection.sendall(NUMBER.pack(code))
    os._exit(0)
