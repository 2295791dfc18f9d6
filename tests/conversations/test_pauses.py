"""While staff pause a model nothing new is asked of it."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import sync_to_async

from apps.conversations.models import Message
from apps.llm.errors import ModelsPausedError
from apps.llm.services import pauses
from apps.users.models import User
from tests.conversations.conftest import read_reply, running_worker
from tests.conversations.money import (
    send,
)
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("has_a_price")]
SLOW = "[[stream tokens=4000 rate=100]]"


async def test_a_pause_refuses_new_turns_leaves_queued_ones_and_ends_what_is_written(
    person: User, upstream: ScriptedUpstream
) -> None:
    async with running_worker() as worker:
        turn = await send(person, SLOW)
        waiting = await send(person, "hello")
        task = worker.begin(turn.reply.pk)
        await asyncio.to_thread(upstream.wait_until, lambda book: book.open_connections == 1)
        made = await sync_to_async(pauses.pause)(actor=None, reason="It writes nonsense.")
        async with asyncio.timeout(5):
            await task
        assert (await read_reply(turn.reply.pk)).state == "halted"
        with pytest.raises(ModelsPausedError):
            await send(person, "and now?")
        assert await Message.objects.filter(content="and now?").acount() == 0
        await worker.begin(waiting.reply.pk)
        assert (await read_reply(waiting.reply.pk)).state == "queued"
        await sync_to_async(pauses.resume)(actor=None, pause_id=made.pk, reason="Mended.")
        assert (await worker.finish(waiting.reply.pk)).state == "complete"


async def test_a_pause_of_one_model_leaves_the_others_alone(person: User) -> None:
    await sync_to_async(pauses.pause)(actor=None, model_name="another", reason="Too dear.")
    assert (await send(person, "hello")).reply.state == "queued"
