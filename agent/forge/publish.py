"""Offering what a run found: a branch and a draft pull request, or a comment. Only when asked for, never silently."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agent.forge.base import Forge, ForgeRefused, Issue, Project
from agent.forge.message import Origin, comment_body, commit_message, pull_request_body, pull_request_title
from agent.forge.pushing import credentials, free_branch, offered_commit, push
from agent.forge.references import IssueReference
from agent.forge.tokens import find_token, variables
from agent.outcome import Outcome
from tools.errors import InputError


@dataclass(frozen=True)
class Publication:
    """What was done, or with `dry_run` what would have been.

    Attributes:
        kind: ``pull request`` or ``comment``.
        where: project it goes to.
        url: its page; "" for a dry run.
        pushed_to: what the branch was pushed to; "" for a comment.
        branch: name of the branch; "" for a comment.
        title: of the pull request; "" for a comment.
        body: the text.
        forked: whether the branch lies in the user's fork.
        commit: message of the commit on the branch; "" for a comment.
        patch: what that commit changes; "" for a comment.
    """

    kind: str
    where: str
    body: str
    url: str = ""
    pushed_to: str = ""
    branch: str = ""
    title: str = ""
    forked: bool = False
    commit: str = ""
    patch: str = ""


def check_rights(
    forge: Forge, reference: IssueReference, issue: Issue, project: Project, *, pull_request: bool, comment: bool
) -> None:
    """Refuses before anything is spent what could not be published afterwards.

    Raises:
        ForgeRefused: no token, no right, or nowhere to put it.
    """
    if not (pull_request or comment):
        return
    what = "open a pull request" if pull_request else "comment"
    if not forge.has_token:
        hint = f"set {variables(reference)}" + (", or run `gh auth login`" if reference.forge == "github" else "")
        raise ForgeRefused(f"cannot {what}: there is no token for {reference.host}", hint=hint)
    if project.archived:
        raise ForgeRefused(f"cannot {what}: {project.name} is archived", hint="solve without publishing")
    if pull_request and not project.may_push and not project.may_fork:
        raise ForgeRefused(
            f"cannot {what}: the token may neither push to {project.name} nor fork it", hint="ask for the right"
        )
    if comment and issue.locked and not project.may_push:
        raise ForgeRefused(f"cannot comment: {issue.url or reference.url} is locked", hint="solve without --comment")


def open_pull_request(
    forge: Forge, reference: IssueReference, outcome: Outcome, origin: Origin, source: Path, *, dry_run: bool = False
) -> Publication:
    """Pushes the patch as one commit on a new branch and opens a draft pull request for it.

    `source` is a repository that holds `origin.commit`; it is only read. A dry run asks the server what the project
    and its branches are, and says what would be done. Of a fork it asks nothing: it may not be there yet.

    Raises:
        InputError: the outcome is not solved, or the server refuses.
    """
    if outcome.status != "solved":
        raise InputError(f"nothing is proposed: the run ended {outcome.status}", hint="--comment posts such an outcome")
    project = forge.project()
    title, body = pull_request_title(origin), pull_request_body(outcome, origin)
    wanted = f"treewright/issue-{origin.number}"
    fork = not project.may_push
    planned = Publication(
        "pull request", project.name, body, branch=wanted, title=title, forked=fork,
        commit=commit_message(outcome, origin), patch=outcome.patch,
    )  # fmt: skip
    if dry_run and fork:
        return _with(planned, pushed_to=f"your fork of {project.name}")
    head = forge.fork(project) if fork else project
    env = credentials(head.clone_url, forge.user, find_token(reference))
    if dry_run:
        branch = free_branch(source, head.clone_url, wanted, env)
        return _with(planned, pushed_to=head.clone_url, branch=branch)
    with offered_commit(source, origin.commit, outcome.patch, planned.commit) as (scratch, commit):
        branch = free_branch(scratch, head.clone_url, wanted, env)
        push(scratch, head.clone_url, commit, branch, env)
    url = forge.open_pull_request(project, head, branch, title, body)
    return _with(planned, pushed_to=head.clone_url, branch=branch, url=url)


def post_comment(forge: Forge, outcome: Outcome, origin: Origin, *, dry_run: bool = False) -> Publication:
    """Posts the outcome, whatever it is, under the issue."""
    body = comment_body(outcome, origin)
    url = "" if dry_run else forge.comment(body)
    return Publication("comment", origin.issue, body, url=url)


def _with(publication: Publication, **changes: str) -> Publication:
    from dataclasses import replace

    return replace(publication, **changes)  # type: ignore[arg-type]
