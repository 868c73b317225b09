"""What the store holds, as plain frozen rows for whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True)
class RunRecord:
    """One run of a design on a task; times are seconds since the epoch."""

    id: str
    created: float
    task: Json
    config: Json
    status: str = "running"
    outcome: Json | None = None
    versions: Json = field(default_factory=dict)
    finished: float | None = None


@dataclass(frozen=True)
class NodeRecord:
    """One node of the search tree.

    Attributes:
        id: deterministic in the run (from parent, kind and ordinal).
        parent: id of the parent, None for the root.
        kind: root, strategy, patch, repair or test.
        depth: edges from the root.
        snapshot: commit of the state it owns; "" when it has none.
        strategy: the strategy it follows, in full; "" when it has none.
        title: one line for a person.
        value: score in [0, 1], None while unknown.
        status: what became of it.
        evaluation: what running said.
        critique: what the critic said.
        cost: US dollars spent on its behalf.
        seconds: time it took.
        data: whatever else belongs to it.
        created: seconds since the epoch.
    """

    id: str
    parent: str | None
    kind: str
    depth: int
    snapshot: str = ""
    strategy: str = ""
    title: str = ""
    value: float | None = None
    status: str = ""
    evaluation: Json | None = None
    critique: Json | None = None
    cost: float = 0.0
    seconds: float = 0.0
    data: Json = field(default_factory=dict)
    created: float = 0.0


@dataclass(frozen=True)
class CallRecord:
    """One call of a model, all its tries and re-asks together.

    Attributes:
        scope: the node it was made for.
        role: which role of the agent asked.
        model: full name of the model.
        fingerprint: identity of the request without its scope.
        ordinal: how many equal requests of this scope and role came before.
        request: everything but the messages.
        messages: content hashes of the messages, in order; `Store.message` has the texts.
        response: the answer, None when the call failed.
        error: `kind` and `message` of the failure, None when it succeeded.
        prompt: tokens read, `cached` of them from the provider's prompt cache.
        completion: tokens written.
        estimated: the provider did not count the tokens.
        cost: US dollars.
        seconds: from question to answer.
        source: live, cache or replay.
        tries: requests made to the provider.
    """

    scope: str
    role: str
    model: str
    fingerprint: str
    ordinal: int
    request: Json
    messages: tuple[str, ...] = ()
    response: Json | None = None
    error: Json | None = None
    prompt: int = 0
    completion: int = 0
    cached: int = 0
    estimated: bool = False
    cost: float = 0.0
    seconds: float = 0.0
    source: str = "live"
    tries: int = 1
    created: float = 0.0


@dataclass(frozen=True)
class ExecutionRecord:
    """One finished command in a sandbox; keyed like a call."""

    scope: str
    fingerprint: str
    ordinal: int
    kind: str
    command: Json
    result: Json
    report: bytes | None = None
    seconds: float = 0.0
    created: float = 0.0


@dataclass(frozen=True)
class DecisionRecord:
    """One decision of the search: what was chosen and why."""

    seq: int
    kind: str
    data: Json
    created: float


@dataclass(frozen=True)
class EventRecord:
    """Something that happened, for live readers; `seq` grows by one within a run."""

    seq: int
    kind: str
    data: Json
    created: float


@dataclass(frozen=True)
class SteeringRecord:
    """One order of a person.

    Attributes:
        seq: grows by one within a run.
        command: one of `agent.store.steering.COMMANDS`.
        node: the node it is about; "" for the whole run.
        text: comment or hint; "" when there is none.
        created: seconds since the epoch.
        applied: expansions begun and ended when the engine obeyed; None when it did not yet.
        note: what came of it.
    """

    seq: int
    command: str
    node: str
    text: str
    created: float
    applied: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Spend:
    """What the calls of a run cost so far, failed ones included.

    Attributes:
        usd: US dollars.
        prompt: tokens read; `cached` of them were served by a provider's prompt cache.
        completion: tokens written.
        calls: how many calls; `failed` of them had no usable answer.
        estimated: some counts come from the lengths of texts.
        reused: calls besides these that an answer of an earlier run served.
    """

    usd: float = 0.0
    prompt: int = 0
    completion: int = 0
    cached: int = 0
    calls: int = 0
    failed: int = 0
    estimated: bool = False
    reused: int = 0

    @property
    def tokens(self) -> int:
        """Tokens read and written."""
        return self.prompt + self.completion

    @property
    def cached_share(self) -> float:
        """Share of the tokens read that a prompt cache served, in [0, 1]."""
        return self.cached / self.prompt if self.prompt else 0.0
