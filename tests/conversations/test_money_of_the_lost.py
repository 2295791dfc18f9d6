"""Who finds an answer lost, removed or forgotten settles what it had reserved."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.utils import timezone

from apps.conversations.models import Reply
from apps.conversations.services import (
    leases,
    lost,
    settling,
)
from apps.llm.constants import (
    Period,
    QuotaKind,
    QuotaUnit,
)
from apps.llm.gateway.contract import Usage
from apps.llm.models import QuotaCounter, Reservation
from apps.llm.services import quotas
from apps.llm.services.quota_setting import Limit, Subject, set_quota
from apps.llm.services.quotas import Spender
from apps.users.models import User
from project.worker import upkeep
from tests.conversations.conftest import read_reply, running_worker
from tests.conversations.money import (
    assert_settled,
    let_in_one_at_a_time,
    send,
)
from tests.factories import UserFactory
from tests.llm.conftest import until
from tests.llm.services.conftest import let_others_run
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("has_a_price")]


@pytest.mark.parametrize("is_withheld", [False, True])
async def test_an_answer_whose_worker_was_lost_is_settled_by_the_reaper(
    person: User, quota: int, is_withheld: bool
) -> None:
    turn = await send(person, "x" * 400)
    claim = await sync_to_async(leases.claim)(reply_id=turn.reply.pk, owner="lost")
    assert claim is not None
    await Reply.objects.filter(pk=turn.reply.pk).aupdate(
        lease_expires_at=timezone.now() - timedelta(seconds=1)
    )
    texts = {turn.reply.pk: "y" * 41}
    withheld = [turn.reply.pk] if is_withheld else []
    reap = sync_to_async(lost.reap)
    ended = await reap(reply_ids=[turn.reply.pk], live_texts=texts, withheld=withheld)
    assert ended == [turn.reply.pk]
    reply = await read_reply(turn.reply.pk)
    assert (reply.state, reply.completion_tokens, reply.usage_source) == (
        "withheld" if is_withheld else "interrupted",
        11,
        "estimated",
    )
    assert 100 <= (reply.prompt_tokens or 0) < 140
    await assert_settled(reply)


async def test_a_lost_answer_costs_something_only_where_a_model_was_asked_for_it(
    person: User, upstream: ScriptedUpstream, quota: int
) -> None:
    """One of two that a worker has in hand is with the model, the other one waits for its turn."""
    await let_in_one_at_a_time(max_waiting=5)
    async with running_worker() as worker:
        asked = (await send(person, "[[hang]]")).reply.pk
        worker.begin(asked)
        assert await until(upstream, lambda book: book.running == 1)
        waiting = (await send(person, "x" * 400)).reply.pk
        worker.begin(waiting)
        async with asyncio.timeout(5):
            while waiting not in worker.runtime.running:
                await let_others_run()
        await worker.runtime._checkpoint()
        stored = Reply.objects.filter(pk__in=[asked, waiting])
        assert await sync_to_async(dict)(stored.values_list("pk", "is_asked")) == {
            asked: True,
            waiting: False,
        }
        await stored.aupdate(lease_expires_at=timezone.now() - timedelta(seconds=1))
        reap = sync_to_async(lost.reap)
        assert len(await reap(reply_ids=[asked, waiting], live_texts={})) == 2
    assert (await read_reply(waiting)).usage_source == ""
    await assert_settled(await read_reply(asked))


async def test_what_a_deleted_account_had_reserved_comes_back(person: User, quota: int) -> None:
    wanted = Limit(unit=QuotaUnit.TOKENS, period=Period.HOUR, amount=10_000)
    subject = Subject(QuotaKind.MODEL, model_name=(await send(person, "one")).reply.model)
    shared = await sync_to_async(set_quota)(actor=None, subject=subject, limit=wanted)
    other = await sync_to_async(UserFactory)()
    await send(other, "two")
    await sync_to_async(other.delete)()
    assert await sync_to_async(settling.release_forgotten)() == 0
    long_ago = timezone.now() - timedelta(hours=2)
    await Reservation.objects.aupdate(created_at=long_ago)
    assert await sync_to_async(settling.release_forgotten)() == 1
    counter = await QuotaCounter.objects.aget(quota=shared)
    assert (counter.used, counter.reserved) == (0, 0)


def test_upkeep_gives_back_what_is_forgotten_and_removes_counters_of_the_past(
    person: User, quota: int
) -> None:
    now = timezone.now()
    spender = Spender(user_id=person.pk, model="scripted")
    wanted = Usage(10, 10, "estimated")
    for days, reference_id in ((90, 901), (1, 902)):
        moment = now - timedelta(days=days)
        quotas.reserve(
            spender, purpose="reply", reference_id=reference_id, wanted=wanted, now=moment
        )
    kept = QuotaCounter.objects.latest("ends_at")
    assert quotas.remove_old_counters(now=now) == 0
    Reservation.objects.update(created_at=now - timedelta(hours=2))
    async_to_sync(upkeep.settle_quotas)()
    assert Reservation.objects.count() == 0
    assert QuotaCounter.objects.get().pk == kept.pk
