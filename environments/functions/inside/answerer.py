"""Runs a solution: calls what it is told to call, with the arguments it is given, and sends back the results."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wire

MAX_MESSAGE = 500
PR_SET_DUMPABLE = 4


def main() -> None:
    """Serves calls until the pipe closes. What the solution prints goes nowhere."""
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)  # a reference may run here: nobody reads its memory
    incoming = os.fdopen(os.dup(0), "rb")
    outgoing = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    sys.path[0] = os.getcwd()
    start = wire.receive(incoming)
    module = type(sys)(start["module"])
    sys.modules[start["module"]] = module
    wire.send(outgoing, load(module.__dict__, start))
    kept: list[Any] = []
    while True:
        request = wire.receive(incoming)
        if request is None:
            return
        wire.send(outgoing, answer(module.__dict__, kept, request))


def load(space: dict[str, Any], start: dict[str, Any]) -> dict[str, Any]:
    """Runs the module, from its text or from its file."""
    path = start["module"] + ".py"
    try:
        source = start["source"]
        if source is None:
            with open(path, encoding="utf-8") as file:
                source = file.read()
        exec(compile(source, path, "exec"), space)
    except BaseException as error:  # noqa: BLE001 - also SystemExit, which the solution may raise
        return failure(error)
    return {"value": None}


def answer(space: dict[str, Any], kept: list[Any], request: dict[str, Any]) -> dict[str, Any]:
    """The reply to one call."""

    def keep(value: Any) -> int:
        kept.append(value)
        return len(kept) - 1

    try:
        values = [wire.decode(each, kept.__getitem__) for each in request["arguments"]]
        named = {name: wire.decode(each, kept.__getitem__) for name, each in request["named"].items()}
        target = space[request["name"]] if request["of"] is None else kept[request["of"]]
        if request["of"] is not None and request["name"]:
            target = getattr(target, request["name"])
        result = target(*values, **named) if request["call"] else target
        reply = {"value": wire.encode(result, keep)}
        changed = [wire.encode(each, keep) for each in values if type(each) in (list, dict, set, bytearray)]
        if changed:
            reply["changed"] = changed
        return reply
    except BaseException as error:  # noqa: BLE001
        return failure(error)


def failure(error: BaseException) -> dict[str, Any]:
    """An exception as a message."""
    try:
        text = str(error)[:MAX_MESSAGE]
    except BaseException:  # noqa: BLE001 - a text of its own making
        text = ""
    return {"error": type(error).__name__, "text": text}


if __name__ == "__main__":
    main()
