"""The grid of candidates and tests: what each test did before, and what it did on each candidate."""

from agent.store.records import NodeRecord
from agent.viewer.matrix import matrix, verdicts


def candidate(name: str, value: float, **statuses: dict[str, str]) -> NodeRecord:
    return NodeRecord(
        name, "root", "patch", 1, value=value, evaluation={"regressions_run": True, "broken": [], **statuses}
    )


def test_what_was_written_stands_beside_the_targets_with_what_it_did_before() -> None:
    node = candidate(
        "a", 1.0, targets={"new": "passed"}, controls={"still": "failed"}, distinguishing={"apart": "passed"}
    )
    assert [(each.test, each.before, each.after) for each in verdicts(node, {"old": "passed"})] == [
        ("new", "failed", "passed"),
        ("still", "passed", "failed"),
        ("apart", "failed", "passed"),
        ("old", "passed", "passed"),
    ]


def test_the_best_candidate_comes_first_and_every_written_test_is_a_column() -> None:
    nodes = [
        candidate("worse", 0.5, targets={"new": "passed"}, controls={"still": "failed"}),
        candidate("better", 1.0, targets={"new": "passed"}, controls={"still": "passed"}),
    ]
    grid = matrix(nodes, {})
    assert grid.tests == ("new", "still")
    assert [(node.id, [cell.after for cell in cells]) for node, cells in grid.rows] == [
        ("better", ["passed", "passed"]),
        ("worse", ["passed", "failed"]),
    ]
