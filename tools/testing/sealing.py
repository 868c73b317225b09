"""A report that only the probe can have written: every line is numbered and signed.

The key goes to the probe on standard input, before any code of the repository runs, and to nothing else. What is
appended, taken out, repeated or changed by anyone who does not have it is noticed. Code in the probe's own process
could find the key by searching its memory; the canaries are there for that.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass, replace

from tools.testing.types import TestCommand

_SIGNED = re.compile(rb'(\{.*), "seal": "([0-9a-f]{32})"\}')
_EVENT = re.compile(rb'\s*\{.*"event"')


def seal(command: TestCommand, key: str) -> TestCommand:
    """The command, with a probe that signs what it reports and watches its framework.

    Args:
        command: of a runner under the probe.
        key: hex digits, new for every run.
    """
    options = json.loads(command.stdin)
    return replace(command, stdin=json.dumps({**options, "seal": key}, sort_keys=True).encode())


@dataclass(frozen=True)
class Opened:
    """A signed report.

    Attributes:
        report: the lines as an unsigned probe would have written them.
        forged: what shows that others wrote to it, or took from it; empty when nothing does.
        changed: callables of the test framework that were replaced during the run: name to the file the new code is
            of, relative to the repository; empty for code that says no file.
    """

    report: bytes
    forged: str
    changed: dict[str, str]


def unseal(report: bytes, key: str) -> Opened:
    """Checks a signed report and takes the signatures off."""
    lines: list[bytes] = []
    changed: dict[str, str] = {}
    expected = 0
    forged = ""
    for raw in report.split(b"\n"):
        found = _SIGNED.fullmatch(raw)
        if found is None:
            if _EVENT.match(raw):
                forged = forged or "an event that is not signed"
            else:
                lines.append(raw)  # tracebacks of faulthandler
            continue
        body = found[1] + b"}"
        if not hmac.compare_digest(_sign(body, key), found[2].decode()):
            forged = forged or "an event with a wrong signature"
            continue
        event = json.loads(body)
        if event.get("number") != expected:
            forged = forged or f"event {expected} is not where it belongs"
            expected = int(event.get("number", expected))
        expected += 1
        if event.get("event") == "changed":
            changed[str(event.get("name"))] = str(event.get("origin"))
        else:
            lines.append(body)
    return Opened(b"\n".join(lines), forged, changed)


def _sign(body: bytes, key: str) -> str:
    return hmac.new(bytes.fromhex(key), body, hashlib.sha256).hexdigest()[:32]
