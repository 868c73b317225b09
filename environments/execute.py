"""One command in a sandbox, on a folder as it is: what a person uses to probe a sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from environments.base import Command, CommandResult, Environment, Mount, OutputSink


async def run_once(
    environment: Environment,
    workdir: Path,
    command: Command,
    *,
    mounts: Sequence[Mount] = (),
    on_output: OutputSink | None = None,
) -> CommandResult:
    """Open a sandbox on ``workdir``, run the command, close it: the same path that tests and agents go.

    Args:
        environment: from :func:`environments.registry.create`.
        workdir: the folder the command may write to; it appears at its own path.
        command: what to run, with its limits.
        mounts: more of the host to show.
        on_output: called with each piece of output.

    Raises:
        InputError: the folder cannot be used.
        InfrastructureError: the sandbox cannot be had.
    """
    workdir = workdir.resolve()
    sandbox = await environment.open(workdir, mount=str(workdir), mounts=mounts)
    try:
        return await sandbox.run(command, on_output=on_output)
    finally:
        await sandbox.close()
