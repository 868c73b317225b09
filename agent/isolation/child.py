"""What runs inside the sandbox: connects to the kit, loads the design, and lets it work."""

from __future__ import annotations

import asyncio
import inspect
import socket
import sys
import traceback
import types
from collections.abc import Mapping
from typing import Any, cast

from agent.isolation.pipe import Pipe
from agent.isolation.remote import Mirror, RemoteKit
from agent.kit import Kit

_FRAMES = 12


def main(address: str) -> None:
    """Run the design that the kit's side sends; how it ended is its last message."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(address)
    mirror = Mirror()
    pipe = Pipe(connection, mirror.update)
    start = pipe.receive()["start"]
    asyncio.run(_run(pipe, start, mirror))


async def _run(pipe: Pipe, start: Mapping[str, Any], mirror: Mirror) -> None:
    kit = RemoteKit(pipe, start, mirror)
    pipe.listen(kit.answer)
    end: dict[str, Any] | None = None
    try:
        module = types.ModuleType("treewright_design")
        sys.modules[module.__name__] = module
        exec(compile(start["source"], "design.py", "exec"), module.__dict__)
        solve = getattr(module, "solve", None)
        if not inspect.iscoroutinefunction(solve):
            raise TypeError("the design defines no `async def solve(kit)`")
        await solve(cast("Kit", kit))
    except Exception as error:  # noqa: BLE001 -- whatever it raises is how it ended
        text = "".join(traceback.format_exception(error, limit=-_FRAMES))
        end = {"message": f"{type(error).__name__}: {error}"[:500], "traceback": text[-6000:]}
    pipe.send({"end": end})
