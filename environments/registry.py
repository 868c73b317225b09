"""Environments by name. What is asked for is what is made, or an error: never something weaker."""

from __future__ import annotations

from environments.base import Environment
from tools.errors import InputError

NAMES = ("bubblewrap", "local")


def create(name: str, *, image: str | None = None) -> Environment:
    """The environment called ``name``.

    Args:
        name: bubblewrap or local.
        image: the image for docker, which has no default.

    Raises:
        InputError: no such environment, or docker without an image.
        InfrastructureError: this machine cannot provide it; its hint says what to do.
    """
    if name == "bubblewrap":
        from environments.bubblewrap import Bubblewrap

        bubblewrap = Bubblewrap()
        bubblewrap.find()
        return bubblewrap
    if name == "local":
        from environments.local import Local

        return Local()
    raise InputError(f"no environment is called {name!r}", hint=f"there are: {', '.join(NAMES)}")
