"""What an answer costs, and what it reserves."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest
from asgiref.sync import sync_to_async

from apps.conversations.events import ReplyFinished
from apps.conversations.models import Reply
from apps.conversations.services import (
    completions,
    following,
    presenting,
    stopping,
    turns,
)
from apps.llm.constants import (
    FRAME_TOKENS,
    NANO,
)
from apps.llm.models import Reservation, UsageRecord
from apps.llm.services import prices
from apps.llm.services.prices import PriceRequest
from apps.users.models import User
from tests.conversations.conftest import read_reply, running_worker
from tests.conversations.money import (
    assert_settled,
    counted,
    first_text,
    let_in_one_at_a_time,
    line_of,
    send,
)
from tests.factories import UserFactory
from tests.llm.conftest import until
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("has_a_price")]
TOKYO = "\u6771\u4eac" * 200


async def test_a_whole_answer_costs_what_the_provider_counted(
    person: User, upstream: ScriptedUpstream, quota: int
) -> None:
    async with running_worker() as worker:
        turn = await send(person, "[[stream tokens=30]]")
        assert (await counted())[1] > 1_000
        reply = await worker.finish(turn.reply.pk)
    assert (reply.state, reply.usage_source) == ("complete", "reported")
    await assert_settled(reply)
    assert (await line_of(reply)).cost_source == "exact"
    events = [event async for event in following.follow(viewer=person, reply_id=reply.pk)]
    finished = events[-1]
    assert isinstance(finished, ReplyFinished)
    assert finished.cost == f"{(reply.cost_nano or 0) / NANO:.9f}".rstrip("0")


async def test_a_price_that_changes_while_an_answer_is_written_is_not_its_price(
    person: User, upstream: ScriptedUpstream, quota: int
) -> None:
    async with running_worker() as worker:
        turn = await send(person, "[[stream tokens=300 rate=100]]")
        task = worker.begin(turn.reply.pk)
        await asyncio.to_thread(upstream.wait_until, lambda book: book.open_connections == 1)
        dearer = PriceRequest(model_name="scripted", input_nano=9 * NANO, output_nano=9 * NANO)
        await sync_to_async(prices.add_price)(actor=None, wanted=dearer)
        await task
    await assert_settled(await read_reply(turn.reply.pk))


async def test_what_was_thought_and_every_byte_of_what_was_said_is_paid_for_without_a_report(
    person: User, upstream: ScriptedUpstream, quota: int
) -> None:
    async with running_worker() as worker:
        cut = await worker.finish((await send(person, "[[think after=9]]")).reply.pk)
        assert (cut.error_code, cut.completion_tokens) == ("upstream_cut", 9)
        turn = await send(person, f"[[stall text={TOKYO}]]")
        task = worker.begin(turn.reply.pk)
        async with aclosing(completions.pieces(actor=person, turn=turn)) as items:
            assert await first_text(items) == TOKYO, "who leaves now stops it"
        await task
    stopped = await read_reply(turn.reply.pk)
    assert (stopped.state, stopped.message.content) == ("stopped", TOKYO)
    assert stopped.completion_tokens == 300
    used = [one.prompt_tokens + one.completion_tokens for one in (cut, stopped)]
    assert await counted() == (sum(used), 0)


async def test_a_refusal_is_told_as_text_and_as_filtered(
    person: User, upstream: ScriptedUpstream
) -> None:
    async with running_worker() as worker:
        turn = await send(person, "[[refuse]]")
        reply = await worker.finish(turn.reply.pk)
    assert (reply.state, reply.finish_reason) == ("complete", "content_filter")
    text, ended = await completions.whole(actor=person, turn=turn)
    assert (text, ended.finish_reason) == ("I cannot help with that.", "content_filter")


async def test_what_was_said_before_is_reserved_as_it_is_long_up_to_what_is_sent(
    person: User, upstream: ScriptedUpstream, quota: int
) -> None:
    async with running_worker() as worker:
        turn = await send(person, "[[stream tokens=9]]")
        before = (await counted())[1]
        reply = await worker.finish(turn.reply.pk)
        request = turns.TurnRequest(conversation_id=turn.conversation.pk, content="x" * 19)
        used = (await counted())[0]
        await turns.start_turn(actor=person, request=request)
        said = 19 + len(reply.message.content) + 2 * FRAME_TOKENS
        assert await counted() == (used, before + said)


async def test_an_answer_for_which_no_model_was_asked_costs_nothing(
    person: User, upstream: ScriptedUpstream, quota: int
) -> None:
    await let_in_one_at_a_time(max_waiting=0)
    other: User = await sync_to_async(UserFactory)()
    async with running_worker() as worker:
        ahead = await send(other, "[[hang]]")
        worker.begin(ahead.reply.pk)
        assert await until(upstream, lambda book: book.running == 1)
        reply = await worker.finish((await send(person, "x" * 4_000)).reply.pk)
        await sync_to_async(stopping.stop_reply)(actor=other, reply_id=ahead.reply.pk)
    assert (reply.state, reply.error_code) == ("failed", "upstream_busy")
    assert (reply.prompt_tokens, reply.usage_source) == (None, "")
    assert not await UsageRecord.objects.filter(user=person).aexists()
    assert not await Reservation.objects.filter(reference_id=reply.pk).aexists()


@pytest.mark.usefixtures("policy")
async def test_an_answer_that_the_last_check_withholds_costs_what_the_model_reported(
    person: User, upstream: ScriptedUpstream, quota: int
) -> None:
    async with running_worker() as worker:
        reply = await worker.finish((await send(person, "judged [[stream tokens=40]]")).reply.pk)
    assert (reply.state, reply.usage_source) == ("withheld", "reported")
    await assert_settled(reply)


def test_what_went_wrong_says_what_was_counted_for_what() -> None:
    lost = Reply(state="failed", prompt_tokens=1_200, completion_tokens=4)
    lost.usage_source, lost.cost_nano = "estimated", NANO // 4
    assert presenting.counted_tokens(lost) == (
        "About 1,204 tokens were counted. 1,200 of them are what was sent to the model, earlier "
        "messages too. They cost about $0.25."
    )
