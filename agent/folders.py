"""Where runs and caches lie, and how a run is named on the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from agent.store.folder import RunFolder
from tools.errors import InputError

LINK = "latest"


def runs_folder() -> Path:
    """Where runs lie that were given no folder."""
    from platformdirs import user_state_path

    return user_state_path("treewright") / "runs"


def cache_folder() -> Path:
    """Where what all runs share lies."""
    from platformdirs import user_cache_path

    return user_cache_path("treewright")


def new_folder(name: str) -> RunFolder:
    """A new folder below `runs_folder`, named by the time and `name`."""
    return new_folder_in(runs_folder(), name)


def new_folder_in(parent: Path, name: str) -> RunFolder:
    """A new folder below `parent`, named by the time and `name`."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:40] or "run"
    root = parent / f"{stamp}-{slug}"
    number = 1
    while root.exists():
        number += 1
        root = parent / f"{stamp}-{slug}-{number}"
    root.mkdir(parents=True)
    return RunFolder(root)


def no_repository(out: Path) -> Path:
    """`out` as a whole path.

    Raises:
        InputError: it is a git repository, where a run, a batch or an evolution would strew its files.
    """
    if (out / ".git").exists():
        raise InputError(f"{out} is a git repository", hint="--out wants a folder of its own, which need not be there")
    return out.resolve()


def find_folder(run: str) -> RunFolder:
    """The folder of a run named by its path, by its name below `runs_folder`, or as ``latest``.

    Raises:
        InputError: there is no such run; the hint names the latest ones.
    """
    known = sorted((path for path in runs_folder().glob("*") if (path / "run.db").exists()), reverse=True)
    if run == LINK and known:
        return RunFolder(known[0])
    for root in (Path(run), runs_folder() / run):
        if (root / "run.db").exists():
            return RunFolder(root.resolve())
    names = ", ".join(path.name for path in known[:3])
    nothing = "there are no runs yet; name the folder of one that lies elsewhere"
    raise InputError(f"no run at {run}", hint=f"the latest runs: {names}" if names else nothing)


def idle_runs() -> list[RunFolder]:
    """The runs below `runs_folder` that no process uses."""
    from agent.store.lock import FolderLock

    idle = []
    for path in sorted(runs_folder().glob("*")):
        folder = RunFolder(path)
        if folder.store.exists():
            try:
                with FolderLock(folder.lock):
                    idle.append(folder)
            except InputError:
                continue
    return idle
