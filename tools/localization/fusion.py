"""A linear model over named signals: the score of a file or function is the sum of its contributions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

Stage = Literal["first", "files", "functions"]
WEIGHTS = Path(__file__).with_name("weights.json")


@dataclass(frozen=True)
class Reason:
    """What one signal adds to a score, and what it saw."""

    signal: str
    contribution: float
    detail: str = ""


@cache
def load_weights(path: Path = WEIGHTS) -> Mapping[Stage, Mapping[str, float]]:
    """The weights of the three stages; how they were fitted is written in the file and in docs/localization.md."""
    stages: Mapping[Stage, Mapping[str, float]] = json.loads(path.read_text())["weights"]
    return stages


def fuse(features: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """The weighted sum; signals without a weight do not count."""
    weigh = weights.get
    return sum([weigh(name, 0.0) * value for name, value in features.items() if value])


def explain(
    features: Mapping[str, float], weights: Mapping[str, float], details: Mapping[str, str]
) -> tuple[Reason, ...]:
    """The contributions that are not nothing, the largest first."""
    reasons = [
        Reason(name, weights[name] * value, details.get(name, ""))
        for name, value in features.items()
        if weights.get(name) and abs(weights[name] * value) >= 0.005
    ]
    return tuple(sorted(reasons, key=lambda reason: (-abs(reason.contribution), reason.signal)))
