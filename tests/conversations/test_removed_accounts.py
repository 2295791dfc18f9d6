"""An account goes, and what was used for it stays in the ledger as nobody's."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db.models import ProtectedError, Sum
from django.utils import timezone

from apps.conversations.models import Reply
from apps.conversations.services import leases, turns
from apps.llm.constants import NANO, Period, QuotaKind, QuotaUnit
from apps.llm.gateway.contract import Usage
from apps.llm.models import QuotaCounter, Reservation, UsageDay, UsageRecord
from apps.llm.services import prices, usage, usage_figures
from apps.llm.services.prices import PriceRequest
from apps.llm.services.quota_setting import Limit, Subject, set_quota
from apps.llm.services.usage import Call
from apps.users.models import User
from apps.users.services import accounts
from tests.conversations.conftest import running_worker
from tests.factories import UserFactory
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.django_db(transaction=True)
SLOW = "[[stream tokens=4000 rate=100]]"


@pytest.fixture
def shared(person: User) -> int:
    """A quota that goes on counting when the person is gone."""
    wanted = PriceRequest(model_name="scripted", input_nano=NANO, output_nano=NANO)
    prices.add_price(actor=None, wanted=wanted)
    limit = Limit(unit=QuotaUnit.TOKENS, period=Period.DAY, amount=10**6)
    subject = Subject(QuotaKind.MODEL, model_name="scripted")
    return set_quota(actor=None, subject=subject, limit=limit).pk


def use(person: User, *, model: str = "scripted", purpose: str = "reply") -> None:
    call = Call(
        user_id=person.pk,
        purpose=purpose,  # type: ignore[arg-type]
        reference_id=1,
        model=model,
        rate=prices.price_at(model=model),
    )
    usage.record_call(
        call, usage=Usage(70, 30, "reported"), outcome="x", first_token_ms=1, duration_ms=1
    )


async def send(person: User, content: str) -> turns.Turn:
    request = turns.TurnRequest(conversation_id=None, content=content)
    return await turns.start_turn(actor=person, request=request)


@sync_to_async
def remove(person: User) -> None:
    accounts.delete_user(actor=person, user_id=person.pk)


def totals() -> dict[str, int]:
    columns = ("calls", "prompt_tokens", "completion_tokens", "cost_nano", "unpriced_calls")
    return UsageDay.objects.aggregate(**{name: Sum(name) for name in columns})


async def test_an_answer_in_the_middle_is_stopped_and_its_line_and_quotas_are_settled(
    person: User, upstream: ScriptedUpstream, shared: int
) -> None:
    async with running_worker() as worker:
        turn = await send(person, SLOW)
        task = worker.begin(turn.reply.pk)
        assert await asyncio.to_thread(upstream.wait_until, lambda book: book.running == 1)
        await remove(person)
        async with asyncio.timeout(5):
            await task
    assert not await Reply.objects.aexists()
    line = await UsageRecord.objects.aget()
    assert (line.user_id, line.purpose, line.outcome) == (None, "reply", "halted")
    used = line.prompt_tokens + line.completion_tokens
    assert (line.reference_id, line.cost_nano) == (turn.reply.pk, 1_000 * used)
    day = await UsageDay.objects.aget()
    assert (day.user_id, day.calls, day.cost_nano) == (None, 1, line.cost_nano)
    counter = await QuotaCounter.objects.aget(quota=shared)
    assert (counter.used, counter.reserved) == (used, 0)


async def test_a_queued_answer_gives_back_and_one_of_a_lost_worker_is_charged(
    person: User, upstream: ScriptedUpstream, shared: int
) -> None:
    lost = await send(person, "x" * 400)
    assert await sync_to_async(leases.claim)(reply_id=lost.reply.pk, owner="lost") is not None
    passed = timezone.now() - timedelta(seconds=1)
    await Reply.objects.filter(pk=lost.reply.pk).aupdate(lease_expires_at=passed, is_asked=True)
    await send(person, "hello")
    await remove(person)
    line = await UsageRecord.objects.aget()
    assert (line.user_id, line.reference_id, line.source) == (None, lost.reply.pk, "estimated")
    counter = await QuotaCounter.objects.aget(quota=shared)
    assert (counter.used, counter.reserved) == (line.prompt_tokens, 0)
    assert await Reservation.objects.acount() == 0


def test_the_totals_of_days_stay_and_name_nobody(person: User, shared: int) -> None:
    other, admin = UserFactory(), UserFactory(admin=True)
    for somebody in (person, other):
        use(somebody)
        use(somebody, model="without-a-price", purpose="title")
    before = totals()
    with pytest.raises(ProtectedError):
        User.objects.get(pk=other.pk).delete()
    for somebody in (person, other):
        accounts.delete_user(actor=somebody, user_id=somebody.pk)
    assert totals() == before
    assert set(UsageDay.objects.values_list("user_id", "calls")) == {(None, 2)}
    assert set(UsageRecord.objects.values_list("user_id", flat=True)) == {None}
    figures = usage_figures.read_figures(viewer=admin, days=7)
    assert [(used.name, used.calls) for used in figures.people] == [(usage_figures.THE_GONE, 4)]
    assert figures.total.cost_nano == 2 * 100 * 1_000
