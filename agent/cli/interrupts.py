"""Signals: the first lets what runs come to a safe end, the second ends the process at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")

INTERRUPTED = 130
STOPPING = "stopping: finishing what is being written; once more to stop now"


def until_done(work: Coroutine[Any, Any, Result], tell: Callable[[str], None]) -> Result | None:
    """What `work` gives, or None when a signal ended it. A second signal ends the process at once."""

    async def main() -> Result | None:
        job = asyncio.ensure_future(work)
        asked = 0

        def stop() -> None:
            nonlocal asked
            asked += 1
            if asked > 1:
                os._exit(INTERRUPTED)
            job.cancel()
            tell(STOPPING)

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop)
        with contextlib.suppress(asyncio.CancelledError):
            return await job
        return None

    return asyncio.run(main())
