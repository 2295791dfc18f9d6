"""Stop reaches the model server, whatever the call is just doing; counted from its side."""

import asyncio
import itertools
from contextlib import suppress

import pytest

from apps.llm.gateway.contract import ChatGateway, TextBatch
from tests.llm.conftest import make_request, open_gateway, until
from tests.support.upstream import ScriptedUpstream

PHASES = {
    "before the head": "[[hang]]",
    "before the first text": "[[silence]]",
    "between comments": "[[keepalive keepalive=0.002]]",
    "in a stall": "[[stall after=3]]",
    "in mid-stream": "[[stream tokens=1000 rate=100]]",
    "in a flood": "[[endless]]",
    "before a retry": "[[status status=429 retry_after=5]]",
}
CALLS = 200
PATIENT: dict[str, float] = {
    "connect_timeout_seconds": 60.0,
    "first_token_timeout_seconds": 60.0,
    "idle_timeout_seconds": 60.0,
    "retry_reserve": CALLS,
}


async def follow(gateway: ChatGateway, directive: str, begun: asyncio.Event) -> None:
    async for event in gateway.stream(make_request(directive)):
        if isinstance(event, TextBatch):
            begun.set()


@pytest.mark.parametrize("after_turns", [0, 1, 5, 40])
async def test_a_cancelled_task_leaves_no_connection_at_any_moment(
    upstream: ScriptedUpstream, after_turns: int
) -> None:
    directives = itertools.cycle(PHASES.values())
    async with open_gateway(upstream.base_url, **PATIENT) as gateway:
        for _ in range(CALLS // 20):
            tasks = [
                asyncio.create_task(follow(gateway, next(directives), asyncio.Event()))
                for _ in range(20)
            ]
            for _ in range(after_turns):
                await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(result, asyncio.CancelledError) for result in results)
        assert await until(upstream, lambda book: book.running == 0, seconds=1.0)
    assert await until(upstream, lambda book: book.open_connections == 0, seconds=1.0)


@pytest.mark.parametrize("directive", PHASES.values(), ids=PHASES.keys())
async def test_two_hundred_stops_all_arrive_within_a_second(
    upstream: ScriptedUpstream, directive: str
) -> None:
    async with open_gateway(upstream.base_url, **PATIENT) as gateway:
        tasks = [
            asyncio.create_task(follow(gateway, directive, asyncio.Event())) for _ in range(CALLS)
        ]
        assert await until(upstream, lambda book: len(book.requests) == CALLS, seconds=30.0)
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results] == [asyncio.CancelledError] * CALLS
        assert await until(upstream, lambda book: book.running == 0, seconds=1.0)
        assert len(upstream.requests) == CALLS
    assert await until(upstream, lambda book: book.open_connections == 0, seconds=1.0)


@pytest.mark.parametrize("directive", ["[[stall after=3]]", "[[stream tokens=1000 rate=100]]"])
async def test_closing_the_generator_closes_the_connection(
    upstream: ScriptedUpstream, directive: str
) -> None:
    async with open_gateway(upstream.base_url) as gateway:
        for _ in range(20):
            stream = gateway.stream(make_request(directive))
            await anext(stream)
            await stream.aclose()
            assert await until(upstream, lambda book: book.open_connections == 0, seconds=1.0)
    assert upstream.book.running == 0


async def test_a_reader_that_breaks_off_and_closes_leaves_no_connection(
    upstream: ScriptedUpstream,
) -> None:
    async with open_gateway(upstream.base_url, batch_window_seconds=5.0) as gateway:
        stream = gateway.stream(make_request("[[stream tokens=1000 rate=100]]"))
        async for _ in stream:
            break
        await stream.aclose()
        assert await until(upstream, lambda book: book.open_connections == 0, seconds=1.0)


async def test_a_timeout_around_the_reading_arrives(upstream: ScriptedUpstream) -> None:
    async with open_gateway(upstream.base_url) as gateway:
        with suppress(TimeoutError):
            async with asyncio.timeout(0.2):
                await follow(gateway, "[[silence]]", asyncio.Event())
        assert await until(upstream, lambda book: book.open_connections == 0, seconds=1.0)


async def test_other_answers_go_on_when_one_is_stopped(upstream: ScriptedUpstream) -> None:
    begun = asyncio.Event()
    async with open_gateway(upstream.base_url) as gateway:
        stopped = asyncio.create_task(follow(gateway, "[[stream tokens=900 rate=100]]", begun))
        other = asyncio.create_task(gateway.complete(make_request("[[stream tokens=60 rate=100]]")))
        await begun.wait()
        stopped.cancel()
        completion = await other
        await asyncio.gather(stopped, return_exceptions=True)
    assert completion.finish_reason == "stop"
    assert len(completion.text.split()) == 60
