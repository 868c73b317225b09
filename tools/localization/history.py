"""What the past says: which files commits with messages like this issue changed, how often and how lately.

Only ancestors of the base commit are read. Commits are kept in the cache by their id.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tools.localization.cache import Cache
from tools.localization.lexis import STOPWORDS, terms_of, words
from tools.localization.objects import Commit, ObjectDatabase
from tools.localization.query import Query

MAX_COMMITS = 2500
MAX_PATHS = 12
NEIGHBOURS = 30
HALF_LIFE = 400.0
_NOISE = re.compile(
    r"^(?:Co-authored-by|Signed-off-by|Reviewed-by|Thanks|Backport of|git-svn-id|Change-Id).*$", re.M | re.I
)


@dataclass(frozen=True)
class HistoryScores:
    """By path: similarity of past messages, the message that counted most, frequency and recency of change."""

    similar: dict[str, float]
    message: dict[str, str]
    churn: dict[str, float]


class History:
    """The newest non-merge ancestors of a commit, as documents."""

    def __init__(self, database: ObjectDatabase, commit: str, cache: Cache, limit: int = MAX_COMMITS) -> None:
        ids = database.ancestors(commit, limit)
        known = cache.commits(ids)
        missing = [id for id in ids if id not in known]
        if missing:
            read = list(database.commits(missing))
            cache.write_commits(read)
            known.update((commit.id, commit) for commit in read)
        self.commits = [known[id] for id in ids if id in known]
        self._terms = [_terms(commit) for commit in self.commits]
        self._frequency = Counter(term for terms in self._terms for term in terms)

    def score(self, query: Query) -> HistoryScores:
        """Scores paths; the churn of a path is the sum over its commits of `0.5 ** (age in commits / half life)`."""
        wanted: dict[str, float] = {}
        for part, field in enumerate(query.fields[:2]):
            for term, weight in field.items():
                wanted[term] = max(wanted.get(term, 0.0), weight * (1.0 if part == 0 else 0.5))
        total = len(self.commits)
        idf = {term: math.log(1 + total / (1 + self._frequency[term])) for term in wanted if term in self._frequency}
        scored = []
        for age, terms in enumerate(self._terms):
            shared = sum(wanted[term] * idf[term] for term in terms if term in idf)
            if shared > 0:
                scored.append((shared / math.sqrt(4 + len(terms)), age))
        scored.sort(key=lambda item: (-item[0], item[1]))
        similar: dict[str, float] = {}
        message: dict[str, str] = {}
        for score, age in scored[:NEIGHBOURS]:
            commit = self.commits[age]
            for path in commit.paths[:MAX_PATHS]:
                similar[path] = similar.get(path, 0.0) + score / math.sqrt(len(commit.paths))
                message.setdefault(
                    path,
                    f"{commit.id[:10]} {commit.message.strip().splitlines()[0][:80] if commit.message.strip() else ''}",
                )
        return HistoryScores(similar, message, self._churn())

    def _churn(self) -> dict[str, float]:
        churn: dict[str, float] = {}
        for age, commit in enumerate(self.commits):
            if len(commit.paths) <= MAX_PATHS:
                weight = 0.5 ** (age / HALF_LIFE)
                for path in commit.paths:
                    churn[path] = churn.get(path, 0.0) + weight
        return churn


def _terms(commit: Commit) -> Sequence[str]:
    text = _NOISE.sub("", commit.message)[:3000]
    return sorted({term for word in words(text) if word.lower() not in STOPWORDS for term in terms_of(word)})
