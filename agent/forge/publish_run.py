"""Publishing a finished run from its folder; right after solving, or later."""

from __future__ import annotations

from pathlib import Path

from agent.forge.connect import connect
from agent.forge.intake import unpublished
from agent.forge.message import Origin
from agent.forge.publish import Publication, open_pull_request, post_comment
from agent.forge.references import IssueReference, parse_reference
from agent.outcome import Outcome
from agent.store.folder import RunFolder
from tools.errors import InputError


def publish_run(
    folder: RunFolder, *, pull_request: bool = False, comment: bool = False, dry_run: bool = False
) -> Publication:
    """Opens a draft pull request, or comments on the issue that the run was made for.

    Raises:
        InputError: the run has no issue on a forge, is not finished, or the server refuses.
        InfrastructureError: the server could not be reached; the run is kept, try again.
    """
    from agent.store.folder import RUN
    from agent.store.store import Store
    from tools.snapshots import SnapshotStore

    if pull_request == comment:
        raise InputError("say what to publish", hint="--open-pr or --comment")
    with Store.open(folder.store) as store:
        record = store.run(RUN).record()
    if not record.outcome:
        raise InputError("the run is not finished", hint=f"treewright resume {folder.root}")
    outcome = Outcome(**record.outcome)
    reference = _reference(str(record.task.get("issue", "")))
    snapshots = SnapshotStore.open(folder.git)
    try:
        source, commit = snapshots.source, snapshots.source_commit
    finally:
        snapshots.close()
    config = record.config
    origin = Origin(
        issue=reference.url,
        number=reference.number,
        title=next(iter(str(record.task["problem"]).splitlines()), ""),
        commit=commit,
        model=str(config.get("model", "")),
        design=Path(str(config.get("design", ""))).name or ("codetree" if config.get("model") else "mechanical"),
        policy=Path(str(config.get("policy", ""))).name,
        seed=int(config.get("seed", 0)),
    )
    forge = connect(reference)
    if comment:
        return post_comment(forge, outcome, origin, dry_run=dry_run)
    if unpublished(source, commit):
        raise InputError(
            f"{commit[:12]} is on no branch of the remote: pushing would publish your own commits too",
            hint="push them first, or solve with --base origin/HEAD",
        )
    return open_pull_request(forge, reference, outcome, origin, source, dry_run=dry_run)


def _reference(issue: str) -> IssueReference:
    reference = parse_reference(issue) if issue else None
    if reference is None:
        raise InputError(
            "this run was not made for an issue on a forge", hint="treewright solve OWNER/REPO#N --open-pr"
        )
    return reference
