"""Small repositories with a bug each, as tasks, and the command as a person starts it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from money_project import SOURCE

from agent.model.wire import Wire

FIXED = SOURCE.replace("<=", "<")
ISSUE = "share(10, 3) gives 11 cents in all\n\nThe parts must add up to the total."


def task(repository: Path, id: str, **more: object) -> dict[str, object]:
    return {"id": id, "repository": str(repository), "problem": ISSUE, "python": sys.executable, **more}


def write_tasks(path: Path, tasks: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in tasks))
    return path


def events(done: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


class Fine:
    """Answers everything alike."""

    source = "replay"

    async def send(self, wire: Wire) -> Mapping[str, Any]:
        message = {"role": "assistant", "content": "fine"}
        return {"choices": [{"message": message, "finish_reason": "stop"}], "usage": {}}

    async def close(self) -> None:
        pass
