"""Quotas hold what they reserved: how long an answer may be, and whose where one stands in."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import transaction

from apps.llm import errors
from apps.llm.constants import FRAME_TOKENS, NANO, RESERVED_ANSWER_TOKENS, QuotaKind, QuotaUnit
from apps.llm.gateway.contract import Answering, Finished, GenerationRequest, Reserved, Usage
from apps.llm.models import QuotaCounter, Reservation
from apps.llm.services import prices, quotas, usage
from apps.llm.services.desk import ModelDesk
from apps.llm.services.prices import PriceRequest
from apps.llm.services.quota_setting import Subject
from apps.llm.services.quotas import Spender
from apps.llm.services.stand_ins import USED_UP
from apps.llm.services.usage import Call
from apps.users.models import User
from tests.factories import UserFactory
from tests.llm.conftest import make_request
from tests.llm.services.conftest import Clock, Two, open_desk
from tests.llm.services.test_desk import ask
from tests.llm.services.test_quotas import EVERYONE, at_once, limit
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_scripts import Script

pytestmark = pytest.mark.django_db(transaction=True)
BROKEN = Script("status", status=500)
NUMBER = 5


@pytest.fixture
def person(transactional_db: None) -> User:
    made: User = UserFactory()
    return made


def has_price(model: str, output: int) -> None:
    wanted = PriceRequest(model_name=model, input_nano=NANO, output_nano=output * NANO)
    prices.add_price(actor=None, wanted=wanted)


@sync_to_async
def reserve(person: User, two: Two) -> GenerationRequest:
    """Reserve for the first model, and return the request that a worker would make of it."""
    admission = quotas.reserve(
        Spender(user_id=person.pk, model="scripted", chat_model_id=two.main.pk),
        purpose="reply",
        reference_id=NUMBER,
        wanted=Usage(100, RESERVED_ANSWER_TOKENS, "estimated"),
    )
    assert not admission.is_refused
    return make_request(
        "[[stream tokens=3]]",
        user_id=person.pk,
        chat_model_id=two.main.pk,
        reserved=Reserved(NUMBER, None, admission.answer_tokens),
    )


@sync_to_async
def counted(*quota_ids: int) -> list[tuple[int, int]]:
    found = {row.quota_id: (row.used, row.reserved) for row in QuotaCounter.objects.all()}
    return [found[quota_id] for quota_id in quota_ids]


def of_model(two: Two, *, spare: bool) -> Subject:
    model = two.spare if spare else two.main
    return Subject(QuotaKind.MODEL, model_name=model.name, chat_model_id=model.pk)


async def test_a_stand_in_has_what_was_reserved_moved_to_its_own_quotas_and_price(
    two: Two, first: ScriptedUpstream, second: ScriptedUpstream, clock: Clock, person: User
) -> None:
    await sync_to_async(has_price)("scripted", 1)
    await sync_to_async(has_price)("spare-at-the-provider", 7)
    own = await sync_to_async(limit)(10**6)
    money = await sync_to_async(limit)(NANO, unit=QuotaUnit.MONEY)
    firsts = await sync_to_async(limit)(10**6, of_model(two, spare=False))
    spares = await sync_to_async(limit)(10**6, of_model(two, spare=True))
    request = await reserve(person, two)
    assert await counted(firsts) == [(0, 100 + RESERVED_ANSWER_TOKENS)]
    first.queue(BROKEN)
    async with open_desk(clock) as desk:
        heard = await ask(desk, request)
    assert heard.asked == ["scripted", "spare-at-the-provider"]
    prompt = 34 + 2 * FRAME_TOKENS
    held = prompt + RESERVED_ANSWER_TOKENS
    dollars = (prompt + 7 * RESERVED_ANSWER_TOKENS) * 1_000
    assert await counted(own, money, firsts, spares) == [(0, held), (0, dollars), (0, 0), (0, held)]
    assert second.requests[0].body["max_tokens"] == RESERVED_ANSWER_TOKENS


async def test_a_stand_in_whose_own_quota_is_used_up_is_not_asked_and_the_person_is_told(
    two: Two, first: ScriptedUpstream, second: ScriptedUpstream, clock: Clock, person: User
) -> None:
    own = await sync_to_async(limit)(10**6)
    await sync_to_async(limit)(0, of_model(two, spare=True))
    request = await reserve(person, two)
    before = await counted(own)
    first.queue(BROKEN)
    async with open_desk(clock) as desk:
        heard = await ask(desk, request)
    assert type(heard.error) is errors.UpstreamError
    assert heard.error.message == USED_UP
    assert second.requests == []
    assert await counted(own) == before == [(0, 100 + RESERVED_ANSWER_TOKENS)]


async def test_a_stand_in_without_a_price_is_not_asked_against_a_quota_of_money(
    two: Two, first: ScriptedUpstream, second: ScriptedUpstream, clock: Clock, person: User
) -> None:
    await sync_to_async(has_price)("scripted", 1)
    await sync_to_async(limit)(NANO, unit=QuotaUnit.MONEY)
    request = await reserve(person, two)
    first.queue(BROKEN)
    async with open_desk(clock) as desk:
        heard = await ask(desk, request)
    assert heard.error is not None
    assert heard.error.message == USED_UP
    assert second.requests == []


async def test_a_quota_of_the_stand_in_alone_limits_its_answer(
    two: Two, first: ScriptedUpstream, second: ScriptedUpstream, clock: Clock, person: User
) -> None:
    await sync_to_async(limit)(10**6, of_model(two, spare=True))
    request = await reserve(person, two)
    first.queue(BROKEN)
    async with open_desk(clock) as desk:
        heard = await ask(desk, request)
    assert "max_tokens" not in first.requests[0].body
    assert second.requests[0].body["max_tokens"] == RESERVED_ANSWER_TOKENS
    asked = [event for event in heard.events if isinstance(event, Answering)]
    assert [one.is_held_short for one in asked] == [False, True]


async def test_two_that_stand_in_for_each_other_do_not_wait_for_each_other(
    two: Two, person: User
) -> None:
    """Their counters are locked in one order, whichever was reserved first."""
    for spare in (False, True):
        await sync_to_async(limit)(10**9, of_model(two, spare=spare))
    models = [two.main, two.spare]

    def go_back_and_forth(number: int) -> None:
        for step in range(6):
            model = models[(number + step) % 2]
            spender = Spender(user_id=person.pk, model=model.name, chat_model_id=model.pk)
            quotas.move(
                spender, purpose="reply", reference_id=number, wanted=Usage(1, 1, "estimated")
            )

    await sync_to_async(at_once)(go_back_and_forth, times=24)
    assert await Reservation.objects.acount() == 24


async def spend(desk: ModelDesk, request: GenerationRequest) -> Usage:
    async with aclosing(desk.stream(request)) as events:
        async for event in events:
            if isinstance(event, Finished):
                return event.usage
    raise AssertionError(request)


def test_a_thousand_at_once_never_spend_more_than_was_reserved(
    two: Two, first: ScriptedUpstream, clock: Clock, person: User
) -> None:
    has_price("scripted", 2)
    tokens, money = limit(20_000), limit(NANO, EVERYONE, unit=QuotaUnit.MONEY)
    wanted = Usage(60, RESERVED_ANSWER_TOKENS, "estimated")
    spender = Spender(user_id=person.pk, model="scripted", chat_model_id=two.main.pk)

    def only_ask(number: int) -> int | None:
        with transaction.atomic():
            return quotas.reserve(
                spender, purpose="reply", reference_id=number, wanted=wanted
            ).answer_tokens

    held = dict(enumerate(at_once(only_ask)))
    admitted = {number: int(str(most)) for number, most in held.items() if most is not None}
    reserved = {row.quota_id: row.reserved for row in QuotaCounter.objects.all()}
    assert len(admitted) == 10
    assert reserved[tokens] == 10 * (60 + RESERVED_ANSWER_TOKENS)

    async def answer_all() -> list[Usage]:
        endless = "[[stream tokens=1000000]]"
        async with open_desk(clock) as desk:
            asked = [
                make_request(endless, chat_model_id=two.main.pk, reserved=Reserved(n, None, most))
                for n, most in admitted.items()
            ]
            return await asyncio.gather(*(spend(desk, request) for request in asked))

    for number, used in zip(admitted, async_to_sync(answer_all)(), strict=True):
        rate = prices.price_at(model="scripted", chat_model_id=two.main.pk)
        call = Call(
            user_id=person.pk, purpose="reply", reference_id=number, model="scripted", rate=rate
        )
        usage.record_call(call, usage=used, outcome="x", first_token_ms=None, duration_ms=1)
        assert used.completion_tokens == RESERVED_ANSWER_TOKENS
    counters = {row.quota_id: row for row in QuotaCounter.objects.all()}
    assert 20_000 < counters[tokens].used <= reserved[tokens]
    assert 0 < counters[money].used <= reserved[money]
    assert {row.reserved for row in counters.values()} == {0}
