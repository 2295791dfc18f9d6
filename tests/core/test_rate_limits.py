import asyncio
import logging
import time

import pytest
from pytest_django import Settings

from apps.core import limits, rate_limits
from apps.core.rate_limits import LocalCounter, Rate, TooManyRequestsError, check, parse_rate
from tests.support.services import freeze, private_redis, thaw


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    rate_limits.local_counter.clear()
    monkeypatch.setattr("apps.core.rate_limits._redis_pause.until", 0.0)


async def hits(number: int, rate: str, identity: str = "user:1") -> list[bool]:
    """Ask so many times and tell which were let through."""
    results = []
    for _ in range(number):
        try:
            await check("test", identity, rate)
        except TooManyRequestsError:
            results.append(False)
        else:
            results.append(True)
    return results


@pytest.mark.parametrize("text", ["", "10", "10/week", "0/minute", "-1/minute", "x/minute"])
def test_a_limit_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="600/minute"):
        parse_rate(text)


async def test_lets_the_limit_through_at_once_and_refuses_the_next() -> None:
    assert await hits(4, "3/hour") == [True, True, True, False]


async def test_tells_where_the_caller_stands() -> None:
    first = await check("test", "user:1", "3/hour")
    assert (first.is_allowed, first.remaining, first.retry_after_seconds) == (True, 2, 0)
    assert limits.headers([first.limit]) == {
        "RateLimit-Policy": '"test";q=3;w=3600',
        "RateLimit": f'"test";r=2;t={first.reset_after_seconds}',
    }
    assert first.reset_after_seconds == 1200
    await hits(2, "3/hour")
    with pytest.raises(TooManyRequestsError) as caught:
        await check("test", "user:1", "3/hour")
    assert caught.value.code == "rate_limited"
    assert 1199 <= (caught.value.retry_after_seconds or 0) <= 1200
    assert caught.value.status.remaining == 0


async def test_callers_and_scopes_do_not_share_a_limit() -> None:
    assert await hits(2, "1/hour") == [True, False]
    assert await hits(1, "1/hour", identity="user:2") == [True]
    await check("other", "user:1", "1/hour")


async def test_requests_at_the_same_moment_pass_no_more_than_the_limit() -> None:
    results = await asyncio.gather(*(hits(5, "10/hour") for _ in range(10)))
    assert sum(map(sum, results)) == 10


async def test_room_comes_back_one_by_one() -> None:
    counter = LocalCounter()
    rate = Rate(limit=2, seconds=10)
    allowed = [counter.count("k", rate, now=now)[0] for now in (0, 0, 0, 4999, 5000, 5001, 15_000)]
    assert allowed == [1, 1, 0, 0, 1, 0, 1]


async def test_the_local_counter_says_the_same_as_redis() -> None:
    counter = LocalCounter()
    now = time.time() * 1000
    local = [counter.count("k", Rate(3, 3600), now=now) for _ in range(4)]
    remote = [await rate_limits.count("same", "user:1", Rate(3, 3600)) for _ in range(4)]
    assert [(bool(row[0]), row[1]) for row in local] == [
        (status.is_allowed, status.remaining) for status in remote
    ]


def test_the_local_counter_is_bounded() -> None:
    counter = LocalCounter()
    for number in range(rate_limits.MAX_LOCAL_CALLERS + 50):
        counter.count(str(number), Rate(1, 60), now=0)
    assert len(counter) == rate_limits.MAX_LOCAL_CALLERS


async def test_without_redis_people_go_on_under_a_local_limit(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert await hits(3, "2/hour") == [True, True, False]
    events = [record.getMessage() for record in caplog.records]
    assert events == ["RATE_LIMIT_WITHOUT_REDIS"]


@pytest.mark.fault
async def test_a_redis_that_hangs_delays_one_request_and_not_the_next(settings: Settings) -> None:
    with private_redis() as server:
        settings.REDIS_URL = server.url
        await check("test", "user:1", "10/hour")
        freeze(server)
        try:
            started = time.monotonic()
            await check("test", "user:1", "10/hour")
            first = time.monotonic() - started
            await hits(5, "10/hour")
            rest = time.monotonic() - started - first
        finally:
            thaw(server)
    assert first < 2
    assert rest < 0.3
