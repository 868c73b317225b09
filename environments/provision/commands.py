"""The command that runs a project's tests."""

from __future__ import annotations

from environments.provision.specs import Spec
from tools.files import FileReader
from tools.testing.configured import configured_commands


def test_command(spec: Spec, files: FileReader) -> tuple[str, dict[str, str]]:
    """The command and its variables, from the specification or, where that asks for it, from the repository's tox.ini.

    Args:
        spec: of the environment.
        files: of the repository.
    """
    if not spec.configured:
        return spec.test, {}
    for text, env in configured_commands(files):
        if "pytest" in text:
            return text.replace("pytest", "pytest -rA", 1), env
    return "python -m pytest -rA", {}


test_command.__test__ = False  # type: ignore[attr-defined]
