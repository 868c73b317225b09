"""The swebench package's own programs, each run as a process of its own in a folder of its own."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from environments.provision.need import Need
from environments.provision.prepared import Unavailable
from environments.tasks import Task
from tools.errors import InfrastructureError, InputError, extra

BUILD = "swebench.harness.prepare_images"
RUN = "swebench.harness.run_evaluation"
_INSTALL = extra("swebench")


def row_of(task: Task) -> dict[str, object]:
    """What the package wants to know about a task to make its image; no gold."""
    need = Need.parse(task.environment)
    return {
        "instance_id": task.id,
        "repo": need.project,
        "version": need.version,
        "base_commit": task.base,
        "environment_setup_commit": need.setup_commit or task.base,
        "problem_statement": task.problem,
        "test_patch": "",
        "FAIL_TO_PASS": "[]",
        "PASS_TO_PASS": "[]",
    }


async def build_image(task: Task, folder: Path) -> None:
    """Builds the image of a task from its specification, as the package does.

    Args:
        task: whose image.
        folder: for the logs.

    Raises:
        Unavailable: it could not be built; with the end of what the package said.
        InputError: the package is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    dataset = folder / f"{task.id}.json"
    dataset.write_text(json.dumps([row_of(task)]))
    arguments = ("--dataset_name", str(dataset), "--max_workers", "1", "--tag", "latest", "--env_image_tag", "latest")
    code, output = await call(BUILD, arguments, folder)
    if code or not ("Failed to build 0 images" in output or "All images exist" in output):
        raise Unavailable(f"the image cannot be built: {_end(output)}", hint=f"the logs are in {folder / 'logs'}")


async def call(
    module: str, arguments: Sequence[str], folder: Path, env: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Runs a program of the package; returns its exit code and what it printed.

    Raises:
        InputError: the package is missing.
        InfrastructureError: it could not be started.
    """
    if importlib.util.find_spec("swebench") is None:
        raise InputError("this needs the package swebench 4.1.0", hint=_INSTALL)
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", module, *arguments),
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **(env or {})},
        )
    except OSError as error:
        raise InfrastructureError(f"cannot run {module}: {error}") from error
    try:
        output, _ = await process.communicate()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise
    return process.returncode or 0, output.decode("utf-8", "replace")


def _end(output: str, lines: int = 6) -> str:
    kept = [line.strip() for line in output.splitlines() if line.strip()]
    return " / ".join(kept[-lines:])[-600:]
