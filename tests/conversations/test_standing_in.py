"""Who stands in for a model that cannot answer is written down from the moment it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from apps.conversations.events import ReplyStarted
from apps.conversations.services import board, following, turns
from apps.llm.constants import NANO
from apps.llm.models import UsageRecord
from apps.llm.services import pauses, prices
from apps.llm.services.prices import PriceRequest
from apps.users.models import User
from tests.conversations.conftest import read_reply, running_worker
from tests.factories import UserFactory
from tests.llm.conftest import until
from tests.llm.services.conftest import make_spare
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_scripts import Script

SPARE = "spare-at-the-provider"


@pytest.fixture
def second() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as server:
        yield server


def price(nano: int) -> None:
    wanted = PriceRequest(model_name=SPARE, input_nano=nano, output_nano=nano)
    prices.add_price(actor=None, wanted=wanted)


@pytest.mark.django_db(transaction=True)
async def test_the_board_a_pause_the_reader_and_the_ledger_know_who_answers(
    person: User, upstream: ScriptedUpstream, second: ScriptedUpstream, settings: Settings
) -> None:
    settings.LLM_MAX_RETRIES = 0
    two = await sync_to_async(make_spare)(second.base_url)
    admin = await sync_to_async(UserFactory)(admin=True)
    await sync_to_async(price)(3 * NANO)
    upstream.queue(Script("status", status=500))
    async with running_worker() as worker:
        request = turns.TurnRequest(conversation_id=None, content="[[stream tokens=4000 rate=100]]")
        turn = await turns.start_turn(actor=person, request=request)
        task = worker.begin(turn.reply.pk)
        assert await until(second, lambda book: book.running == 1)
        (shown,) = (await sync_to_async(board.read_board)(viewer=admin)).answers
        assert (shown.model, shown.chat_model_id) == (SPARE, two.spare.pk)
        assert shown.cost_nano
        await sync_to_async(price)(9 * NANO)
        await sync_to_async(pauses.pause)(
            actor=None, chat_model_id=two.spare.pk, reason="It writes nonsense."
        )
        async with asyncio.timeout(5):
            await task
    reply = await read_reply(turn.reply.pk)
    assert (reply.state, reply.model, reply.chat_model_id) == ("halted", SPARE, two.spare.pk)
    line = await UsageRecord.objects.aget(purpose="reply")
    assert (line.model, line.chat_model_id, line.input_nano) == (SPARE, two.spare.pk, 3 * NANO)
    assert line.cost_nano == (line.prompt_tokens + line.completion_tokens) * 3_000


def test_a_reader_is_told_once_of_each_model_that_is_asked() -> None:
    position = following._Position(7, 0)
    asked = ["scripted", "scripted", SPARE, SPARE]
    told = [event for model in asked for event in position.let_through(model)]
    assert told == [ReplyStarted(7, "scripted"), ReplyStarted(7, SPARE)]
    assert position.wait(2)
    assert position.let_through(SPARE) == [ReplyStarted(7, SPARE)]
