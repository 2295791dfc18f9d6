"""A stream of a healthy model server."""

import asyncio

import pytest

from apps.llm.constants import FRAME_TOKENS
from apps.llm.gateway.contract import Completion, Finished, PromptMessage, TextBatch, Usage
from apps.llm.gateway.estimates import estimate
from tests.llm.conftest import collect, make_request, open_gateway, until
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_frames import answer_text
from tests.support.upstream_scripts import EMOJI_TEXT, Pace, Script, plan


async def test_yields_the_exact_text_and_then_how_it_ended(upstream: ScriptedUpstream) -> None:
    async with open_gateway(upstream.base_url) as gateway:
        seen = await collect(gateway, make_request("[[stream tokens=40 rate=400]]"))
    assert seen.text == answer_text(40)
    assert seen.finished == Finished("stop", "scripted", Usage(7, 40, "reported"))
    assert seen.error is None


async def test_yields_the_first_text_at_once(upstream: ScriptedUpstream) -> None:
    started = asyncio.get_running_loop().time()
    async with open_gateway(upstream.base_url, batch_window_seconds=30.0) as gateway:
        stream = gateway.stream(make_request("[[stall after=1]]"))
        assert await anext(stream) == TextBatch("word0 ")
        await stream.aclose()
    assert asyncio.get_running_loop().time() - started < 5.0


async def test_joins_what_arrives_within_a_window(upstream: ScriptedUpstream) -> None:
    async with open_gateway(upstream.base_url, batch_window_seconds=0.2) as gateway:
        seen = await collect(gateway, make_request("[[stream tokens=60 rate=100]]"))
    assert seen.text == answer_text(60)
    assert 2 <= len(seen.batches) <= 12


async def test_holds_no_text_longer_than_the_window(upstream: ScriptedUpstream) -> None:
    upstream.queue(Script("stall", after=2, rate=10.0))
    async with open_gateway(
        upstream.base_url, batch_window_seconds=0.05, idle_timeout_seconds=60.0
    ) as gateway:
        stream = gateway.stream(make_request())
        assert await anext(stream) == TextBatch("word0 ")
        assert await asyncio.wait_for(anext(stream), timeout=10.0) == TextBatch("word1 ")
        await stream.aclose()


async def test_joins_characters_that_come_in_pieces(upstream: ScriptedUpstream) -> None:
    pieces = next(step for step in plan(Script("emoji")) if isinstance(step, Pace)).frames
    bodies = [piece.split(b"\r\n", 1)[1][:-2] for piece in pieces]
    assert any(body.decode(errors="replace").endswith("\ufffd") for body in bodies)
    async with open_gateway(upstream.base_url) as gateway:
        seen = await collect(gateway, make_request("[[emoji]]"))
    assert seen.text == EMOJI_TEXT
    assert seen.finished is not None


@pytest.mark.parametrize("reason", ["stop", "length", "content_filter"])
async def test_passes_the_finish_reason_on(upstream: ScriptedUpstream, reason: str) -> None:
    async with open_gateway(upstream.base_url) as gateway:
        seen = await collect(gateway, make_request(f"[[stream tokens=3 finish={reason}]]"))
    assert seen.finished is not None
    assert seen.finished.finish_reason == reason
    assert seen.text == answer_text(3)


async def test_estimates_usage_where_none_is_reported(upstream: ScriptedUpstream) -> None:
    request = make_request("[[stream tokens=4 usage=no]]")
    async with open_gateway(upstream.base_url) as gateway:
        seen = await collect(gateway, request)
        assert seen.finished is not None
        assert seen.finished.usage == Usage(11 + 2 * FRAME_TOKENS, 6, "estimated")
    assert estimate(request) == seen.finished.usage


async def test_sends_what_the_model_needs_and_nothing_about_the_person(
    upstream: ScriptedUpstream,
) -> None:
    history = (PromptMessage("user", "One"), PromptMessage("assistant", "Two"))
    async with open_gateway(upstream.base_url) as gateway:
        await collect(gateway, make_request("Three", history=history, max_completion_tokens=9))
        await collect(gateway, make_request("Four", user_id=42))
    body, other = upstream.requests[0].body, upstream.requests[1].body
    pseudonym = body.pop("user")
    assert body == {
        "model": "scripted",
        "temperature": 0.5,
        "max_tokens": 9,
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": [
            {"role": "system", "content": "You are a test."},
            {"role": "user", "content": "One"},
            {"role": "assistant", "content": "Two"},
            {"role": "user", "content": "Three"},
        ],
    }
    assert len(pseudonym) == 32
    assert pseudonym != other["user"]
    assert "correlation" not in str(upstream.requests[0].headers)


async def test_returns_a_whole_answer(upstream: ScriptedUpstream) -> None:
    async with open_gateway(upstream.base_url) as gateway:
        completion = await gateway.complete(
            make_request("[[stream tokens=5]]", purpose="title", max_completion_tokens=12)
        )
    assert completion == Completion(answer_text(5), "stop", "scripted", Usage(7, 5, "reported"))


async def test_uses_one_connection_for_answers_that_follow_each_other(
    upstream: ScriptedUpstream,
) -> None:
    async with open_gateway(upstream.base_url) as gateway:
        for _ in range(5):
            seen = await collect(gateway, make_request("[[stream tokens=5 rate=200]]"))
            assert seen.finished is not None
        assert upstream.book.total_connections == 1
        assert upstream.book.open_connections == 1
    assert await until(upstream, lambda book: book.open_connections == 0)


async def test_follows_many_answers_at_the_same_time(upstream: ScriptedUpstream) -> None:
    async with open_gateway(upstream.base_url) as gateway:
        request = make_request("[[stream tokens=50 rate=100]]")
        results = await asyncio.gather(*(collect(gateway, request) for _ in range(40)))
    assert [seen.text for seen in results] == [answer_text(50)] * 40
    assert all(seen.finished is not None for seen in results)


async def test_a_slow_reader_is_not_taken_for_a_stall(upstream: ScriptedUpstream) -> None:
    request = make_request("[[stream tokens=100 rate=100]]")
    loop = asyncio.get_running_loop()
    texts = []
    async with open_gateway(upstream.base_url, idle_timeout_seconds=0.6) as gateway:
        async for event in gateway.stream(request):
            if isinstance(event, Finished):
                break
            texts.append(event.text)
            if len(texts) == 2:
                busy = loop.create_future()
                loop.call_later(1.2, busy.set_result, None)
                await busy
    assert "".join(texts) == answer_text(100)


async def test_works_again_on_another_event_loop(upstream: ScriptedUpstream) -> None:
    async with open_gateway(upstream.base_url) as gateway:

        def on_a_loop_of_its_own() -> str:
            async def run() -> str:
                seen = await collect(gateway, make_request("[[stream tokens=3]]"))
                await gateway.aclose()
                return seen.text

            return asyncio.run(run())

        assert await asyncio.to_thread(on_a_loop_of_its_own) == answer_text(3)
        assert (await collect(gateway, make_request("[[stream tokens=3]]"))).text == answer_text(3)
