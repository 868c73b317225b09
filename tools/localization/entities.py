"""Places an issue names outright: paths, stack frames, dotted names, imports, names the repository defines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tools.issues import Frame, Issue
from tools.issues.segments import strip_prompts
from tools.localization.hierarchy import Hierarchy
from tools.localization.index import Index
from tools.localization.lexis import STOPWORDS, terms_of
from tools.localization.modules import Modules
from tools.localization.paths import is_vendored
from tools.localization.snippets import uses

MAX_DEFINERS = 40
MAX_POINTED = 100
IN_CODE = 0.6


@dataclass
class Evidence:
    """Per signal: file number -> strength, with a detail for the explanation.

    `places` are `(file number, definition name) -> strength`, for the ranking of functions; so are `used`, the members
    that a snippet uses on objects of known class, and `kin`, the classes that named classes inherit from.
    """

    scores: dict[str, dict[int, float]] = field(default_factory=dict)
    details: dict[tuple[str, int], str] = field(default_factory=dict)
    places: dict[tuple[int, str], float] = field(default_factory=dict)
    lines: dict[int, dict[int, float]] = field(default_factory=dict)
    used: dict[tuple[int, str], float] = field(default_factory=dict)
    kin: dict[tuple[int, str], float] = field(default_factory=dict)

    def add(self, signal: str, number: int, strength: float, detail: str) -> None:
        """Adds strength; the first detail is kept."""
        scores = self.scores.setdefault(signal, {})
        scores[number] = scores.get(number, 0.0) + strength
        self.details.setdefault((signal, number), detail)

    def raise_to(self, signal: str, number: int, strength: float, detail: str) -> None:
        """Keeps the greatest strength."""
        scores = self.scores.setdefault(signal, {})
        scores[number] = max(scores.get(number, 0.0), strength)
        self.details.setdefault((signal, number), detail)


def gather(issue: Issue, index: Index, modules: Modules, hierarchy: Hierarchy) -> Evidence:
    """All explicit evidence in an issue."""
    evidence = Evidence()
    _frames(issue, modules, evidence)
    _pointed(issue, modules, evidence)
    _paths(issue, modules, evidence)
    _dotted(issue, index, modules, evidence)
    _imports(issue, index, modules, evidence)
    _defined(issue, index, evidence)
    _error_codes(issue, index, evidence)
    _stems(issue, index, evidence)
    _classes(issue, hierarchy, evidence)
    _uses(issue, hierarchy, evidence)
    return evidence


def _frames(issue: Issue, modules: Modules, evidence: Evidence) -> None:
    inside = []
    for frame in issue.frames:
        number = _source(frame.path, modules)
        if number is None:
            number = _moved(frame, modules)
        if number is not None and not is_vendored(modules.index.files[number].path):
            inside.append((frame, number))
    files = {number for _, number in inside}
    if len(files) == 1:
        evidence.raise_to("sole_frame", files.pop(), 1.0, "every frame of the repository")
    for distance, (frame, number) in enumerate(reversed(inside)):
        detail = f"{frame.path.rpartition('/')[2]}:{frame.line} in {frame.function}"
        evidence.raise_to("frame", number, 1 / (1 + distance), detail)
        evidence.raise_to("in_trace", number, 1.0, detail)
        if distance == 0:
            evidence.add("last_frame", number, 1.0, detail)
        name = frame.function.rpartition(".")[2]
        place = (number, name)
        evidence.places[place] = max(evidence.places.get(place, 0.0), 1 / (1 + distance))
        evidence.lines.setdefault(number, {}).setdefault(frame.line, 1 / (1 + distance))


def _moved(frame: Frame, modules: Modules) -> int | None:
    """The file that alone defines the function of a frame whose own file is gone from its package."""
    name = frame.function.rpartition(".")[2]
    if len(name) < 4 or name.startswith(("__", "<")) or not modules.in_package(frame.path):
        return None
    definers = [number for number in modules.index.defining(name) if not modules.index.files[number].test]
    return definers[0] if len(definers) == 1 else None


def _source(path: str, modules: Modules) -> int | None:
    """The file outside tests that `path` means, when that is clear."""
    matches = [(number, shared) for number, shared in modules.path(path) if not modules.index.files[number].test]
    return matches[0][0] if matches and (matches[0][1] > 1 or len(matches) == 1) else None


def _pointed(issue: Issue, modules: Modules, evidence: Evidence) -> None:
    """Lines that a person points at."""
    for place in issue.places:
        number = _source(place.path, modules)
        if number is not None:
            evidence.raise_to("pointed", number, 1.0, f"{place.path.rpartition('/')[2]}:{place.first}")
            lines = evidence.lines.setdefault(number, {})
            lines.update(dict.fromkeys(range(place.first, min(place.last, place.first + MAX_POINTED) + 1), 1.0))


def _paths(issue: Issue, modules: Modules, evidence: Evidence) -> None:
    framed = {frame.path for frame in issue.frames}
    for path in issue.paths:
        if path in framed:
            continue
        matches = modules.path(path)
        for number, shared in matches:
            evidence.add("path", number, min(shared, 3) / 3 / len(matches), path)


def _dotted(issue: Issue, index: Index, modules: Modules, evidence: Evidence) -> None:
    names = list(issue.dotted_names) + [f"{module}.{name}" if name else module for module, name in issue.imports]
    said = set(issue.said_names)
    for name in dict.fromkeys(names):
        homes, rest = modules.dotted(name)
        specific = "." in name
        for number in homes if specific and len(homes) <= 4 else ():
            signal = "module" if not rest else "dotted" if name in said else "dotted_code"
            evidence.add(signal, number, 1 / len(homes), name)
            if rest:
                strength = (1.0 if name in said else IN_CODE) / len(homes)
                evidence.places[number, rest] = max(evidence.places.get((number, rest), 0.0), strength)
        if not homes and "." in name:
            _owner_and_member(name, index, evidence)


def _owner_and_member(name: str, index: Index, evidence: Evidence) -> None:
    """`Class.method` by the definitions alone."""
    owner, _, member = name.rpartition(".")
    owner = owner.rpartition(".")[2]
    if owner in {"self", "cls", "super"}:
        return
    both = [number for number in index.defining(member) if number in set(index.defining(owner))]
    for number in both if len(both) <= 4 else ():
        evidence.add("member", number, 1 / len(both), name)
        evidence.places[number, f"{owner}.{member}"] = 1 / len(both)


def _imports(issue: Issue, index: Index, modules: Modules, evidence: Evidence) -> None:
    for module, name in issue.imports:
        if name and name != "*":
            definers = set(index.defining(name))
            homes = (
                [number for number in modules.named(module, name) if number in definers]
                if modules.module(module)
                else []
            )
            for number in homes if len(homes) <= 3 else ():
                evidence.add("import", number, 1 / len(homes), f"from {module} import {name}")


def _defined(issue: Issue, index: Index, evidence: Evidence) -> None:
    own = issue.defined_names
    shaped = {name for name in (*issue.identifiers, *issue.code_names) if name not in own}
    titled = set(_identifiers(issue.title, 1))
    dotted = {part for name in issue.said_names for part in name.split(".")[-2:]} - own
    framed = [frame.source for frame in issue.frames[-1:]]
    snippet = {*_identifiers(issue.field("code")), *_identifiers(" ".join(framed))} - own
    for signal, names in (
        ("defines_title", titled & (shaped | dotted)),
        ("defines_title_word", titled - shaped - dotted),
        ("defines", shaped - titled),
        ("defines_dotted", dotted - titled),
        ("defines_snippet", snippet - shaped - dotted),
    ):
        for name in sorted(names):
            if name.lower() in STOPWORDS or (len(name) < 3 and not (name[0].isupper() and name in shaped)):
                continue
            definers = _definers(index, name)
            for number in definers if len(definers) <= MAX_DEFINERS else ():
                evidence.add(signal, number, len(definers) ** -0.75, name)
                if _EXCEPTION.search(name) and signal != "defines_snippet":
                    evidence.add("defines_error", number, len(definers) ** -0.75, name)
                if signal != "defines_snippet":
                    place = (number, name)
                    evidence.places[place] = max(evidence.places.get(place, 0.0), 1 / len(definers))


def _definers(index: Index, name: str) -> list[int]:
    """The source files that define `name`, or its plural or singular."""
    for spelled in (name, name + "s", name.removesuffix("s")):
        if found := [number for number in index.defining(spelled) if not index.files[number].test]:
            return found
    return []


def _classes(issue: Issue, hierarchy: Hierarchy, evidence: Evidence) -> None:
    """What the classes that the issue names inherit from."""
    own = issue.defined_names
    title = set(_identifiers(issue.title, 1))
    said = {*issue.code_names, *issue.identifiers} | {part for name in issue.said_names for part in name.split(".")}
    named = dict.fromkeys(sorted(set(_identifiers(issue.field("code"))) - own), 0.4)
    named |= dict.fromkeys(sorted(said - own), 0.7) | dict.fromkeys(sorted(title - own), 1.0)
    for name, strength in named.items():
        homes = hierarchy.classes(name) if name[:1].isupper() else []
        for home in homes:
            for above in hierarchy.ancestors(home):
                share = strength * 0.7 ** (above.distance - 1) / len(homes)
                evidence.raise_to("ancestor", above.number, share, f"{name} is a {above.name}")
                key = (above.number, above.name)
                evidence.kin[key] = max(evidence.kin.get(key, 0.0), share)


def _uses(issue: Issue, hierarchy: Hierarchy, evidence: Evidence) -> None:
    """Members that snippets use on objects of known class, where the class or its bases define them."""
    code = strip_prompts(issue.field("code"))
    for use in uses(code):
        homes = hierarchy.classes(use.owner)
        for home in homes:
            found = hierarchy.member(home, use.member)
            if found is not None:
                evidence.raise_to("used", found.number, 1 / len(homes), f"{use.owner}.{use.member}")
                key = (found.number, found.name)
                evidence.used[key] = max(evidence.used.get(key, 0.0), 1 / len(homes))


def _error_codes(issue: Issue, index: Index, evidence: Evidence) -> None:
    """Files that hold the codes of checks and messages, such as `models.E028`, as strings or names."""
    for code in issue.error_codes:
        terms = terms_of(code.rpartition(".")[2].replace("-", ""))
        holders = sorted(number for number in index.holders(terms[-1]) if not index.files[number].test) if terms else []
        for number in holders if len(holders) <= MAX_DEFINERS else ():
            evidence.add("error_code", number, len(holders) ** -0.5, code)
            if code in issue.title:
                evidence.add("error_code_title", number, len(holders) ** -0.5, code)


def _stems(issue: Issue, index: Index, evidence: Evidence) -> None:
    """Files whose name is a word of the title or the prose."""
    title = {word.lower() for word in _identifiers(issue.title)}
    prose = {word.lower() for word in _identifiers(issue.field("prose"))} | {name.lower() for name in issue.code_names}
    for signal, words in (("stem_title", title), ("stem_prose", prose)):
        meant = words | {word + "s" for word in words} | {word[:-1] for word in words if word.endswith("s")}
        for stem in sorted(meant & index.by_stem.keys() - STOPWORDS):
            for number in index.by_stem[stem] if len(stem) > 2 else ():
                evidence.add(signal, number, 1.0, stem)


def _identifiers(text: str, shortest: int = 2) -> list[str]:
    return [word for word in _WORD.findall(text) if len(word) >= shortest]


_EXCEPTION = re.compile(r"(?:Error|Exception|Warning|Exit|DoesNotExist)$")
_WORD = re.compile(r"[^\W\d]\w*")
