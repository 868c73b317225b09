"""A tool for the model: what the compiler warns of in a file, run in the sandbox.

treewright solve --repo . --issue bug.md --model NAME --tools examples/tool.py
"""

from __future__ import annotations

import shlex
from typing import Annotated

from agent.toolbox import Repository, ToolError


async def warnings(repository: Repository, path: Annotated[str, "a Python file"], limit: int = 20) -> str:
    """Compiles a Python file and shows what the compiler warns of."""
    if path not in repository.paths():
        raise ToolError(f"there is no file {path}")
    return await repository.run(f"python -W always -m py_compile {shlex.quote(path)} 2>&1 | head -n {limit:d}")


def todo(repository: Repository, word: str = "TODO") -> str:
    """Lists the lines of Python files that hold a word such as TODO or FIXME."""
    found = [
        f"{path}:{number}: {line.strip()}"
        for path in repository.paths()
        if path.endswith(".py")
        for number, line in enumerate(repository.read(path).splitlines(), 1)
        if word in line
    ]
    return "\n".join(found[:50]) or f"no line has {word}"


tools = (warnings, todo)
