"""The forge of an issue, with the token that is there."""

from __future__ import annotations

from agent.forge.base import Forge
from agent.forge.references import IssueReference
from agent.forge.tokens import find_token
from tools.errors import InputError, extra


def connect(reference: IssueReference) -> Forge:
    """A client for the issue's server; nothing is sent yet.

    Raises:
        InputError: the client library is not installed.
    """
    from importlib.util import find_spec

    library = "github" if reference.forge == "github" else "gitlab"
    if find_spec(library) is None:
        raise InputError(f"reading issues from {reference.host} needs an extra", hint=extra("forge"))
    if reference.forge == "github":
        from agent.forge.github import GitHub

        return GitHub(reference, find_token(reference))
    from agent.forge.gitlab import GitLab

    return GitLab(reference, find_token(reference))
