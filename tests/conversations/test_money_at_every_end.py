"""However an answer ends, what it reserved is settled or given back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from apps.conversations.models import Reply
from apps.conversations.services import (
    completions,
    leases,
    lost,
    stopping,
)
from apps.llm.constants import (
    RESERVED_ANSWER_TOKENS,
)
from apps.llm.models import Reservation, UsageRecord
from apps.llm.services import pauses
from apps.users.models import User
from tests.conversations.conftest import read_reply, running_worker
from tests.conversations.money import (
    assert_settled,
    counted,
    first_text,
    line_of,
    send,
)
from tests.llm.conftest import until
from tests.llm.services.conftest import let_others_run
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("has_a_price")]
SLOW = "[[stream tokens=4000 rate=100]]"
End = Callable[["Scene"], Awaitable[int]]
"""Brings an answer to an end, and tells which."""


@dataclass(frozen=True)
class Scene:
    """Somebody whose answer is about to end, and the model server that writes it."""

    person: User
    upstream: ScriptedUpstream


def answered(content: str) -> End:
    async def end(scene: Scene) -> int:
        async with running_worker() as worker:
            turn = await send(scene.person, content)
            await worker.finish(turn.reply.pk)
        return turn.reply.pk

    return end


async def stopped(scene: Scene) -> int:
    async with running_worker() as worker:
        reply_id = (await send(scene.person, SLOW)).reply.pk
        task = worker.begin(reply_id)
        assert await until(scene.upstream, lambda book: book.open_connections == 1)
        await sync_to_async(stopping.stop_reply)(actor=scene.person, reply_id=reply_id)
        async with asyncio.timeout(5):
            await task
    return reply_id


async def hung_up(scene: Scene) -> int:
    async with running_worker() as worker:
        turn = await send(scene.person, "[[stall text=One]]")
        task = worker.begin(turn.reply.pk)
        async with aclosing(completions.pieces(actor=scene.person, turn=turn)) as items:
            assert await first_text(items) == "One"
        async with asyncio.timeout(5):
            await task
    return turn.reply.pk


async def stopped_in_the_queue(scene: Scene) -> int:
    reply_id = (await send(scene.person, "hello")).reply.pk
    await sync_to_async(stopping.stop_reply)(actor=scene.person, reply_id=reply_id)
    return reply_id


async def never_taken(scene: Scene) -> int:
    reply_id = (await send(scene.person, "hello")).reply.pk
    long_ago = timezone.now() - timedelta(minutes=5)
    await Reply.objects.filter(pk=reply_id).aupdate(queued_at=long_ago)
    assert await sync_to_async(lost.expire_queue)() == [reply_id]
    return reply_id


async def kept_waiting(scene: Scene) -> int:
    reply_id = (await send(scene.person, "hello")).reply.pk
    await sync_to_async(pauses.pause)(actor=None, reason="It writes nonsense.")
    long_ago = timezone.now() - timedelta(minutes=5)
    await Reply.objects.filter(pk=reply_id).aupdate(queued_at=long_ago)
    assert await sync_to_async(lost.expire_queue)() == [reply_id]
    return reply_id


def with_a_lost_worker(*, is_asked: bool) -> End:
    async def end(scene: Scene) -> int:
        reply_id = (await send(scene.person, "hello")).reply.pk
        assert await sync_to_async(leases.claim)(reply_id=reply_id, owner="lost") is not None
        passed = timezone.now() - timedelta(seconds=1)
        taken = Reply.objects.filter(pk=reply_id)
        await taken.aupdate(lease_expires_at=passed, is_asked=is_asked)
        assert await sync_to_async(lost.reap)(reply_ids=[reply_id], live_texts={}) == [reply_id]
        return reply_id

    return end


def lost_in_thought(*, thoughts: int, tokens: int) -> End:
    """Lose the worker of a model that showed its thinking, and 400 bytes since the checkpoint."""
    shown = sum(len(f"hm{index} ") for index in range(thoughts))

    async def end(scene: Scene) -> int:
        async with running_worker() as worker:
            reply_id = (await send(scene.person, f"[[ponder after={thoughts}]]")).reply.pk
            worker.begin(reply_id)
            async with asyncio.timeout(5):
                while not (running := worker.runtime.running.get(reply_id)):
                    await let_others_run()
                while running.progress.thought_bytes < shown:
                    await let_others_run()
            await worker.runtime._checkpoint()
            passed = timezone.now() - timedelta(seconds=1)
            await Reply.objects.filter(pk=reply_id).aupdate(lease_expires_at=passed)
            seen = {reply_id: "x" * 400}
            assert await sync_to_async(lost.reap)(reply_ids=[reply_id], live_texts=seen)
        assert (await read_reply(reply_id)).completion_tokens == tokens
        return reply_id

    return end


@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize(
    ("end", "state", "code", "source"),
    [
        (answered("[[stream tokens=3]]"), "complete", "", "reported"),
        (answered("guarded [[stream tokens=40]]"), "withheld", "forbidden_word", "estimated"),
        (answered("[[cut after=5]]"), "failed", "upstream_cut", "estimated"),
        (answered("[[error_event after=0]]"), "failed", "upstream_error", "estimated"),
        (answered("[[status status=401]]"), "failed", "upstream_unauthorized", ""),
        (answered("[[status status=404]]"), "failed", "upstream_rejected", ""),
        (answered("[[status status=429]]"), "failed", "upstream_rate_limited", ""),
        (answered("[[status status=500]]"), "failed", "upstream_error", ""),
        (stopped, "stopped", "", "estimated"),
        (hung_up, "stopped", "", "estimated"),
        (stopped_in_the_queue, "stopped", "", ""),
        (never_taken, "failed", "no_worker", ""),
        (kept_waiting, "halted", "models_paused", ""),
        (with_a_lost_worker(is_asked=True), "interrupted", "worker_lost", "estimated"),
        (with_a_lost_worker(is_asked=False), "interrupted", "worker_lost", ""),
        (lost_in_thought(thoughts=400, tokens=673), "interrupted", "worker_lost", "estimated"),
        (
            lost_in_thought(thoughts=2_000, tokens=RESERVED_ANSWER_TOKENS),
            "interrupted",
            "worker_lost",
            "estimated",
        ),
    ],
    ids=[
        "complete",
        "withheld",
        "cut",
        "failed",
        "unauthorized",
        "rejected",
        "asked to wait",
        "broken",
        "stopped",
        "hung up",
        "stopped in the queue",
        "never taken",
        "kept waiting",
        "lost",
        "lost before it was asked for",
        "lost in thought",
        "lost in more thought than was reserved",
    ],
)
async def test_every_end_of_an_answer_settles_what_it_reserved(
    person: User,
    upstream: ScriptedUpstream,
    quota: int,
    end: End,
    state: str,
    code: str,
    source: str,
) -> None:
    """As the table of docs/models.md says: by a line of the ledger, or by giving all of it back."""
    reply = await read_reply(await end(Scene(person, upstream)))
    assert (reply.state, reply.error_code, reply.usage_source) == (state, code, source)
    if source:
        await assert_settled(reply)
        line = await line_of(reply)
        assert (line.outcome, line.source) == (code or state, source)
        assert line.prompt_tokens > 0
        return
    assert await counted() == (0, 0)
    assert not await Reservation.objects.aexists()
    assert not await UsageRecord.objects.aexists()
    assert (reply.prompt_tokens, reply.cost_nano) == (None, None)
