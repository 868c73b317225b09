"""What environment a task needs, as text that a task can carry: `benchmark:PROJECT@VERSION`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tools.errors import InputError

SCHEME = "benchmark:"
_OTHER_NAMES = {"scikit-learn": ("sklearn",), "pytest": ("_pytest",)}
_TEXT = re.compile(r"benchmark:([\w.-]+/[\w.-]+)@([\w.+-]+)(?:@([0-9a-f]{7,40}))?")


@dataclass(frozen=True)
class Need:
    """An environment of a benchmark's table.

    Attributes:
        project: such as "django/django".
        version: of it, as the benchmark has it.
        setup_commit: whose requirement files make the environment; the base when empty.
    """

    project: str
    version: str
    setup_commit: str = ""

    def __str__(self) -> str:
        """As `Task.environment` has it."""
        return f"{SCHEME}{self.project}@{self.version}" + (f"@{self.setup_commit}" if self.setup_commit else "")

    @property
    def packages(self) -> tuple[str, ...]:
        """Names that the project's own distribution and its import package may have, sorted."""
        name = self.project.partition("/")[2]
        return tuple(sorted({name, name.removesuffix("-python"), *_OTHER_NAMES.get(name, ())}))

    @classmethod
    def parse(cls, text: str) -> Need:
        """From `Task.environment`.

        Raises:
            InputError: it is none.
        """
        found = _TEXT.fullmatch(text)
        if found is None:
            raise InputError(f"{text!r} names no environment", hint="benchmark:OWNER/NAME@VERSION")
        return cls(found[1], found[2], found[3] or "")


def official_image(task: str) -> str:
    """The image of an instance that the benchmark publishes; its tests run in the conda environment of it."""
    return f"swebench/sweb.eval.x86_64.{task.lower().replace('__', '_1776_')}:latest"


def built_image(task: str) -> str:
    """The image of an instance that the swebench package builds on this machine."""
    return f"sweb.eval.x86_64.{task.lower()}:latest"


OFFICIAL_PYTHON = "/opt/miniconda3/envs/testbed/bin/python"
