"""Environments by name. What is asked for is what is made, or an error: never something weaker."""

from __future__ import annotations

import asyncio
import re
import shutil

from environments.base import Check, Environment
from tools.errors import InputError

_GIT = (2, 31)  # knows GIT_CONFIG_COUNT, with which the settings of a repository are overruled
NAMES = ("bubblewrap", "docker", "local")


def create(name: str, *, image: str | None = None) -> Environment:
    """The environment called ``name``.

    Args:
        name: bubblewrap, docker or local.
        image: the image for docker, which has no default; of no use to the others.

    Raises:
        InputError: no such environment, or docker without an image.
        InfrastructureError: this machine cannot provide it; its hint says what to do.
    """
    if name == "bubblewrap":
        from environments.bubblewrap import Bubblewrap

        bubblewrap = Bubblewrap()
        bubblewrap.find()
        return bubblewrap
    if name == "docker":
        from environments.docker import Docker

        if not image:
            raise InputError("docker needs an image to run commands in", hint="name one with --image")
        return Docker(image)
    if name == "local":
        from environments.local import Local

        return Local()
    raise InputError(f"no environment is called {name!r}", hint=f"there are: {', '.join(NAMES)}")


async def checks() -> list[Check]:
    """What this machine offers, for ``doctor``: git, then each environment, with what to do where it lacks."""
    from environments import docker
    from environments.bubblewrap import Bubblewrap
    from environments.local import Local

    groups = await asyncio.gather(_git(), Bubblewrap().checks(), docker.checks(), Local().checks())
    return [check for group in groups for check in group]


async def _git() -> list[Check]:
    remedy = "install git " + ".".join(map(str, _GIT)) + " or later"
    program = shutil.which("git")
    if program is None:
        return [Check("git", False, "git is not installed", remedy)]
    process = await asyncio.create_subprocess_exec(program, "--version", stdout=asyncio.subprocess.PIPE)
    told = (await process.communicate())[0].decode(errors="replace").strip()
    version = tuple(map(int, re.findall(r"\d+", told)[:2]))
    return [Check("git", version >= _GIT, told, "" if version >= _GIT else remedy)]
