"""Which tasks of a dataset, and in which order."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from environments.benchmarks.model import BenchmarkTask
from tools.errors import InputError


@dataclass(frozen=True)
class Choice:
    """A choice of tasks: by id, by pattern, shuffled, then cut; empty values choose all.

    Attributes:
        ids: exactly these, in this order.
        pattern: a regular expression that an id must contain.
        shuffle: put them in an order that `seed` decides.
        seed: for `shuffle`.
        part: a slice such as "0:50", "10:", ":-5", "::2".
    """

    ids: tuple[str, ...] = ()
    pattern: str = ""
    shuffle: bool = False
    seed: int = 0
    part: str = ""

    def of(self, tasks: Sequence[BenchmarkTask]) -> tuple[BenchmarkTask, ...]:
        """The chosen tasks.

        Raises:
            InputError: an unknown id, a broken pattern or slice, or nothing is left.
        """
        chosen = list(tasks)
        if self.ids:
            known = {each.id: each for each in tasks}
            unknown = [name for name in self.ids if name not in known]
            if unknown:
                raise InputError(f"the dataset has no task {unknown[0]!r}", hint=_near(unknown[0], list(known)))
            chosen = [known[name] for name in dict.fromkeys(self.ids)]
        if self.pattern:
            try:
                wanted = re.compile(self.pattern)
            except re.error as error:
                raise InputError(f"the filter {self.pattern!r} is no regular expression: {error}") from error
            chosen = [each for each in chosen if wanted.search(each.id)]
        if self.shuffle:
            chosen.sort(key=lambda each: each.id)
            random.Random(self.seed).shuffle(chosen)
        chosen = chosen[_slice(self.part)]
        if not chosen:
            raise InputError("no task is left to work on", hint="widen --ids, --filter or --slice")
        return tuple(chosen)


def _slice(text: str) -> slice:
    if not text:
        return slice(None)
    found = re.fullmatch(r"(-?\d*):(-?\d*)(?::(-?\d*))?", text.strip())
    if found is None or any(part == "-" for part in found.groups()):
        raise InputError(f"{text!r} is no slice", hint="write START:STOP, such as 0:50")
    start, stop, step = (int(part) if part else None for part in found.groups())
    if step == 0:
        raise InputError("a slice cannot have a step of 0")
    return slice(start, stop, step)


def _near(name: str, known: list[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, known, 3)
    return f"did you mean {' or '.join(close)}?" if close else f"it has {len(known)} tasks, for instance {known[:1]}"
