import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import InputError
from tools.snapshots import Change, SnapshotStore
from tools.snapshots.patches import check_patch
from tools.snapshots.paths import is_git_name, link_escapes, path_problem
from tools.snapshots.source import quote, unquote

EDIT = "--- a/src/a.py\n+++ b/src/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"


def new_file(path: str, mode: str = "100644", line: str = "x") -> str:
    return (
        f"diff --git a/{path} b/{path}\nnew file mode {mode}\n--- /dev/null\n+++ b/{path}\n"
        f"@@ -0,0 +1 @@\n+{line}\n\\ No newline at end of file\n"
    )


def test_a_plain_unified_diff_applies(store: SnapshotStore) -> None:
    node = store.apply_patch(store.base, EDIT, subject="fix", trailers={"Kind": "patch"})
    assert store.read(node, "src/a.py") == b"x = 2\n"
    assert store.trailers(node) == {"Kind": "patch"}
    assert store.changed_paths(store.base, node) == ("src/a.py",)


def test_renames_copies_and_modes_apply(store: SnapshotStore) -> None:
    patch = (
        "diff --git a/src/a.py b/src/z.py\nsimilarity index 100%\nrename from src/a.py\nrename to src/z.py\n"
        "diff --git a/run.sh b/run.sh\nold mode 100755\nnew mode 100644\n"
    )
    node = store.apply_patch(store.base, patch)
    assert store.changed_paths(store.base, node) == ("run.sh", "src/a.py", "src/z.py")


def test_a_removed_line_that_looks_like_a_header_is_no_header(store: SnapshotStore) -> None:
    before = store.commit(store.base, {"q.sql": Change(b"-- /etc/passwd\nb\n")}, subject="s")
    after = store.commit(before, {"q.sql": Change(b"b\n++ ../x\n")}, subject="s")
    patch = store.diff(before, after)
    assert "\n--- /etc/passwd\n" in patch
    assert store.read(store.apply_patch(before, patch), "q.sql") == b"b\n++ ../x\n"


@pytest.mark.parametrize(
    ("patch", "reason"),
    [
        ("", "empty"),
        (" \n\n", "empty"),
        ("no patch at all\n", "does not apply"),
        (EDIT.replace("x = 1", "x = 7"), "patch failed: src/a.py"),
        (EDIT.replace("src/a.py", "src/none.py"), "src/none.py"),
        (new_file("../evil"), "leaves the repository"),
        (new_file("src/../../evil"), "leaves the repository"),
        (EDIT.replace("b/src/a.py", "/etc/passwd"), "absolute"),
        (EDIT.replace("a/src/a.py", "/etc/passwd"), "absolute"),
        (new_file(".git/hooks/pre-commit", "100755"), "git's own folder"),
        (new_file("src/.GIT/config"), "git's own folder"),
        (new_file(".g\u200cit/config"), "git's own folder"),
        (new_file("a\\b"), "backslash"),
        (new_file("link/x"), "link"),
        (new_file("evil", "120000", "/etc/passwd"), "out of the repository"),
        (new_file("src/evil", "120000", "../../x"), "out of the repository"),
        (new_file("evil", "120000", ".git/config"), "out of the repository"),
        (new_file("m", "160000", "Subproject commit " + "1" * 40), "submodule"),
        (new_file("evil", "120000", "src") + new_file("evil/x"), "does not apply"),
        (new_file("dev", "060000"), "mode 060000"),
        ('--- /dev/null\n+++ "b/\\056\\056/x"\n@@ -0,0 +1 @@\n+x\n', "leaves the repository"),
        ("diff --git a/../x b/../x\nnew file mode 100644\nindex 0000000..e69de29\n", "leaves the repository"),
        ("diff --git a/src/a.py b/../z\nrename from src/a.py\nrename to ../z\n", "leaves the repository"),
        (EDIT + new_file("src/b.py"), "already exists"),
    ],
)
def test_what_must_not_be_applied_is_refused_whole(store: SnapshotStore, patch: str, reason: str) -> None:
    objects = sorted((store.git_dir / "objects").glob("??/*"))
    with pytest.raises(InputError) as caught:
        store.apply_patch(store.base, patch)
    assert reason in str(caught.value)
    assert not list(store.git_dir.glob("index-*"))
    commits = [path for path in (store.git_dir / "objects").glob("??/*") if path not in objects]
    assert len(commits) <= 3, "at most what git apply itself stored; no commit points to it"


def test_a_link_inside_the_repository_is_allowed(store: SnapshotStore) -> None:
    node = store.apply_patch(store.base, new_file("src/readme", "120000", "../README.md"))
    assert store.read(node, "src/readme") == b"../README.md"


@given(st.text())
def test_checking_any_text_ends_in_an_answer(text: str) -> None:
    with contextlib.suppress(InputError):
        check_patch(text)


@given(st.binary(min_size=1).map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_quoting_is_undone(text: str) -> None:
    assert unquote(quote(text)) == text


def test_path_rules() -> None:
    assert [is_git_name(name) for name in (".git", ".GiT", "git~1", ".git ", ".git.", ".git::$INDEX_ALLOCATION")] == [
        True
    ] * 6
    assert not any(is_git_name(name) for name in (".gitignore", "git", ".github", "a.git", ""))
    assert path_problem("a/b c/é.py") == ""
    assert "255" in path_problem("x" * 256)
    assert not link_escapes("a/b/c", "../../x")
    assert link_escapes("a/b", "../../x")
    assert link_escapes("a/b", "c/../../../x")
