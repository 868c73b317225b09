"""What names an issue, and to whom a token goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.forge.github import api_url
from agent.forge.references import IssueReference, parse_reference
from agent.forge.tokens import find_token
from tools.errors import InputError

HUB, LAB = "https://github.com", "https://gitlab.com"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("octo/hello#12", IssueReference("github", HUB, "octo/hello", 12)),
        ("https://github.com/octo/hello.py/issues/12", IssueReference("github", HUB, "octo/hello.py", 12)),
        (
            "https://github.com/octo/hello/issues/12#issuecomment-3?x=1",
            IssueReference("github", HUB, "octo/hello", 12),
        ),
        (
            "https://git.corp.example/octo/hello/issues/1/",
            IssueReference("github", "https://git.corp.example", "octo/hello", 1),
        ),
        ("https://gitlab.com/a/b/c/-/issues/5", IssueReference("gitlab", LAB, "a/b/c", 5)),
        ("https://lab.example/a/b/-/work_items/5", IssueReference("gitlab", "https://lab.example", "a/b", 5)),
        ("octo/hello#0", None),
        ("octo/hello", None),
        ("bug.md", None),
        ("https://github.com/octo/hello", None),
        ("ftp://github.com/octo/hello/issues/1", None),
    ],
)
def test_references(text: str, expected: IssueReference | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_SERVER_URL", raising=False)
    assert parse_reference(text) == expected
    if expected is not None:
        assert parse_reference(expected.url) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://github.com/octo/hello/pull/3", "pull request"),
        ("https://gitlab.com/a/b/-/merge_requests/3", "pull request"),
        ("http://git.corp.example/a/b/issues/3", "not encrypted"),
    ],
)
def test_refused_references(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        parse_reference(text)


@given(st.text())
def test_any_text_is_a_reference_or_none_or_refused(text: str) -> None:
    try:
        found = parse_reference(text)
    except (InputError, ValueError):
        return
    assert found is None or found.number > 0 or "/issues/0" in text


def test_a_token_goes_to_its_own_server_only(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    for name in ("GH_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "GITHUB_SERVER_URL", "GITLAB_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))  # no gh
    monkeypatch.setenv("GITHUB_TOKEN", "hub")
    monkeypatch.setenv("GITLAB_TOKEN", "lab")

    def token(url: str) -> str:
        reference = parse_reference(url)
        assert reference is not None
        return find_token(reference)

    assert token("https://github.com/a/b/issues/1") == "hub"
    assert token("https://evil.example/a/b/issues/1") == ""
    assert token("https://gitlab.com/a/b/-/issues/1") == "lab"
    assert token("https://evil.example/a/b/-/issues/1") == ""
    monkeypatch.setenv("GITLAB_HOST", "lab.corp.example")
    assert token("https://lab.corp.example/a/b/-/issues/1") == "lab"
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://git.corp.example")
    assert token("https://git.corp.example/a/b/issues/1") == "hub"
    monkeypatch.setenv("GH_ENTERPRISE_TOKEN", "own")
    assert token("https://evil.example/a/b/issues/1") == "own"  # as gh does: it is for all servers but github.com


def test_gh_is_asked_when_no_variable_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    from pathlib import Path

    program = Path(str(tmp_path)) / "gh"
    program.write_text('#!/bin/sh\n[ "$1 $2 $3 $4" = "auth token --hostname github.com" ] && echo from-gh\n')
    program.chmod(0o755)
    for name in ("GH_TOKEN", "GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    reference = parse_reference("https://github.com/a/b/issues/1")
    assert reference is not None
    assert find_token(reference) == "from-gh"


def test_the_api_of_each_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_SERVER_URL", raising=False)
    assert api_url(HUB) == "https://api.github.com"
    assert api_url("https://git.corp.example") == "https://git.corp.example/api/v3"
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://git.corp.example")
    monkeypatch.setenv("GITHUB_API_URL", "https://git.corp.example/rest")
    assert api_url("https://git.corp.example") == "https://git.corp.example/rest"
