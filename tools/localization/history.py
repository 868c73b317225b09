"""What the past says: which files commits with messages like this issue changed, how often and how lately.

Only ancestors of the base commit are read. Commits are kept in the cache by their id.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from tools.localization.cache import Cache, PastCommit
from tools.localization.lexis import STOPWORDS, terms_of, words
from tools.localization.objects import Commit, ObjectDatabase
from tools.localization.query import Query

MAX_COMMITS = 2500
MAX_PATHS = 12
MAX_STORED_PATHS = 40
MAX_MESSAGE = 3000
NEIGHBOURS = 30
HALF_LIFE = 400.0
FIX_PATHS = 5
_FIX = re.compile(r"\bfix|\bbug|#\d+|\bcorrect|\brepair|\bregression|\bcrash", re.I)
_NOISE = re.compile(
    r"^(?:Co-authored-by|Signed-off-by|Reviewed-by|Thanks|Backport of|git-svn-id|Change-Id).*$", re.M | re.I
)


@dataclass(frozen=True)
class HistoryScores:
    """By path: similarity of past messages, the message that counted most, recency of change, number of fixes.

    `commits` are the ids of the most similar commits with their similarity, the best 1.
    """

    similar: dict[str, float]
    message: dict[str, str]
    commits: dict[str, float]
    churn: dict[str, float]
    fixes: dict[str, float]


class History:
    """The newest non-merge ancestors of a commit, as documents."""

    def __init__(self, database: ObjectDatabase, commit: str, cache: Cache, limit: int = MAX_COMMITS) -> None:
        ids = database.ancestors(commit, limit)
        known = cache.commits(ids)
        missing = [id for id in ids if id not in known]
        if missing:
            read = [_past(commit) for commit in database.commits(missing)]
            cache.write_commits(read)
            known.update((commit.id, commit) for commit in read)
        self.commits = [known[id] for id in ids if id in known]
        self._frequency = Counter(term for commit in self.commits for term in commit.terms)

    def score(self, query: Query) -> HistoryScores:
        """Scores paths; the churn of a path is the sum over its commits of `0.5 ** (age in commits / half life)`."""
        wanted: dict[str, float] = {}
        for part, field in enumerate(query.fields[:2]):
            for term, weight in field.items():
                wanted[term] = max(wanted.get(term, 0.0), weight * (1.0 if part == 0 else 0.5))
        total = len(self.commits)
        idf = {term: math.log(1 + total / (1 + self._frequency[term])) for term in wanted if term in self._frequency}
        scored = []
        for age, commit in enumerate(self.commits):
            shared = sum(wanted[term] * idf[term] for term in commit.terms if term in idf)
            if shared > 0:
                scored.append((shared / math.sqrt(4 + len(commit.terms)), age))
        scored.sort(key=lambda item: (-item[0], item[1]))
        similar: dict[str, float] = {}
        message: dict[str, str] = {}
        for score, age in scored[:NEIGHBOURS]:
            commit = self.commits[age]
            for path in commit.paths[:MAX_PATHS]:
                similar[path] = similar.get(path, 0.0) + score / math.sqrt(len(commit.paths))
                message.setdefault(path, f"{commit.id[:10]} {commit.title}")
        top = scored[0][0] if scored else 1.0
        commits = {
            self.commits[age].id: score / top
            for score, age in scored[:NEIGHBOURS]
            if len(self.commits[age].paths) <= MAX_PATHS
        }
        return HistoryScores(similar, message, commits, self._churn, self._fixes)

    @cached_property
    def paths(self) -> dict[str, tuple[str, ...]]:
        """Ids of commits with what they changed."""
        return {commit.id: commit.paths for commit in self.commits}

    @cached_property
    def _fixes(self) -> dict[str, float]:
        """How many small commits that say they fix something changed a path."""
        fixes: dict[str, float] = {}
        for commit in self.commits:
            if len(commit.paths) <= FIX_PATHS and _FIX.search(commit.title):
                for path in commit.paths:
                    fixes[path] = fixes.get(path, 0.0) + 1.0
        return fixes

    @cached_property
    def _churn(self) -> dict[str, float]:
        churn: dict[str, float] = {}
        for age, commit in enumerate(self.commits):
            if len(commit.paths) <= MAX_PATHS:
                weight = 0.5 ** (age / HALF_LIFE)
                for path in commit.paths:
                    churn[path] = churn.get(path, 0.0) + weight
        return churn


def _past(commit: Commit) -> PastCommit:
    text = _NOISE.sub("", commit.message)[:MAX_MESSAGE]
    title = commit.message.strip().partition("\n")[0][:80]
    terms = {term for word in words(text) if word.lower() not in STOPWORDS for term in terms_of(word)}
    return PastCommit(commit.id, title, tuple(sorted(terms)), commit.paths[:MAX_STORED_PATHS])
