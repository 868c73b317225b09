import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.model.limiter import AdaptiveLimiter


class Clock:
    def __init__(self):
        self.now = 0.0

    async def sleep(self, seconds):
        self.now += seconds
        await asyncio.sleep(0)

    def __call__(self):
        return self.now


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.lists(st.booleans(), max_size=60))
def test_never_more_than_the_limit_and_everyone_gets_through(most: int, complaints: list[bool]) -> None:
    async def scenario() -> None:
        clock = Clock()
        limiter = AdaptiveLimiter(most, sleep=clock.sleep, clock=clock)
        active = done = 0

        async def request(complains: bool) -> None:
            nonlocal active, done
            async with limiter.slot() as epoch:
                active += 1
                assert active <= most
                await asyncio.sleep(0)
                active -= 1
                if complains:
                    limiter.complain(epoch, 5.0)
                else:
                    limiter.succeed()
            done += 1

        await asyncio.wait_for(asyncio.gather(*map(request, complaints)), 20)
        assert done == len(complaints)
        assert 1 <= limiter.limit <= most

    asyncio.run(scenario())


async def test_complaints_of_one_moment_halve_once_and_success_recovers() -> None:
    clock = Clock()
    limiter = AdaptiveLimiter(8, sleep=clock.sleep, clock=clock)
    async with limiter.slot() as first, limiter.slot() as second:
        limiter.complain(first, 3.0)
        limiter.complain(second, 7.0)
    assert limiter.limit == 4
    async with limiter.slot() as later:
        assert clock.now == 7.0  # the longest wait that was named
        limiter.complain(later, 0.0)
    assert limiter.limit == 2
    for _ in range(100):
        limiter.succeed()
    assert limiter.limit == 8


async def test_a_cancelled_request_gives_its_place_back() -> None:
    limiter = AdaptiveLimiter(1)

    async def hold() -> None:
        async with limiter.slot():
            await asyncio.sleep(60)

    holder, waiter = asyncio.create_task(hold()), asyncio.create_task(hold())
    await asyncio.sleep(0)
    waiter.cancel()
    holder.cancel()
    await asyncio.gather(holder, waiter, return_exceptions=True)
    async with asyncio.timeout(5), limiter.slot():
        pass
