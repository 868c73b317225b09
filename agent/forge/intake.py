"""From an issue's page to what solve needs: problem, repository, base; refused early when it cannot lead anywhere."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from agent.folders import cache_folder
from agent.forge.base import Forge, ForgeRefused, Issue, Project
from agent.forge.problem import count_images, problem_text
from agent.forge.publish import check_rights
from agent.forge.pushing import credentials
from agent.forge.references import IssueReference
from agent.forge.tokens import find_token
from environments.repositories import obtain


@dataclass(frozen=True)
class Intake:
    """What was read.

    Attributes:
        problem: the issue as text.
        repository: a local path; a mirror of the project, or what the user named.
        base: the revision to start from.
        notes: what a person should know, one line each.
    """

    problem: str
    repository: str
    base: str
    notes: tuple[str, ...]


def take_in(
    forge: Forge,
    reference: IssueReference,
    *,
    repository: str = "",
    base: str = "",
    pull_request: bool = False,
    comment: bool = False,
    allow_closed: bool = False,
) -> Intake:
    """Reads the issue, checks what is asked for, and mirrors the project unless `repository` is given.

    Raises:
        InputError: a closed issue, a pull request, missing rights, a wrong name.
        InfrastructureError: the server or git could not be reached.
    """
    issue = forge.issue()
    if issue.closed and not allow_closed:
        raise ForgeRefused(f"{issue.url or reference.url} is closed", hint="--allow-closed solves it all the same")
    project = forge.project()
    check_rights(forge, reference, issue, project, pull_request=pull_request, comment=comment)
    notes = list(_notes(reference, issue, project))
    if not repository:
        env = credentials(project.clone_url, forge.user, find_token(reference))
        mirror = asyncio.run(obtain(_checked(project, reference), cache_folder() / "repositories", env=env))
        return Intake(problem_text(issue), str(mirror), base or f"refs/heads/{project.default_branch}", tuple(notes))
    return Intake(problem_text(issue), repository, base or "HEAD", tuple(notes))


def _notes(reference: IssueReference, issue: Issue, project: Project) -> list[str]:
    notes = [f"{issue.title} (comments: {len(issue.comments)})"]
    if project.name.lower() != reference.project.lower():
        notes.append(f"{reference.project} has moved to {project.name}")
    if images := count_images(issue):
        what = "1 image is" if images == 1 else f"{images} images are"
        notes.append(f"{what} not looked at: of what is shown there, only the description is known")
    return notes


def _checked(project: Project, reference: IssueReference) -> str:
    """The address to clone from; a server elsewhere cannot name a folder of this machine."""
    from agent.forge.references import is_loopback
    from environments.repositories import is_url

    local = not is_url(project.clone_url) or project.clone_url.startswith("file:")
    if local and not is_loopback(reference.host):
        raise ForgeRefused(f"{reference.host} names an address that is not remote: {project.clone_url}")
    return project.clone_url.removeprefix("file://") if local else project.clone_url


def unpublished(source: Path, commit: str) -> bool:
    """Whether a work tree's commit is on none of the remote branches it knows, so that a push would publish it too."""
    import subprocess

    def refs(*arguments: str) -> str:
        command = ["git", "-C", str(source), "for-each-ref", "--count=1", *arguments, "refs/remotes"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    return bool(refs()) and not refs(f"--contains={commit}")
