"""Hostile repositories are opened as a run opens them: nothing of theirs runs, and not a byte of them changes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hostile import REFUSED, REFUSED_WITH_CHANGES, SINGING, TRICKS
from money_project import FAILING, SOURCE, TESTS
from snapshot_helpers import FILES, Repository, picture
from typer.testing import CliRunner

from agent.cli.main import app
from environments.workspaces import Workspace
from tools.errors import InputError
from tools.issues import parse_issue
from tools.localization import Localizer
from tools.snapshots import SnapshotStore


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that all others are copies of."""
    root = tmp_path_factory.mktemp("clean") / "repository"
    Repository(root).init().commit(FILES)
    return root


@pytest.fixture
def repository(clean: Path, tmp_path: Path) -> Repository:
    return Repository(Path(shutil.copytree(clean, tmp_path / "of" / "a person" / "repository")))


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "canary"


@pytest.fixture
def fire(tmp_path: Path, canary: Path) -> Path:
    script = tmp_path / "fire"
    script.write_text(f'#!/bin/sh\necho "$0 $*" >> {canary}\ncat\n')
    script.chmod(0o755)
    return script


def open_as_a_run_does(root: Path, folder: Path, *, include_uncommitted: bool) -> None:
    """Snapshot, work, capture, diff, apply; then localize and map."""
    store = SnapshotStore.create(folder / "git", root, include_uncommitted=include_uncommitted)
    try:
        workspace = Workspace(store, folder / "workspace")
        workspace.move(store.base)
        workspace.write("src/a.py", b"x = 2\n")
        node = workspace.capture(subject="change")
        store.apply_patch(store.base, store.diff(store.base, node))
        workspace.move(store.base)
    finally:
        store.close()
    localizer = Localizer(root, "HEAD", cache=folder / "cache")
    try:
        localizer.map(500, localizer.rank(parse_issue("f() in src/b.py returns 1"), k=5))
    finally:
        localizer.close()


def times(root: Path) -> dict[str, int]:
    return {os.fspath(path): path.lstat().st_mtime_ns for path in root.rglob("*")}


@pytest.mark.parametrize("name", TRICKS)
def test_nothing_runs_and_nothing_changes(
    name: str, repository: Repository, fire: Path, canary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    TRICKS[name](repository, fire)
    canary.unlink(missing_ok=True)  # plain git may have been tricked while the trick was prepared
    around = repository.root.parent
    before, before_times = picture(around), times(around)
    monkeypatch.chdir(repository.root)  # where a person stands when starting the command
    for include in (False, True):
        folder = tmp_path / f"run-{include}"
        if name in REFUSED or (include and name in REFUSED_WITH_CHANGES):
            with pytest.raises(InputError) as refusal:
                open_as_a_run_does(repository.root, folder, include_uncommitted=include)
            assert "\n" not in str(refusal.value)
        else:
            open_as_a_run_does(repository.root, folder, include_uncommitted=include)
    assert picture(around) == before
    assert times(around) == before_times
    assert not canary.exists(), canary.read_text()


def look_around(repository: Repository) -> None:
    """What a person does with plain git."""
    for command in ("status", "diff", "log -1 -p", "checkout -q -f main", "add -A", "diff --cached"):
        subprocess.run(["git", *command.split()], cwd=repository.root, capture_output=True, check=False, timeout=60)


@pytest.mark.parametrize("name", sorted(SINGING))
def test_plain_git_is_tricked(name: str, repository: Repository, fire: Path, canary: Path) -> None:
    """So that a canary that does not sing means something."""
    TRICKS[name](repository, fire)
    canary.unlink(missing_ok=True)
    look_around(repository)
    if name == "nested_repository":
        look_around(Repository(repository.root / "vendored"))
    assert canary.exists()


def test_files_beside_a_repository_are_not_taken_for_its_own(
    repository: Repository, fire: Path, tmp_path: Path
) -> None:
    TRICKS["work_tree_above"](repository, fire)
    store = SnapshotStore.create(tmp_path / "git", repository.root)
    assert store.uncommitted == ()
    assert not any("private" in entry.path for entry in store.files(store.base))
    store.close()


def test_there_are_enough() -> None:
    assert len(TRICKS) >= 35
    assert len(SINGING) >= 13


LAST = ("remotes", "helpers", "alternates", "odd_references")
"""Plain git commits no more after these."""
TOGETHER = sorted(
    SINGING - {"git_file_elsewhere", "hooks_elsewhere"} | {"pagers_and_editors", "merge_driver", "links_out_of_it"}
)


def test_the_commands_on_many_at_once(repository: Repository, fire: Path, canary: Path, tmp_path: Path) -> None:
    """`solve` repairs it all the same, `localize` and `map` find their way."""
    (repository.root / "tests/test_a.py").unlink()
    repository.commit({"money.py": SOURCE.encode(), "tests/__init__.py": b"", "tests/test_money.py": TESTS.encode()})
    for name in (*TOGETHER, *LAST):
        TRICKS[name](repository, fire)
    canary.unlink(missing_ok=True)
    before, before_times = picture(repository.root), times(repository.root)
    here = ("--repo", str(repository.root))
    failing = ("--failing-test", FAILING, "--python", sys.executable)
    cache = ("--cache", str(tmp_path / "cache"))
    for command in (
        ("solve", *here, *failing, "--out", str(tmp_path / "run"), "--json"),
        ("localize", *here, *cache, "--issue", "share() in money.py gives a cent too much"),
        ("map", *here, *cache),
    ):
        done = CliRunner().invoke(app, command, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        assert "money.py" in done.stdout
    assert picture(repository.root) == before
    assert times(repository.root) == before_times
    assert not canary.exists(), canary.read_text()
