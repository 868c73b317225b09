"""Who may ask, what a page may load, and what text may do: nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from corpus import ALL, INVISIBLE, PAYLOADS, hostile
from viewer_runs import Visitor, make_run

from agent.viewer.markup import diff_files, markdown, script_json, text_diff, visible
from agent.viewer.runs import RunReader
from agent.viewer.static import export_run

Served = Callable[[Path], Visitor]


def test_only_its_own_host_is_answered(folder: Path, served: Served) -> None:
    visitor = served(folder)
    assert visitor.ask("/")[0] == 200
    assert visitor.ask("/", Host=f"localhost:{visitor.port}")[0] == 200
    for host in ("evil.example", f"evil.example:{visitor.port}", "127.0.0.1", f"127.0.0.1.evil.example:{visitor.port}"):
        assert visitor.ask("/", Host=host)[0] == 421, host


def test_the_token_is_handed_over_once_and_kept_from_scripts(folder: Path, served: Served) -> None:
    visitor = served(folder)
    status, _, headers = visitor.ask(visitor.entrance.removeprefix(visitor.address))
    assert (status, headers["location"]) == (303, "/")
    assert "HttpOnly" in headers["set-cookie"]
    assert "SameSite=strict" in headers["set-cookie"]
    assert "set-cookie" not in visitor.ask("/?token=guess")[2]


def test_every_answer_forbids_what_it_does_not_need(folder: Path, served: Served) -> None:
    make_run(folder / "one")
    visitor = served(folder)
    for path in ("/", "/run/one", "/run/one/node/r1", "/nowhere", "/assets/tree.js"):
        _, text, headers = visitor.ask(path)
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        if path.endswith(".js"):
            continue
        assert not re.search(r"<[^>]+\s(on\w+|style)\s*=", text), path
        outside = re.findall(r"""(?:src|href|action)=["'](?:https?:)?//[^"']*""", text)
        assert outside == [], path


def test_text_becomes_visible_before_it_becomes_html() -> None:
    for payload in PAYLOADS:
        for html in (str(markdown(payload)), str(script_json({"a": visible(payload)}))):
            assert not any(character in html for character in INVISIBLE), payload
            assert "<script" not in html
            assert "<img" not in html
            assert "<a" not in html
    assert visible("\x1b[31mred\x1b[0m") == "red"
    assert visible("a\u202eb") == "a\\u202eb"


def test_markdown_keeps_what_is_harmless() -> None:
    assert str(markdown("**bold** `code`\n\n- one")) == (
        "<p><strong>bold</strong> <code>code</code></p>\n<ul>\n<li>one</li>\n</ul>\n"
    )


@pytest.mark.parametrize("path", ["a.py", "a.html", "a.js", "a.md", "a.unknown", "a.diff"])
def test_highlighted_code_is_escaped_in_every_language(path: str) -> None:
    files = text_diff("old\n", f"{ALL}\n".encode("utf-8", "replace").decode(), path)
    html = "".join(str(line.html) for file in files for line in file.lines)
    assert not re.search(r"<(?!/?span\b)", html)
    assert not re.search(r"<span[^>]*\s(?!class=)[\w-]+=", html)
    assert not any(character in html for character in INVISIBLE)


def test_a_diff_shows_its_lines_with_their_numbers() -> None:
    patch = (
        "diff --git a/m.py b/m.py\n--- a/m.py\n+++ b/m.py\n@@ -3,3 +3,3 @@ def f():\n x = 1\n-y = 2\n+y = 3\n z = 4\n"
    )
    (file,) = diff_files(patch)
    assert (file.path, file.added, file.removed) == ("m.py", 1, 1)
    assert [(line.sign, line.old, line.new) for line in file.lines] == [
        ("@", "", ""), (" ", 3, 3), ("-", 4, ""), ("+", "", 4), (" ", 5, 5),
    ]  # fmt: skip


def test_pages_of_a_hostile_run_hold_no_markup_of_its(folder: Path, served: Served) -> None:
    run = make_run(folder / "evil", hostile())
    visitor = served(folder)
    pages = [visitor.ask(path)[1] for path in ("/", "/run/evil", "/run/evil/node/r1", "/run/evil/node/p1/panel")]
    for text in (*pages, export_run(RunReader(run))):
        assert "<b data-evil" not in text
        assert "<img src=x" not in text
        assert "<script>window" not in text
        assert not any(character in text for character in INVISIBLE)
