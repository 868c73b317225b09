"""GitLab, gitlab.com or one's own, through python-gitlab."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from agent.forge.base import Comment, ForgeRefused, ForgeUnavailable, Issue, Project, unreachable
from agent.forge.references import IssueReference
from agent.forge.tokens import variables

if TYPE_CHECKING:
    from gitlab import Gitlab
    from gitlab.exceptions import GitlabError

FORK_SECONDS = 60.0
MAX_COMMENTS = 200
DEVELOPER = 30
"""The access level from which branches may be pushed."""


class GitLab:
    """One issue on GitLab; see `Forge`.

    Args:
        reference: which.
        token: "" for what is public.
    """

    user = "oauth2"

    def __init__(self, reference: IssueReference, token: str) -> None:
        self._reference = reference
        self._token = token
        self._client: Gitlab | None = None

    @property
    def has_token(self) -> bool:
        """Whether it can do more than read what is public."""
        return bool(self._token)

    def issue(self) -> Issue:
        """The issue with its comments; what GitLab itself notes is left out."""
        with self._told("read the issue"):
            found = self._issue()
            notes = zip(
                found.notes.list(iterator=True, sort="asc", order_by="created_at"), range(MAX_COMMENTS), strict=False
            )
            comments = tuple(Comment(note.author["username"], note.body) for note, _ in notes if not note.system)
            return Issue(
                title=found.title,
                body=found.description or "",
                author=found.author["username"],
                comments=comments,
                closed=found.state == "closed",
                locked=bool(found.attributes.get("discussion_locked")),
                url=found.web_url,
            )

    def project(self) -> Project:
        """The repository of the issue."""
        with self._told("read the repository"):
            return _as_project(self._project(self._reference.project))

    def fork(self, project: Project) -> Project:
        """The user's own copy; waits until it is imported."""
        with self._told("fork the repository"):
            original = self._project(project.name)
            own = original.forks.list(owned=True, get_all=False)
            made = self._project(own[0].id if own else original.forks.create({}).id)
            deadline = time.monotonic() + FORK_SECONDS
            while (
                made.attributes.get("import_status") not in (None, "none", "finished") and time.monotonic() < deadline
            ):
                time.sleep(2)
                made = self._project(made.id)
            return _as_project(made)

    def open_pull_request(self, project: Project, head: Project, branch: str, title: str, body: str) -> str:
        """A draft merge request."""
        with self._told("open the merge request"):
            target = self._project(project.name)
            wanted = {
                "source_branch": branch,
                "target_branch": project.default_branch,
                "target_project_id": target.id,
                "title": f"Draft: {title}",
                "description": body,
            }
            return str(self._project(head.name).mergerequests.create(wanted).web_url)

    def comment(self, body: str) -> str:
        """Adds a note to the issue."""
        with self._told("comment on the issue"):
            note = self._issue().notes.create({"body": body})
            return f"{self._reference.url}#note_{note.id}"

    def _open(self) -> Gitlab:
        if self._client is None:
            from gitlab import Gitlab

            class Prompt(Gitlab):
                """Says that the rate limit is used up, where the library would wait for minutes without a word."""

                def http_request(self, *arguments: Any, **options: Any) -> Any:
                    return super().http_request(*arguments, **{**options, "obey_rate_limit": False})

            self._client = Prompt(
                self._reference.server, private_token=self._token or None, timeout=30, keep_base_url=True
            )
        return self._client

    def _project(self, name: str | int) -> Any:
        return self._open().projects.get(name)

    def _issue(self) -> Any:
        return self._project(self._reference.project).issues.get(self._reference.number)

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Turns what the library raises into what a person can act on."""
        from gitlab.exceptions import GitlabError
        from requests.exceptions import RequestException

        try:
            yield
        except GitlabError as error:
            raise self._explained(what, error) from error
        except RequestException as error:
            raise unreachable(what, self._reference.host, error) from error

    def _explained(self, what: str, error: GitlabError) -> ForgeRefused | ForgeUnavailable:
        status, token, name = error.response_code or 0, variables(self._reference), self._reference.project
        if status == 429:
            return ForgeUnavailable(f"cannot {what}: the rate limit is used up", hint="try again in a minute")
        if status == 401:
            return ForgeRefused(f"cannot {what}: the token is not valid, or there is none", hint=f"set {token}")
        if status == 404:
            hint = "check the name" if self._token else f"check the name; if it is private, set {token}"
            return ForgeRefused(f"cannot {what}: there is no {name}, or the token may not see it", hint=hint)
        if status == 403:
            return ForgeRefused(f"cannot {what}: not allowed ({error.error_message})", hint="give the token the right")
        if status >= 500:
            return ForgeUnavailable(f"cannot {what}: the server failed with {status}", hint="try again later")
        hint = f"look at {self._reference.server}/{name}"
        return ForgeRefused(f"cannot {what}: {error.error_message}", hint=hint)


def _as_project(found: Any) -> Project:
    rights = found.attributes.get("permissions") or {}
    levels = [(rights.get(kind) or {}).get("access_level", 0) for kind in ("project_access", "group_access")]
    return Project(
        name=found.path_with_namespace,
        clone_url=found.http_url_to_repo,
        default_branch=found.attributes.get("default_branch") or "main",
        may_push=max(levels) >= DEVELOPER,
        may_fork=found.attributes.get("forking_access_level", "enabled") != "disabled",
        archived=bool(found.attributes.get("archived")),
    )
