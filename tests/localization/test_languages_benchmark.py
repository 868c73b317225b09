"""The benchmark of other languages: commits that read like an issue are found, and what they changed is ranked."""

from benchmarks.localization.languages import Found, looks, row, sources

STACK = "package stack\n\nfunc Push(x int) {\n\titems = append(items, x)\n}\n\nfunc Pop() int {\n\treturn items[0]\n}\n"
QUEUE = "package stack\n\nfunc Enqueue(x int) {\n\tqueue = append(queue, x)\n}\n"
VENDORED = "package other\n\nfunc Pop() int {\n\treturn 1\n}\n"


def test_a_past_commit_is_looked_at_from_its_parent(make_repository, tmp_path):
    repository = make_repository(
        [
            ("Begin", {"stack.go": STACK, "queue.go": QUEUE, "stack_test.go": STACK, "vendor/other.go": VENDORED}),
            (
                "Fix Pop, which returns the first element instead of the last\n\nA stack gives back what came last.",
                {"stack.go": STACK.replace("items[0]", "items[len(items)-1]"), "stack_test.go": STACK + "\n"},
            ),
            ("Fix typo", {"queue.go": QUEUE + "\n// done\n"}),
        ]
    )
    found = list(looks(repository / ".git", frozenset({"go"}), 10, tmp_path / "cache"))
    assert [(past.message.partition("\n")[0], ranks) for past, ranks in found] == [
        ("Fix Pop, which returns the first element instead of the last", Found(1, 1, 1))
    ]
    assert row("stack (go)", [ranks for _, ranks in found]) == (
        "| stack (go) | 1 | 100.0 / 100.0 / 100.0 / 100.0 / 100.0 | 100.0 / 100.0 / 100.0 / 100.0 / 100.0 | 1"
        " | 100.0 / 100.0 / 100.0 / 100.0 |"
    )


def test_sources_are_neither_tests_nor_other_peoples():
    is_source = sources(frozenset({"go"}))
    paths = ["a.go", "a_test.go", "vendor/x/a.go", "a.rs", "README.md", "cmd/tool/main.go"]
    assert list(filter(is_source, paths)) == ["a.go", "cmd/tool/main.go"]
