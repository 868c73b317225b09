"""Writing a person's order to a run that is viewed or named on the command line."""

from __future__ import annotations

from agent.store.folder import RunFolder
from agent.store.lock import in_use
from agent.store.records import SteeringRecord
from agent.store.steering import WHOLE_RUN, give
from agent.store.store import Store
from tools.errors import InputError

RUN = "run"


def steer(folder: RunFolder, command: str, node: str = "", text: str = "") -> tuple[SteeringRecord, str]:
    """Writes the order; it, and what happens next, for a person.

    Raises:
        InputError: no such run, node or command, or the run is not running and cannot be paused or stopped.
    """
    if not folder.store.is_file():
        raise InputError(f"there is no run in {folder.root}")
    alive = in_use(folder.lock)
    if command in WHOLE_RUN and not alive:
        raise InputError("nobody works on this run now", hint=f"`treewright resume {folder.root}` goes on with it")
    with Store.open(folder.store) as store:
        record = give(store.run(RUN), command, node, text)
    if alive:
        return record, "Noted; obeyed at the next decision."
    return record, f"Noted; obeyed when the run goes on: treewright resume {folder.root}"
