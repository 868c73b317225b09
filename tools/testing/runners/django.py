"""Django: `manage.py test` of a project, and the `runtests.py` of Django itself."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from tools.testing.runners.probed import ProbeRunner

DROPPED = frozenset({"--failfast", "--pdb", "--reverse", "--noinput", "--no-input", "--debug-sql"})
DROPPED_WITH_VALUE = frozenset({"--parallel", "-v", "--verbosity", "--shuffle"})
KEPT_WITH_VALUE = frozenset({"--settings", "--tag", "--exclude-tag", "-k", "--pythonpath", "-t", "-p", "--timing"})


def django_runner(
    python: str, script: str, words: Sequence[str] = (), *, cwd: str = "", env: Mapping[str, str] | None = None
) -> ProbeRunner:
    """A runner for `python SCRIPT WORDS`, in one process and without questions.

    Args:
        python: the interpreter.
        script: path of manage.py or runtests.py relative to `cwd`.
        words: the arguments of the command as a person wrote it.
        cwd: where the command runs.
        env: variables it sets.
    """
    arguments: list[str] = []
    labels: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, equals, _ = word.partition("=")
        if name in DROPPED:
            continue
        if name in DROPPED_WITH_VALUE:
            if not equals and rest and (rest[0].isdecimal() or rest[0] == "auto"):
                rest.pop(0)
        elif name in KEPT_WITH_VALUE and not equals and rest:
            arguments += [word, rest.pop(0)]
        else:
            (arguments if word.startswith("-") else labels).append(word)
    own_suite = posixpath.basename(script) == "runtests.py"
    if not own_suite and labels[:1] == ["test"]:
        labels = labels[1:]
    head = ["--parallel=1", "--noinput"] if own_suite else ["test", "--noinput"]
    top = posixpath.normpath(posixpath.join(cwd, posixpath.dirname(script)))
    return ProbeRunner(
        "django",
        "script",
        python,
        (script, *head, *arguments),
        tuple(labels),
        cwd,
        env or {},
        "" if top == "." else top,
    )
