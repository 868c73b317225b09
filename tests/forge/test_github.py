"""From an issue's page to a draft pull request, against a local server with real pushes."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import pytest
from github_server import TOKEN, State
from money_project import Run, git

from agent.forge.connect import connect
from agent.forge.intake import take_in
from agent.forge.references import parse_reference
from tools.errors import TreewrightError

PYTHON = ("--python", shutil.which("python3") or "python3")


def url(forge: State, number: int = 7, project: str = "acme/money") -> str:
    return f"{forge.url}/{project}/issues/{number}"


def test_an_issue_becomes_a_draft_pull_request(forge: State, treewright: Run, tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = treewright("solve", url(forge), *PYTHON, "--out", out, "--open-pr", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "solved"
    assert "1 image is not looked at" in done.stderr
    assert f"pull request: {forge.url}/acme/money/pull/8" in done.stderr
    (pull,) = forge.pulls
    assert pull["draft"] is True
    assert (pull["base"], pull["head"]) == ("main", "treewright/issue-7")
    assert pull["title"] == "Fix #7: share() gives away a cent too much"
    assert "Fixes #7" in pull["body"]
    assert "| `tests.test_money.ShareTest.test_sum` | fails | passes |" in pull["body"]
    assert f"treewright solve {url(forge)} --base {git(forge.remote, 'rev-parse', 'main')}" in pull["body"]
    assert git(forge.remote, "rev-parse", "treewright/issue-7^") == git(forge.remote, "rev-parse", "main")
    assert "i < total % people" in git(forge.remote, "show", "treewright/issue-7:money.py")
    everything = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    assert TOKEN.encode() not in everything
    assert TOKEN not in done.stdout + done.stderr


def test_the_problem_is_what_people_see(forge: State, treewright: Run, tmp_path: Path) -> None:
    done = treewright("solve", url(forge), *PYTHON, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    shown = json.loads(_task(tmp_path / "run"))
    assert shown["problem"] == (
        "share() gives away a cent too much\n\n`sum(share(10, 3))` is 11.\n\n[image: screenshot]\n\n"
        "Comment by bob:\n\nI see it with 7 and 2 as well.\n"
    )
    assert not forge.pulls
    assert not forge.posted
    assert git(forge.remote, "branch", "--format=%(refname:short)") == "main"


def _task(run: Path) -> str:
    import sqlite3

    with sqlite3.connect(run / "run.db") as database:
        return str(database.execute("select task from runs").fetchone()[0])


def test_without_push_right_the_branch_goes_to_a_fork(forge: State, treewright: Run, tmp_path: Path) -> None:
    forge.may_push = False
    done = treewright("solve", url(forge), *PYTHON, "--out", tmp_path / "run", "--open-pr")
    assert done.returncode == 0, done.stderr
    assert forge.pulls[0]["head"] == "me:treewright/issue-7"
    shown = treewright("publish", tmp_path / "run", "--open-pr", "--dry-run")
    assert "branch treewright/issue-7 to your fork of acme/money, with a number if" in shown.stdout
    assert "i < total % people" in git(forge.fork, "show", "treewright/issue-7:money.py")
    assert git(forge.remote, "branch", "--format=%(refname:short)") == "main"


def test_a_dry_run_sends_nothing_and_publish_does_it_later(forge: State, treewright: Run, tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = treewright("solve", url(forge), *PYTHON, "--out", out, "--open-pr", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "Would be sent, and is not" in done.stdout
    assert "branch treewright/issue-7 to " in done.stdout
    assert "title: Fix #7" in done.stdout
    assert "+    return [total // people + (i < total" in done.stdout
    assert "Passes now: tests.test_money.ShareTest.test_sum" in done.stdout
    assert not [path for method, path, _ in forge.asked if method == "POST"]
    assert git(forge.remote, "branch", "--format=%(refname:short)") == "main"
    git(forge.remote, "branch", "treewright/issue-7", "main")
    planned = json.loads(treewright("publish", out, "--open-pr", "--dry-run", "--json").stdout)
    assert not [path for method, path, _ in forge.asked if method == "POST"]
    later = treewright("publish", out, "--open-pr", "--json")
    assert later.returncode == 0, later.stderr
    made = json.loads(later.stdout)
    assert made["branch"] == "treewright/issue-7-2"
    assert {**made, "url": ""} == planned
    sent = git(forge.remote, "log", "-1", "--format=%B", made["branch"])
    assert sent == planned["commit"].strip()
    assert git(forge.remote, "rev-parse", "treewright/issue-7") == git(forge.remote, "rev-parse", "main")
    shown = treewright("publish", out, "--comment", "--dry-run")
    assert "Would be sent, and is not" in shown.stdout
    assert not forge.posted
    said = treewright("publish", out, "--comment")
    assert said.returncode == 0, said.stderr
    assert "```diff" in forge.posted[0]


def test_where_there_are_no_drafts_the_pull_request_is_an_ordinary_one(
    forge: State, treewright: Run, tmp_path: Path
) -> None:
    forge.drafts = False
    done = treewright("solve", url(forge), *PYTHON, "--out", tmp_path / "run", "--open-pr")
    assert done.returncode == 0, done.stderr
    assert [pull["draft"] for pull in forge.pulls] == [False]


def test_an_abstention_opens_nothing_and_can_be_posted(forge: State, treewright: Run, tmp_path: Path) -> None:
    arguments = ("solve", url(forge), *PYTHON, "--confidence", "1")
    done = treewright(*arguments, "--max-nodes", 2, "--out", tmp_path / "a", "--open-pr")
    assert done.returncode == 1, done.stderr
    assert "no pull request" in done.stderr
    assert not forge.pulls
    done = treewright(*arguments, "--max-nodes", 2, "--out", tmp_path / "b", "--comment")
    assert done.returncode == 1, done.stderr
    assert "No patch is proposed" in forge.posted[0]


def test_a_push_that_fails_keeps_the_run_and_says_how_to_go_on(forge: State, treewright: Run, tmp_path: Path) -> None:
    forge.fail = lambda method, path: (503, {"message": "down"}, {}) if path.endswith("/pulls") else None
    done = treewright("solve", url(forge), *PYTHON, "--out", tmp_path / "run", "--open-pr")
    assert done.returncode == 3
    assert f"treewright publish {tmp_path / 'run'} --open-pr" in done.stderr
    forge.fail = lambda method, path: None
    hook = forge.remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'this branch is protected' >&2\nexit 1\n")
    hook.chmod(0o755)
    refused = treewright("publish", tmp_path / "run", "--open-pr")
    assert refused.returncode == 2
    assert "git could not push" in refused.stderr
    assert "may write" in refused.stderr
    hook.unlink()
    assert treewright("publish", tmp_path / "run", "--open-pr").returncode == 0


@pytest.mark.parametrize(
    ("change", "flags", "code", "said"),
    [
        ({"issue": {"state": "closed"}}, (), 2, "is closed"),
        ({"issue": {"locked": True}, "may_push": False}, ("--comment",), 2, "is locked"),
        ({"issue": {"pull_request": {"url": "x"}}}, (), 2, "is a pull request"),
        ({"archived": True}, ("--open-pr",), 2, "is archived"),
        ({"may_push": False, "may_fork": False}, ("--open-pr",), 2, "neither push"),
        (
            {"fail": (403, {"message": "API rate limit exceeded"}, {"x-ratelimit-reset": "4102444800"})},
            (),
            3,
            "rate limit",
        ),
        ({"fail": (429, {"message": "slow down"}, {})}, (), 3, "rate limit"),
        ({"fail": (401, {"message": "Bad credentials"}, {})}, (), 2, "not valid"),
        ({"fail": (403, {"message": "Resource not accessible"}, {})}, (), 2, "not allowed"),
        ({"fail": (404, {"message": "Not Found"}, {})}, (), 2, "there is no acme/money"),
        ({"fail": (410, {"message": "gone"}, {})}, (), 2, "deleted"),
        ({"fail": (422, {"message": "odd"}, {})}, (), 2, "odd"),
        ({"fail": (500, {"message": "oops"}, {})}, (), 3, "failed with 500"),
    ],
)
def test_every_refusal_is_clear_and_comes_before_the_work(
    change: dict[str, object],
    flags: tuple[str, ...],
    code: int,
    said: str,
    forge: State,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    for name, value in change.items():
        if name == "issue":
            forge.issue.update(value)  # type: ignore[call-overload]
        elif name == "fail":
            forge.fail = lambda method, path, answer=value: answer  # type: ignore[misc]
        else:
            setattr(forge, name, value)
    reference = parse_reference(url(forge))
    assert reference is not None
    wanted = {"pull_request": "--open-pr" in flags, "comment": "--comment" in flags}
    with pytest.raises(TreewrightError, match=said) as refused:
        take_in(connect(reference), reference, **wanted)
    assert refused.value.exit_code == code
    assert refused.value.hint


@pytest.mark.parametrize("path", ["acme/money/issues/7", "group/money/-/issues/7"])
def test_a_server_that_is_not_there_is_told_in_a_few_words(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urllib3.util.Retry.sleep", lambda *_: None)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    reference = parse_reference(f"http://127.0.0.1:{port}/{path}")
    assert reference is not None
    with pytest.raises(TreewrightError) as refused:
        take_in(connect(reference), reference)
    assert str(refused.value) == "cannot read the issue: 127.0.0.1 cannot be reached (Connection refused)"
    assert refused.value.exit_code == 3


def test_a_refusal_is_two_lines_for_a_person(forge: State, treewright: Run, tmp_path: Path) -> None:
    forge.issue["state"] = "closed"
    done = treewright("solve", url(forge), *PYTHON, "--out", tmp_path / "run")
    assert done.returncode == 2
    error, hint = done.stderr.splitlines()
    assert "is closed" in error
    assert "--allow-closed" in hint
    assert not (tmp_path / "run").exists()


def test_a_private_repository_without_a_token_says_which_variable(
    forge: State, treewright: Run, tmp_path: Path
) -> None:
    forge.private = True
    done = treewright("solve", url(forge), *PYTHON, "--out", tmp_path / "run", token="")
    assert done.returncode == 2
    assert "TOKEN" in done.stderr
    assert treewright("solve", url(forge), *PYTHON, "--out", tmp_path / "run").returncode == 0


def test_publishing_without_a_token_is_refused_before_the_work(forge: State, treewright: Run, tmp_path: Path) -> None:
    done = treewright("solve", url(forge), *PYTHON, "--out", tmp_path / "run", "--open-pr", token="")
    assert done.returncode == 2
    assert "there is no token" in done.stderr


def test_a_moved_repository_is_followed_and_said(forge: State, treewright: Run, tmp_path: Path) -> None:
    forge.moved = True
    done = treewright("solve", url(forge, project="old/money"), *PYTHON, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert "old/money has moved to acme/money" in done.stderr


def test_a_pull_request_of_ones_own_commits_is_refused(
    forge: State, repository: Path, treewright: Run, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(forge.remote), str(clone))
    (clone / "notes.txt").write_text("private")
    git(clone, "add", "-A")
    git(clone, "commit", "-qm", "not for others")
    done = treewright("solve", url(forge), "--repo", clone, *PYTHON, "--out", tmp_path / "run", "--open-pr")
    assert done.returncode == 2
    assert "on no branch of the remote" in done.stderr
    assert not forge.pulls


def test_nothing_is_posted_for_what_is_no_issue_of_a_forge(repository: Path, treewright: Run, tmp_path: Path) -> None:
    done = treewright("solve", "--repo", repository, "--issue", "x y", "--open-pr")
    assert done.returncode == 2
    assert "OWNER/REPO#N" in done.stderr
