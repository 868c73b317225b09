"""GitHub and GitHub Enterprise, through PyGithub."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from agent.forge.base import Comment, ForgeRefused, ForgeUnavailable, Issue, Project, unreachable, until
from agent.forge.references import GITHUB, IssueReference
from agent.forge.tokens import variables
from tools.errors import InputError

if TYPE_CHECKING:
    from github import Github
    from github.GithubException import GithubException
    from github.Issue import Issue as ApiIssue
    from github.Repository import Repository

FORK_SECONDS = 60.0
PAGE = 100
MAX_COMMENTS = 200


class GitHub:
    """One issue on GitHub; see `Forge`.

    Args:
        reference: which.
        token: "" for what is public.
    """

    user = "x-access-token"

    def __init__(self, reference: IssueReference, token: str) -> None:
        self._reference = reference
        self._token = token
        self._client: Github | None = None

    @property
    def has_token(self) -> bool:
        """Whether it can do more than read what is public."""
        return bool(self._token)

    def issue(self) -> Issue:
        """The issue with its comments."""
        with self._told("read the issue"):
            found = self._issue()
            if found.pull_request is not None:
                raise InputError(
                    f"{self._reference.url} is a pull request, not an issue", hint="give the issue that it is about"
                )
            comments = tuple(
                Comment(
                    each.user.login if each.user else "", each.body or "", bool(each.user and each.user.type == "Bot")
                )
                for each, _ in zip(found.get_comments(), range(MAX_COMMENTS), strict=False)
            )
            return Issue(
                title=found.title or "",
                body=found.body or "",
                author=found.user.login if found.user else "",
                comments=comments,
                closed=found.state == "closed",
                locked=bool(found.locked),
                url=found.html_url or self._reference.url,
            )

    def project(self) -> Project:
        """The repository of the issue."""
        with self._told("read the repository"):
            return _as_project(self._repository())

    def fork(self, project: Project) -> Project:
        """The user's own copy; GitHub answers with the one there is, if there is one."""
        with self._told("fork the repository"):
            made = self._open().get_repo(project.name, lazy=False).create_fork()
            deadline = time.monotonic() + FORK_SECONDS
            while not _ready(made) and time.monotonic() < deadline:
                time.sleep(2)
                made = self._open().get_repo(made.full_name)
            return _as_project(made)

    def open_pull_request(self, project: Project, head: Project, branch: str, title: str, body: str) -> str:
        """A draft where the plan has drafts, an ordinary pull request elsewhere."""
        from github.GithubException import GithubException

        source = branch if head.name == project.name else f"{head.name.partition('/')[0]}:{branch}"
        with self._told("open the pull request"):
            repository = self._open().get_repo(project.name)

            def create(*, draft: bool) -> str:
                made = repository.create_pull(
                    base=project.default_branch, head=source, title=title, body=body, draft=draft
                )
                return str(made.html_url)

            try:
                return create(draft=True)
            except GithubException as error:
                if error.status != 422 or "draft" not in str(error.data).lower():
                    raise
                return create(draft=False)

    def comment(self, body: str) -> str:
        """Adds a comment to the issue."""
        with self._told("comment on the issue"):
            return str(self._issue().create_comment(body).html_url)

    def _open(self) -> Github:
        if self._client is None:
            from github import Auth, Github
            from urllib3.util import Retry

            self._client = Github(
                auth=Auth.Token(self._token) if self._token else None,
                base_url=api_url(self._reference.server),
                timeout=30,
                per_page=PAGE,
                # outages are waited for shortly; rate limits are told at once
                retry=Retry(
                    total=3, backoff_factor=0.5, status_forcelist=(502, 503, 504), respect_retry_after_header=False
                ),
            )
        return self._client

    def _repository(self) -> Repository:
        return self._open().get_repo(self._reference.project)

    def _issue(self) -> ApiIssue:
        return self._repository().get_issue(self._reference.number)

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Turns what the library raises into what a person can act on."""
        from github.GithubException import GithubException
        from requests.exceptions import RequestException

        try:
            yield
        except GithubException as error:
            raise self._explained(what, error) from error
        except RequestException as error:
            raise unreachable(what, self._reference.host, error) from error
        except (RuntimeError, AssertionError) as error:
            raise ForgeUnavailable(
                f"cannot {what}: {self._reference.host} did not answer as GitHub does ({error})",
                hint="check the address and the network",
            ) from error

    def _explained(self, what: str, error: GithubException) -> ForgeRefused | ForgeUnavailable:
        from github.GithubException import RateLimitExceededException

        message = str((error.data or {}).get("message", "")) if isinstance(error.data, dict) else ""
        headers = error.headers or {}
        token = variables(self._reference)
        if isinstance(error, RateLimitExceededException) or error.status == 429:
            reset = headers.get("x-ratelimit-reset", "")
            when = f" until {until(float(reset))}" if reset.isdigit() else ""
            hint = "try again then" if self._token else f"set {token}: with a token the limit is higher"
            return ForgeUnavailable(f"cannot {what}: the rate limit is used up{when}", hint=hint)
        name = self._reference.project
        if error.status == 401:
            return ForgeRefused(f"cannot {what}: the token is not valid", hint=f"set {token}, or run `gh auth login`")
        if error.status in (404, 451):
            hint = "check the name" if self._token else f"check the name; if it is private, set {token}"
            return ForgeRefused(f"cannot {what}: there is no {name}, or the token may not see it", hint=hint)
        if error.status == 410:
            return ForgeRefused(f"cannot {what}: it was deleted, or {name} has no issues", hint="check the number")
        if error.status == 403:
            hint = f"give the token the right, or set {token}"
            return ForgeRefused(f"cannot {what}: not allowed ({message or 'no reason given'})", hint=hint)
        if error.status >= 500:
            return ForgeUnavailable(f"cannot {what}: the server failed with {error.status}", hint="try again later")
        details = error.data.get("errors") if isinstance(error.data, dict) else None
        return ForgeRefused(
            f"cannot {what}: {message or error.status} {details or ''}".rstrip(),
            hint=f"look at {self._reference.server}/{name}",
        )


def api_url(server: str) -> str:
    """The REST API of a server: as GitHub Actions says, GitHub's own, or that of GitHub Enterprise."""
    if server == os.environ.get("GITHUB_SERVER_URL", "").rstrip("/") and os.environ.get("GITHUB_API_URL"):
        return os.environ["GITHUB_API_URL"].rstrip("/")
    return "https://api.github.com" if server == GITHUB else f"{server}/api/v3"


def _as_project(repository: Repository) -> Project:
    rights = repository.permissions
    return Project(
        name=repository.full_name,
        clone_url=repository.clone_url,
        default_branch=repository.default_branch or "main",
        may_push=bool(rights and rights.push),
        may_fork=repository.allow_forking is not False,
        archived=bool(repository.archived),
    )


def _ready(repository: Repository) -> bool:
    """Whether git can reach a fresh fork: its branches are there."""
    from github.GithubException import GithubException

    try:
        repository.get_branch(repository.default_branch)
    except GithubException:
        return False
    return True
