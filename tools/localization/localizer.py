"""The entrance: ranks files and functions of a commit for an issue, renders maps and skeletons, finds definitions."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tools.errors import InputError
from tools.issues import Issue
from tools.localization.bm25f import Bm25f, FieldWeights
from tools.localization.cache import Cache
from tools.localization.callees import Callee, callees
from tools.localization.changes import changed_functions
from tools.localization.chunks import Chunk
from tools.localization.embedding import Embed, embedding_scores
from tools.localization.features import Features, FirstLook, SecondLook, Sources, first_look, second_look
from tools.localization.functions import function_features
from tools.localization.fusion import Reason, explain, fuse, load_weights
from tools.localization.hierarchy import Hierarchy
from tools.localization.history import History
from tools.localization.index import Index
from tools.localization.lexis import terms_of
from tools.localization.modules import Modules
from tools.localization.objects import ObjectDatabase
from tools.localization.query import Query, build_query
from tools.localization.relations import Clues, Key
from tools.localization.rendering import render_map, render_skeleton

CANDIDATES = 30
FUNCTION_FILES = 12
MAX_FUNCTIONS = 200


@dataclass(frozen=True)
class RankedFile:
    """A file with its score (comparable within one ranking only) and why."""

    path: str
    score: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class RankedFunction:
    """A function, method or class: qualified name in its file, first and last line (1-based), score and why."""

    path: str
    name: str
    score: float
    start: int
    end: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Ranking:
    """Best first. `notes` say what degraded: files not indexed, a cache rebuilt, no history."""

    files: tuple[RankedFile, ...]
    functions: tuple[RankedFunction, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Looks:
    """Both looks at an issue, and the order after the first: file numbers with scores."""

    query: Query
    first: FirstLook
    second: SecondLook
    ranked: list[tuple[int, float]]


class Localizer:
    """Localizes issues at one commit.

    Blocking and CPU-bound: call it through `asyncio.to_thread`. One instance may be shared by threads.
    """

    def __init__(
        self,
        repository: Path,
        commit: str = "HEAD",
        *,
        cache: Path | None = None,
        history: Path | None = None,
        history_commit: str | None = None,
        workers: int | None = None,
    ) -> None:
        """Indexes `commit` of `repository`, from the cache where it can.

        Args:
            repository: a bare git directory, or a folder with a `.git`; only its object database is read.
            commit: any revision.
            cache: folder of the shared cache; the user's cache folder when None.
            history: another repository to read the past from (a squashed snapshot has none of its own).
            history_commit: the commit in `history`, `commit` when None; only its ancestors are read.
            workers: processes for cold files; one per core when None.

        Raises:
            InputError: no such repository or commit, or nothing to index in it.
            InfrastructureError: the cache folder cannot be used.
        """
        self._database = ObjectDatabase(repository)
        self.commit = self._database.resolve(commit)
        self._cache = Cache(cache or default_cache())
        self._workers = workers
        self.index = Index(self._database, self.commit, self._cache, workers=workers)
        past = ObjectDatabase(history) if history else self._database
        self._past = past, past.resolve(history_commit or commit) if history else self.commit
        self._lock = threading.RLock()

    @cached_property
    def _sources(self) -> Sources:
        modules = Modules(self.index)
        hierarchy = Hierarchy(self.index, modules)
        return Sources(self.index, modules, hierarchy, Bm25f(self.index, FieldWeights()), self._read_history())

    def _read_history(self) -> History | None:
        history = History(*self._past, self._cache)
        return history if len(history.commits) > 1 else None

    def rank(
        self,
        issue: Issue,
        *,
        coverage: Mapping[str, Mapping[int, float]] | None = None,
        embed: Embed | None = None,
        k: int | None = None,
    ) -> Ranking:
        """Ranks files, then functions in the best of them.

        Args:
            issue: from `tools.issues.parse_issue`.
            coverage: suspiciousness in [0, 1] by path and line, of failing tests.
            embed: texts to vectors, for one more signal on the best candidates.
            k: keep this many of each.
        """
        with self._lock:
            try:
                return self._rank(issue, coverage or {}, embed, k)
            except sqlite3.DatabaseError as error:
                self._rebuild(error)
                return self._rank(issue, coverage or {}, embed, k)

    def _rebuild(self, error: sqlite3.DatabaseError) -> None:
        self._cache.rebuild(str(error))
        self.index = Index(self._database, self.commit, self._cache, workers=self._workers)
        self.__dict__.pop("_sources", None)

    def _rank(
        self, issue: Issue, coverage: Mapping[str, Mapping[int, float]], embed: Embed | None, k: int | None
    ) -> Ranking:
        look = self._look(issue, coverage, embed)
        files = self._files(look, k)
        functions = self._functions(self._function_features(issue, look, files, coverage), k)
        notes = list(self.index.notes)
        if self._sources.history is None:
            notes.append("no history to learn from")
        return Ranking(tuple(files[:k]), tuple(functions[:k]), tuple(notes))

    def features(self, issue: Issue) -> tuple[dict[str, Features], dict[tuple[str, str, int], Features]]:
        """What the fusion weighs, for fitting: by path, and by path, name and first line of functions."""
        with self._lock:
            look = self._look(issue, {}, None)
            table = {self.index.files[n].path: look.first.table[n] | more for n, more in look.second.table.items()}
            functions = self._function_features(issue, look, self._files(look), {})
        named = {
            (self.index.files[number].path, name, start): features
            for (number, name, start), (_, features) in functions.items()
        }
        return table, named

    def _look(self, issue: Issue, coverage: Mapping[str, Mapping[int, float]], embed: Embed | None) -> _Looks:
        query = build_query(issue)
        first = first_look(issue, query, self._sources, coverage)
        weights = load_weights()["first"]
        scores = [(number, fuse(features, weights)) for number, features in first.table.items()]
        ranked = sorted(scores, key=lambda item: (-item[1], item[0]))
        second = second_look(issue, query, self._sources, first, ranked[:CANDIDATES])
        if embed:
            embedding_scores(issue, second, embed)
        return _Looks(query, first, second, ranked)

    def _files(self, look: _Looks, k: int | None = None) -> list[RankedFile]:
        """All files, best first; the first `k` with reasons."""
        weights = load_weights()["files"]
        history = look.first.history.message if look.first.history else {}
        scored = []
        for number, features in look.second.table.items():
            merged = look.first.table[number] | features
            scored.append((fuse(merged, weights), self.index.files[number].path, number, merged))
        scored.sort(key=lambda item: (-item[0], item[1]))
        files: list[RankedFile] = []
        for score, path, number, merged in scored:
            reasons: tuple[Reason, ...] = ()
            if k is None or len(files) < k:
                details = {name: look.first.details.get((name, number), "") for name in merged}
                details["history"] = history.get(path, "")
                reasons = explain(merged, weights, details)
            files.append(RankedFile(path, score, reasons))
        rest = look.ranked[CANDIDATES:]
        floor = files[-1].score - rest[0][1] if rest else 0.0
        return files + [RankedFile(self.index.files[number].path, floor + score, ()) for number, score in rest]

    def _function_features(
        self, issue: Issue, look: _Looks, files: list[RankedFile], coverage: Mapping[str, Mapping[int, float]]
    ) -> dict[Key, tuple[Chunk, Features]]:
        by_path = self.index.by_path
        numbered = [(by_path[file.path].number, file.score) for file in files[:FUNCTION_FILES]]
        spectrum = {by_path[path].number: lines for path, lines in coverage.items() if path in by_path}
        changed = self._changed(look, [file.path for file in files[:FUNCTION_FILES]])
        clues = Clues(look.first.evidence, look.first.lexical.idf, spectrum, changed, look.query)
        return function_features(issue, look.second, clues, numbered)

    def _changed(self, look: _Looks, paths: Sequence[str]) -> dict[tuple[int, str], float]:
        """Functions of `paths` that commits with messages like the issue changed."""
        past = look.first.history
        if self._sources.history is None or past is None:
            return {}
        known = self._sources.history.paths
        commits = {commit: score for commit, score in past.commits.items() if not set(paths).isdisjoint(known[commit])}
        changed = changed_functions(self._past[0], paths, commits)
        return {(self.index.by_path[path].number, name): score for (path, name), score in changed.items()}

    def _functions(self, table: dict[Key, tuple[Chunk, Features]], k: int | None) -> list[RankedFunction]:
        weights = load_weights()["functions"]
        scored = [
            (fuse(features, weights), self.index.files[chunk.number].path, chunk.definition, features)
            for chunk, features in table.values()
        ]
        scored.sort(key=lambda item: (-item[0], item[1], item[2].start))
        ranked: dict[tuple[str, str], RankedFunction] = {}
        for score, path, found, features in scored:
            if (path, found.name) not in ranked and len(ranked) < (
                k or MAX_FUNCTIONS
            ):  # one of a getter and its setter
                reasons = explain(features, weights, {})
                ranked[path, found.name] = RankedFunction(path, found.name, score, found.start, found.end, reasons)
        return list(ranked.values())

    def callees(self, functions: Sequence[RankedFunction], near: Collection[str], limit: int) -> list[Callee]:
        """What `functions` call and use, see `tools.localization.callees`."""
        with self._lock:
            return callees(self._sources.modules, functions, near, limit)

    def skeleton(self, path: str) -> str:
        """The file with bodies elided, definitions with their line numbers; InputError when there is no such file."""
        file = self.index.by_path.get(path)
        if file is None:
            raise InputError(
                f"{path} is not in the index", hint="check the spelling, or list files with `treewright map`"
            )
        return render_skeleton(self.index, file.number)

    def map(self, budget_tokens: int, ranking: Ranking | None = None, issue: Issue | None = None) -> str:
        """The repository for a model, in at most `budget_tokens` tokens of about four characters.

        With a ranking, its best files and functions in full signature first; without, the files that others use most.
        With an issue, also the variables of modules that it speaks of.
        """
        with self._lock:
            paths = [file.path for file in ranking.files] if ranking else self._central()
            focus = {(function.path, function.name) for function in ranking.functions[:40]} if ranking else set()
            if issue is not None:
                focus |= self._spoken_variables(issue, paths[:CANDIDATES])
            return render_map(self.index, paths, focus, budget_tokens)

    def _spoken_variables(self, issue: Issue, paths: Sequence[str]) -> set[tuple[str, str]]:
        """Names of at least two words at the top of modules, of which the issue has all words."""
        title, prose, *_, names = build_query(issue).fields
        spoken = title.keys() | prose.keys() | names.keys()
        numbers = [self.index.by_path[path].number for path in paths]
        return {
            (self.index.files[number].path, found.name)
            for number, tags in self.index.tags(numbers).items()
            for found in tags.definitions
            if found.kind == "variable" and "." not in found.name
            if len(parts := terms_of(found.name)[:-1]) > 1 and spoken.issuperset(parts)
        }

    def _central(self) -> list[str]:
        """Files by how many others import them."""
        counts = dict.fromkeys((file.number for file in self.index.files if not file.test), 0)
        tags = self.index.tags([file.number for file in self.index.files])
        for number, tag in tags.items():
            for item in tag.imports:
                for target in self._sources.modules.imported(number, item)[:2]:
                    if target in counts and target != number:
                        counts[target] += 1
        return [
            self.index.files[number].path
            for number in sorted(counts, key=lambda number: (-counts[number], self.index.files[number].path))
        ]

    def close(self) -> None:
        """Closes the cache."""
        self._cache.close()


def default_cache() -> Path:
    """The folder of the cache all runs share."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("treewright"))
