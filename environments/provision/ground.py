"""A prepared environment as a place where verdicts are taken."""

from __future__ import annotations

from pathlib import Path

from environments.base import Environment
from environments.provision.prepared import Prepared
from environments.registry import create
from environments.verdicts.rules import installed_names
from environments.verdicts.sealed_run import Ground
from environments.workspaces.products import Products


def ground_of(folder: Path, prepared: Prepared, sandbox: Environment) -> Ground:
    """Where tests of the environment run. Blocking.

    Args:
        folder: of the environment.
        prepared: its record.
        sandbox: makes the sandboxes where the environment is no image.
    """
    places = (folder / "venv").glob("lib/python3*/site-packages")
    installed = prepared.installed or installed_names(path.name for place in places for path in place.iterdir())
    return Ground(
        create("docker", image=prepared.image) if prepared.image else sandbox,
        prepared.python,
        prepared.mount,
        prepared.all_mounts(folder / "empty"),
        prepared.env,
        Products.shared(Path(prepared.products)) if prepared.products else None,
        frozenset(installed),
    )
