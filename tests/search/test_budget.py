import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.budget import Amount, Budget, BudgetExceeded

amounts = st.builds(
    Amount, usd=st.floats(0, 0.5, allow_subnormal=False), tokens=st.integers(0, 50), nodes=st.integers(0, 3)
)
steps = st.lists(st.tuples(st.sampled_from(["reserve", "settle", "break"]), amounts, st.integers(0, 5)), max_size=60)


@given(steps, st.floats(0, 2), st.integers(0, 200), st.integers(0, 9))
def test_no_interleaving_goes_over_a_limit(steps, usd, tokens, nodes) -> None:
    top = Budget(usd=usd, tokens=tokens)
    parts = [top.child(nodes=nodes), top.child(usd=usd / 2), top]
    held = []
    for what, amount, pick in steps:
        if what == "reserve":
            try:
                held.append((parts[pick % 3].reserve(amount), amount))
            except BudgetExceeded:
                continue
        elif held:
            reservation, estimate = held.pop(pick % len(held))
            if what == "settle":
                reservation.settle(Amount(estimate.usd * pick / 5, estimate.tokens * pick // 5, estimate.nodes))
                reservation.settle(Amount(usd=100.0))
            else:
                with reservation:
                    pass
        assert top.spent.usd <= usd + 1e-9
        assert top.spent.tokens <= tokens
        assert parts[0].spent.nodes <= nodes
        assert parts[1].spent.usd <= usd / 2 + 1e-9
    for reservation, _ in held:
        reservation.settle()
    assert top.remaining().usd == pytest.approx(max(0.0, usd - top.spent.usd), abs=2e-9)
    assert top.spent.tokens >= parts[0].spent.tokens


def test_money_adds_up_exactly() -> None:
    budget = Budget(usd=0.7)
    for _ in range(10):
        budget.reserve(Amount(usd=0.07)).settle(Amount(usd=0.07))
    assert budget.spent.usd == 0.7
    with pytest.raises(BudgetExceeded, match="usd") as refusal:
        budget.reserve(Amount(usd=1e-6))
    assert (refusal.value.kind, refusal.value.limit, refusal.value.spent) == ("usd", 0.7, 0.7)


def test_what_broke_is_charged_in_full() -> None:
    budget = Budget(usd=1.0)

    def call() -> None:
        with budget.reserve(Amount(usd=0.6)):
            raise ConnectionError

    with pytest.raises(ConnectionError):
        call()
    assert budget.spent.usd == 0.6
    with pytest.raises(BudgetExceeded):
        budget.reserve(Amount(usd=0.6))


def test_time_runs_for_children_too_and_goes_on_after_a_resume() -> None:
    now = [100.0]
    budget = Budget(seconds=10, elapsed=4, spent=Amount(tokens=7), tokens=10, clock=lambda: now[0])
    child = budget.child(tokens=100, seconds=60)
    assert child.remaining().seconds == 6
    assert child.remaining().tokens == 3
    now[0] = 107.0
    assert child.remaining().seconds == 0
    with pytest.raises(BudgetExceeded, match="seconds"):
        child.reserve(Amount())


def test_an_amount_is_not_negative() -> None:
    with pytest.raises(ValueError, match="not negative"):
        Budget().reserve(Amount(usd=-1))
    with pytest.raises(ValueError, match="finite"):
        Budget().reserve(Amount(usd=float("inf")))
