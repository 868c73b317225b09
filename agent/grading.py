"""What a finished run answered, for grading it afterwards."""

from __future__ import annotations

from agent.folders import find_folder
from agent.store.folder import RUN
from agent.store.store import Store
from tools.errors import InputError


def answer_of(run: str) -> tuple[str, str]:
    """The id of a run's task and the patch it ended with, which may be empty.

    Raises:
        InputError: there is no such run, or it has not ended.
    """
    folder = find_folder(run)
    with Store.open(folder.store) as store:
        record = store.run(RUN).record()
    if record.outcome is None:
        raise InputError(f"{folder.root.name} has not ended", hint=f"treewright resume {folder.root}")
    return str(record.task.get("id", "")), str(record.outcome.get("patch", ""))
