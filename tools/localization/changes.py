"""Which functions past commits changed, by the headers that git prints over hunks: no old version is parsed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tools.localization.objects import ObjectDatabase

_DEFINES = re.compile(r"(?:def|class|func|fn|function|fun)\s+(?:\([^)]*\)\s*)?([A-Za-z_$][\w$]*)")

Changed = dict[tuple[str, str], float]


def changed_functions(database: ObjectDatabase, paths: Sequence[str], commits: Mapping[str, float]) -> Changed:
    """`(path, simple name)` -> the most weight of a commit that changed a function of that name.

    Args:
        database: of the history.
        paths: the files asked for.
        commits: ids with their weights.
    """
    found: Changed = {}
    for commit, path, header in database.hunks(sorted(commits), sorted(paths)):
        if match := _DEFINES.search(header):
            place = (path, match[1])
            found[place] = max(found.get(place, 0.0), commits[commit])
    return found
