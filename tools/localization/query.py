"""What is looked for: the terms of each part of an issue, damped so that pasted dumps do not drown the words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from tools.issues import Issue
from tools.issues.segments import strip_prompts
from tools.localization.lexis import STOPWORDS, terms_of, words

QUERY_FIELDS = ("title", "prose", "code", "output", "trace", "names")
MAX_TERMS = 160


@dataclass(frozen=True)
class Query:
    """Weights of terms per part of the issue: `1 + ln(count)`; the parts of `QUERY_FIELDS` in order."""

    fields: tuple[dict[str, float], ...]

    @property
    def terms(self) -> list[str]:
        """All terms, sorted."""
        return sorted({term for field in self.fields for term in field})

    def strengths(self, parts: Mapping[str, float]) -> dict[str, float]:
        """Per term the most that one of `parts` that holds it gives."""
        given: dict[str, float] = {}
        for name, field in zip(QUERY_FIELDS, self.fields, strict=True):
            for term in field:
                given[term] = max(given.get(term, 0.0), parts[name])
        return given


def build_query(issue: Issue) -> Query:
    """The query of an issue; names that the reporter's own snippet defines are left out of code."""
    own = {term for name in issue.defined_names for term in terms_of(name)[-1:]}
    code = strip_prompts(issue.field("code"))
    frames = "\n".join(f"{frame.function} {frame.source}" for frame in issue.frames)
    errors = "\n".join(f"{error.name} {error.message}" for error in issue.error_messages)
    names = [name.rpartition(".")[2] for name in (*issue.said_names, *issue.code_names, *issue.identifiers)]
    named = " ".join((*names, *issue.error_codes))
    fields = (
        _weights(issue.title, STOPWORDS),
        _weights(issue.field("prose"), STOPWORDS),
        _without(_weights(code, frozenset()), own),
        _weights(issue.field("output") + "\n" + errors, STOPWORDS),
        _weights(frames + "\n" + issue.field("traceback"), STOPWORDS),
        _without(_weights(named, frozenset()), own),
    )
    return Query(tuple(_longest(field) for field in fields))


def _weights(text: str, stopwords: frozenset[str]) -> dict[str, float]:
    counts: Counter[str] = Counter()
    for word in words(text):
        if word.lower() not in stopwords:
            counts.update(terms_of(word))
    return {term: 1 + math.log(count) for term, count in sorted(counts.items())}


def _without(field: dict[str, float], names: set[str]) -> dict[str, float]:
    return {term: weight for term, weight in field.items() if term not in names}


def _longest(field: dict[str, float]) -> dict[str, float]:
    kept = sorted(field, key=lambda term: (-field[term] * min(len(term), 12), term))[:MAX_TERMS]
    return {term: field[term] for term in sorted(kept)}
