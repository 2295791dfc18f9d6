"""What a quota does to an answer, and what its person is told."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from apps.conversations import guardrails
from apps.conversations.constants import CUT_BY_QUOTA_NOTICE
from apps.conversations.errors import ReplyOutOfQuotaError
from apps.conversations.services import (
    asking,
    following,
    leases,
    presenting,
    turns,
)
from apps.llm.constants import (
    NANO,
    RESERVED_ANSWER_TOKENS,
    Period,
    QuotaKind,
    QuotaUnit,
)
from apps.llm.errors import ModelUnpricedError
from apps.llm.gateway.contract import Usage
from apps.llm.services import catalogue, quota_setting
from apps.llm.services.quota_setting import Limit, Subject, set_quota
from apps.users.models import User
from tests.conversations.conftest import read_reply, running_worker
from tests.conversations.money import (
    assert_settled,
    send,
)
from tests.factories import ApiTokenFactory
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("has_a_price")]


async def test_a_token_without_quota_is_refused_at_once_with_the_time_to_wait(
    person: User,
) -> None:
    token = await sync_to_async(ApiTokenFactory)(user=person)
    wanted = Limit(unit=QuotaUnit.TOKENS, period=Period.HOUR, amount=0)
    subject = Subject(QuotaKind.TOKEN, token.pk)
    await sync_to_async(set_quota)(actor=None, subject=subject, limit=wanted)
    turn = await send(person, "hello", token_id=token.pk)
    assert (turn.reply.state, turn.reply.error_code) == ("out_of_quota",) * 2
    assert (await read_reply(turn.reply.pk)).notice.startswith("This API token has used up")
    with pytest.raises(ReplyOutOfQuotaError) as caught:
        asking.ensure_admitted(turn)
    assert 0 < (caught.value.retry_after_seconds or 0) <= 3_600
    assert (await send(person, "by the page")).reply.state == "queued"


async def test_waiting_is_not_promised_to_help_where_the_model_has_no_price(
    person: User, settings: Settings
) -> None:
    settings.OPENAI_MODEL = "without-a-price"
    wanted = Limit(unit=QuotaUnit.MONEY, period=Period.HOUR, amount=NANO)
    await sync_to_async(set_quota)(actor=None, subject=Subject(QuotaKind.EVERYONE), limit=wanted)
    turn = await send(person, "hello")
    assert (turn.reply.state, turn.reply.error_code) == ("out_of_quota", "model_unpriced")
    with pytest.raises(ModelUnpricedError) as caught:
        asking.ensure_admitted(turn)
    assert (caught.value.status_code, caught.value.retry_after_seconds) == (403, None)
    finished = [event async for event in following.follow(viewer=person, reply_id=turn.reply.pk)]
    error = asking.error_of_end(finished[-1])  # type: ignore[arg-type]
    assert (error.code, error.message) == ("model_unpriced", turn.reply.notice)


async def test_a_passed_soft_quota_is_said_where_the_answer_ends_well(
    person: User, upstream: ScriptedUpstream
) -> None:
    wanted = Limit(unit=QuotaUnit.TOKENS, period=Period.DAY, amount=0, is_hard=False)
    await sync_to_async(set_quota)(actor=None, subject=Subject(QuotaKind.EVERYONE), limit=wanted)
    async with running_worker() as worker:
        good = await worker.finish((await send(person, "[[stream tokens=3]]")).reply.pk)
        bad = await worker.finish((await send(person, "[[status status=500]]")).reply.pk)
    assert good.notice.startswith("You have passed the allowance of 0 tokens for this day.")
    assert "passed the allowance" not in bad.notice


async def test_an_answer_ends_at_what_a_hard_quota_has_reserved_for_it_and_says_so(
    person: User, upstream: ScriptedUpstream, quota: int
) -> None:
    async with running_worker() as worker:
        reply = await worker.finish((await send(person, "[[stream tokens=90000]]")).reply.pk)
        await assert_settled(reply)
        await sync_to_async(quota_setting.end_quota)(actor=None, quota_id=quota)
        free = await worker.finish((await send(person, "[[stream tokens=2100]]")).reply.pk)
    assert [request.body.get("max_tokens") for request in upstream.requests] == [
        RESERVED_ANSWER_TOKENS,
        None,
    ]
    assert (reply.state, reply.finish_reason) == ("complete", "length")
    assert reply.completion_tokens == RESERVED_ANSWER_TOKENS
    assert presenting.reply_notice(reply) == CUT_BY_QUOTA_NOTICE
    assert (free.completion_tokens, free.notice) == (2_100, "")


@pytest.mark.parametrize("limit", [40, 5_000])
async def test_a_closer_limit_of_answers_is_what_is_reserved_and_no_quota_is_blamed(
    person: User, upstream: ScriptedUpstream, quota: int, settings: Settings, limit: int
) -> None:
    settings.LLM_MAX_COMPLETION_TOKENS = limit
    catalogue.forget()
    async with running_worker() as worker:
        reply = await worker.finish((await send(person, "[[stream tokens=90000]]")).reply.pk)
    assert upstream.requests[0].body["max_tokens"] == limit
    assert (reply.finish_reason, reply.notice) == ("length", "")
    await assert_settled(reply)


async def test_a_soft_quota_ends_no_answer_early(person: User, upstream: ScriptedUpstream) -> None:
    wanted = Limit(unit=QuotaUnit.TOKENS, period=Period.DAY, amount=10**6, is_hard=False)
    await sync_to_async(set_quota)(actor=None, subject=Subject(QuotaKind.EVERYONE), limit=wanted)
    async with running_worker() as worker:
        reply = await worker.finish((await send(person, "[[stream tokens=2500]]")).reply.pk)
    assert (reply.completion_tokens, reply.finish_reason) == (2_500, "stop")


def statements_of_a_turn(person: User) -> int:
    """Return how many statements store a turn and its end."""
    request = turns.TurnRequest(conversation_id=None, content="hello")
    known = catalogue.read()
    with CaptureQueriesContext(connection) as storing:
        turn = turns._store_turn(person, request, guardrails.NOTHING_FOUND, known)
    claim = leases.claim(reply_id=turn.reply.pk, owner="me")
    assert claim is not None
    usage = Usage(1, 1, "reported")
    ending = leases.Ending(state="complete", text="Hi.", usage=usage)  # type: ignore[arg-type]
    with CaptureQueriesContext(connection) as ending_it:
        assert leases.finish(claim=claim, owner="me", ending=ending)
    return len(storing) + len(ending_it)


def test_a_quota_costs_a_turn_one_statement_and_its_settlement_none(person: User) -> None:
    plain = statements_of_a_turn(person)
    wanted = Limit(unit=QuotaUnit.MONEY, period=Period.MONTH, amount=10**15)
    set_quota(actor=None, subject=Subject(QuotaKind.EVERYONE), limit=wanted)
    statements_of_a_turn(person)
    assert statements_of_a_turn(person) == plain + 1
