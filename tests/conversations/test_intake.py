"""A worker takes what is queued, whether it hears of it or has to look."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import psycopg
import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.utils import timezone

from apps.conversations.models import Reply
from apps.conversations.services import following, lost, retries, turns
from apps.conversations.services.intake import Intake, take
from apps.llm.services import pauses
from apps.users.models import User
from tests.conversations.conftest import read_reply, running_worker
from tests.factories import ReplyFactory
from tests.support.processes import wait_until
from tests.support.upstream import ScriptedUpstream

NEVER = 600.0


@asynccontextmanager
async def intake_of(*, look_seconds: float) -> AsyncIterator[Intake]:
    async with running_worker() as worker:
        intake = Intake(worker.runtime, look_seconds=look_seconds)
        intake.start()
        try:
            yield intake
        finally:
            await intake.aclose()


async def send(person: User, content: str) -> turns.Turn:
    return await turns.start_turn(
        actor=person, request=turns.TurnRequest(conversation_id=None, content=content)
    )


async def end_of(person: User, reply_id: int) -> str:
    _, finished = await following.wait_for_end(viewer=person, reply_id=reply_id, timeout_seconds=10)
    return finished.state


def listeners() -> list[int]:
    with psycopg.connect(**connection.get_connection_params()) as observer:
        found = observer.execute(
            "SELECT pid FROM pg_stat_activity"
            " WHERE query LIKE 'LISTEN%parley_reply_queued%' AND datname = current_database()"
        )
        return [pid for (pid,) in found]


async def is_listening() -> list[int]:
    await asyncio.to_thread(lambda: wait_until(listeners, seconds=5, what="a listener"))
    return await asyncio.to_thread(listeners)


async def test_what_was_queued_before_the_worker_came_is_answered(
    person: User, upstream: ScriptedUpstream
) -> None:
    turn = await send(person, "hello")
    async with intake_of(look_seconds=NEVER):
        assert await end_of(person, turn.reply.pk) == "complete"


async def test_a_message_and_a_retry_are_heard_of(person: User, upstream: ScriptedUpstream) -> None:
    async with intake_of(look_seconds=NEVER):
        await is_listening()
        turn = await send(person, "hello")
        assert await end_of(person, turn.reply.pk) == "complete"
        again = await retries.retry_reply(actor=person, message_id=turn.reply.pk)
        assert await end_of(person, again.reply.pk) == "complete"


async def test_what_nobody_announced_is_found_by_looking(
    person: User, upstream: ScriptedUpstream
) -> None:
    async with intake_of(look_seconds=0.05):
        await is_listening()
        turn = await send(person, "hello")
        assert await end_of(person, turn.reply.pk) == "complete"
        await Reply.objects.filter(pk=turn.reply.pk).aupdate(
            state="queued", finished_at=None, lease_owner=""
        )
        assert await end_of(person, turn.reply.pk) == "complete"
    assert (await read_reply(turn.reply.pk)).fence == 2


async def test_a_lost_connection_is_opened_again(person: User, upstream: ScriptedUpstream) -> None:
    async with intake_of(look_seconds=NEVER):
        (pid,) = await is_listening()
        await sync_to_async(terminate)(pid)
        turn = await send(person, "hello")
        assert await end_of(person, turn.reply.pk) == "complete"


def terminate(pid: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])


async def test_a_worker_that_ends_takes_nothing_more(
    person: User, upstream: ScriptedUpstream
) -> None:
    async with intake_of(look_seconds=0.05) as intake:
        await is_listening()
        await intake.aclose()
        turn = await send(person, "hello")
        assert listeners() == []
    assert (await read_reply(turn.reply.pk)).state == "queued"


async def test_an_answer_whose_taker_is_cancelled_goes_back_to_the_queue(
    person: User, upstream: ScriptedUpstream
) -> None:
    turn = await send(person, "hello")
    async with running_worker() as worker:
        taking = asyncio.create_task(take(reply_id=turn.reply.pk, runtime=worker.runtime))
        await asyncio.sleep(0)
        taking.cancel()
        with suppress(asyncio.CancelledError):
            await taking
        reply = await read_reply(turn.reply.pk)
        assert (reply.state, reply.lease_owner, reply.started_at) == ("queued", "", None)
        task = await take(reply_id=turn.reply.pk, runtime=worker.runtime)
        assert task is not None
        await task
    assert (await read_reply(turn.reply.pk)).state == "complete"


@pytest.mark.parametrize(
    ("is_busy", "is_paused", "ended"),
    [
        (False, False, ("failed", "no_worker")),
        (True, False, ("failed", "workers_busy")),
        (True, True, ("halted", "models_paused")),
    ],
)
def test_what_nobody_took_in_time_says_whether_anybody_was_there_and_might_take_it(
    db: None, *, is_busy: bool, is_paused: bool, ended: tuple[str, str]
) -> None:
    waiting = ReplyFactory(queued=True)
    Reply.objects.filter(pk=waiting.pk).update(queued_at=timezone.now() - timedelta(minutes=5))
    if is_busy:
        ReplyFactory(running=True)
    if is_paused:
        pauses.pause(actor=None, model_name=waiting.model, reason="It writes nonsense.")
    assert lost.expire_queue() == [waiting.pk]
    waiting.refresh_from_db()
    assert (waiting.state, waiting.error_code) == ended
