"""Who may import whom (docs/architecture.md): the layering is part of the build."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ALLOWED = {
    "agent": {"agent", "search", "tools", "environments", "prompts"},
    "environments": {"environments", "tools"},
    "search": {"search"},
    "tools": {"tools"},
    "prompts": {"prompts"},
}


def imported_roots(path: Path) -> set[str]:
    roots: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            roots.add(node.module.split(".")[0])
    return roots


@pytest.mark.parametrize("layer", sorted(ALLOWED))
def test_layer_imports_only_what_it_may(layer: str) -> None:
    for path in sorted((ROOT / layer).rglob("*.py")):
        foreign = (imported_roots(path) & ALLOWED.keys()) - ALLOWED[layer]
        assert not foreign, f"{path.relative_to(ROOT)} imports {sorted(foreign)}"


def test_the_rule_can_fail(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("from agent.kit import Kit\n")
    assert imported_roots(bad) & ALLOWED.keys() == {"agent"}
