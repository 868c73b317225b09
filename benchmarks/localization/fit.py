"""Fits the fusion weights on what `evaluate.py --features` wrote, and cross-validates them over whole repositories.

Listwise logistic regression: the loss of an instance is `-log softmax(scores)[gold]`, plus `l2 * |w - prior|^2` with
the weights written down before any fitting as the prior. Signals of evidence may not weigh negatively. Needs numpy and
scipy.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

PRIOR = Path(__file__).with_name("prior.json")
WEIGHTS = Path(__file__).parents[2] / "tools" / "localization" / "weights.json"
CUTS = {"files": (1, 3, 5, 10, 20), "functions": (1, 5, 10, 20)}
UNFITTED = ("coverage", "embedding")
MISSING = 10_000


@dataclass(frozen=True)
class Example:
    """One instance: candidates x signals, which candidates are gold, and how many gold ones there are in all."""

    repository: str
    split: str
    signals: np.ndarray
    gold: np.ndarray
    wanted: int


def load(paths: Sequence[Path], stage: str) -> tuple[list[str], list[Example]]:
    """The names of the signals and the examples of one stage."""
    rows = []
    for line in (line for path in paths for line in path.open()):
        item = json.loads(line)
        if stage == "files":
            features = list(item["file_features"].values())
            gold = [name in item["gold_files"] for name in item["file_features"]]
            wanted = len(item["gold_files"])
        else:
            features = [values for *_, values in item["function_features"]]
            gold = [[path, name] in item["gold_functions"] for path, name, _ in item["function_features"]]
            wanted = len(item["gold_functions"])
        if wanted:
            rows.append((item["repository"], item["split"], features, gold, wanted))
    names = sorted({name for _, _, features, _, _ in rows for feature in features for name in feature} - {*UNFITTED})
    examples = [
        Example(repository, split, _matrix(features, names), np.array(gold, dtype=float), wanted)
        for repository, split, features, gold, wanted in rows
    ]
    return names, examples


def _matrix(features: Sequence[Mapping[str, float]], names: Sequence[str]) -> np.ndarray:
    return np.array([[feature.get(name, 0.0) for name in names] for feature in features]).reshape(-1, len(names))


def fit(
    names: Sequence[str],
    examples: Sequence[Example],
    prior: Mapping[str, float],
    free: set[str],
    l2: float,
    past: float = 1.0,
) -> np.ndarray:
    """The weights of least loss; signals not in `free` stay at or above zero, and a past commit counts `past`."""
    usable = [example for example in examples if example.gold.any()]
    signals = np.concatenate([example.signals for example in usable])
    wanted = np.concatenate([example.gold / example.gold.sum() for example in usable])
    sizes = np.array([len(example.gold) for example in usable])
    starts, owner = np.cumsum(sizes) - sizes, np.repeat(np.arange(len(usable)), sizes)
    share = np.array([past if example.split == "past" else 1.0 for example in usable])
    counts = (share / share.sum())[owner]
    start = np.array([prior.get(name, 0.0) for name in names])
    bounds = [(None, None) if name in free else (0.0, None) for name in names]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = signals @ weights
        scores -= np.maximum.reduceat(scores, starts)[owner]
        odds = np.exp(scores)
        sums = np.add.reduceat(odds, starts)
        away = weights - start
        total = l2 * float(away @ away) - float((counts * wanted) @ (scores - np.log(sums)[owner]))
        return total, 2 * l2 * away - signals.T @ (counts * (wanted - odds / sums[owner]))

    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 300}).x)


def rank(example: Example, weights: np.ndarray) -> int:
    """The rank of the last gold candidate, ties counted against it; `MISSING` when one is not among the candidates."""
    if example.gold.sum() < example.wanted:
        return MISSING
    scores = example.signals @ weights
    return int((scores >= scores[example.gold > 0].min()).sum())


def left_out(
    names: Sequence[str],
    examples: Sequence[Example],
    prior: Mapping[str, float],
    free: set[str],
    l2: float,
    past: float = 1.0,
) -> list[int]:
    """The rank in each example with the weights fitted on all other repositories."""
    weights = {
        repository: fit(names, [e for e in examples if e.repository != repository], prior, free, l2, past)
        for repository in sorted({example.repository for example in examples})
    }
    return [rank(example, weights[example.repository]) for example in examples]


def shown(examples: Sequence[Example], ranks: Sequence[int], stage: str) -> str:
    """Accuracy per split."""
    parts = []
    for split in sorted({example.split for example in examples}):
        mine = [found for example, found in zip(examples, ranks, strict=True) if example.split == split]
        parts.append(f"{split}: " + " / ".join(f"{100 * np.mean([r <= cut for r in mine]):.1f}" for cut in CUTS[stage]))
    return "; ".join(parts)


def main() -> None:
    """Fits one stage, prints the fit, the cross-validation and, with `--ablate`, each signal's worth."""
    parser = argparse.ArgumentParser(description="Fit the fusion weights.")
    parser.add_argument("features", type=Path)
    parser.add_argument("--past", type=Path, action="append", default=[], help="more examples, of `past.py`")
    parser.add_argument("--stage", choices=sorted(CUTS), required=True)
    parser.add_argument("--l2", type=float, default=0.01)
    parser.add_argument("--past-share", type=float, default=1.0, help="how much a past commit counts")
    parser.add_argument("--ablate", action="store_true")
    parser.add_argument("--write", action="store_true", help="put the weights into tools/localization/weights.json")
    options = parser.parse_args()
    given = json.loads(PRIOR.read_text())
    prior, free = given["weights"][options.stage], set(given["free"])
    names, examples = load([options.features, *options.past], options.stage)
    weights = fit(names, examples, prior, free, options.l2, options.past_share)
    apart = left_out(names, examples, prior, free, options.l2, options.past_share)
    hand = np.array([prior.get(name, 0.0) for name in names])
    print("prior           ", shown(examples, [rank(example, hand) for example in examples], options.stage))
    print("fitted on all   ", shown(examples, [rank(example, weights) for example in examples], options.stage))
    print("repository apart", shown(examples, apart, options.stage))
    for name, weight in sorted(zip(names, weights, strict=True), key=lambda item: -abs(item[1])):
        print(f"  {weight:+6.2f}  {name}")
    for name in names if options.ablate else ():
        rest = [index for index, other in enumerate(names) if other != name]
        without = [Example(e.repository, e.split, e.signals[:, rest], e.gold, e.wanted) for e in examples]
        others = [names[index] for index in rest]
        ranks = left_out(others, without, prior, free, options.l2, options.past_share)
        print(f"without {name:<20}", shown(examples, ranks, options.stage))
    if options.write:
        content = json.loads(WEIGHTS.read_text())
        kept = {name: content["weights"][options.stage].get(name, prior.get(name, 0.0)) for name in UNFITTED}
        fitted = {
            name: round(float(weight), 4) for name, weight in zip(names, weights, strict=True) if abs(weight) > 5e-4
        }
        content["weights"][options.stage] = dict(sorted((kept | fitted).items()))
        WEIGHTS.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
