"""Who stands in for a model that cannot answer is written down from the moment it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import cast

import pytest
from asgiref.sync import sync_to_async
from django.db.models import Sum
from django.utils import timezone
from pytest_django import Settings

from apps.conversations.constants import ReplyState
from apps.conversations.events import ReplyStarted
from apps.conversations.models import Reply
from apps.conversations.services import board, following, lost, turns
from apps.llm.constants import NANO, Period, QuotaKind, QuotaUnit
from apps.llm.models import Provider, QuotaCounter, Reservation, UsageDay, UsageRecord
from apps.llm.services import catalogue, pauses, prices
from apps.llm.services.desk import ModelDesk
from apps.llm.services.prices import PriceRequest
from apps.llm.services.quota_setting import Limit, Subject, set_quota
from apps.users.models import User
from tests.conversations.conftest import read_reply, running_worker
from tests.factories import UserFactory
from tests.llm.conftest import until
from tests.llm.services.conftest import Two, let_others_run, make_spare
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_scripts import Script

SPARE = "spare-at-the-provider"
BROKEN = Script("error_event", after=0)
REPORTED = Script(
    tokens=0, finish="", report='{"prompt_tokens":11,"completion_tokens":2,"total_tokens":13}'
)
REFUSED = Script("status", status=500)


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


@pytest.fixture
def quota(person: User) -> int:
    for name, nano in (("scripted", 2 * NANO), (SPARE, 3 * NANO)):
        wanted = PriceRequest(model_name=name, input_nano=nano, output_nano=nano)
        prices.add_price(actor=None, wanted=wanted)
    limit = Limit(unit=QuotaUnit.TOKENS, period=Period.DAY, amount=100_000)
    return set_quota(actor=None, subject=Subject(QuotaKind.EVERYONE), limit=limit).pk


@pytest.fixture
def two(
    quota: int, upstream: ScriptedUpstream, second: ScriptedUpstream, settings: Settings
) -> Two:
    settings.LLM_MAX_RETRIES = 0
    return make_spare(second.base_url)


@sync_to_async
def assert_lines(*wanted: tuple[str, str, str]) -> None:
    """The ledger has these lines, and the quota and the days of the person have their sum."""
    lines = list(UsageRecord.objects.order_by("pk"))
    assert [(line.model, line.outcome, line.source) for line in lines] == list(wanted)
    tokens = sum(line.prompt_tokens + line.completion_tokens for line in lines)
    counter = QuotaCounter.objects.get()
    assert (counter.used, counter.reserved) == (tokens, 0)
    assert not Reservation.objects.exists()
    days = UsageDay.objects.aggregate(calls=Sum("calls"), cost=Sum("cost_nano"))
    costs = [line.cost_nano or 0 for line in lines]
    assert (days["calls"] or 0, days["cost"] or 0) == (len(lines), sum(costs))
    assert all(line.cost_nano and line.prompt_tokens for line in lines)


async def send(person: User) -> turns.Turn:
    request = turns.TurnRequest(conversation_id=None, content="[[stream tokens=9]]")
    return await turns.start_turn(actor=person, request=request)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("scripts", "state", "lines"),
    [
        (
            (BROKEN, Script(tokens=9)),
            "complete",
            [("scripted", "upstream_error", "estimated"), (SPARE, "complete", "reported")],
        ),
        (
            (REPORTED, Script(tokens=9)),
            "complete",
            [("scripted", "upstream_truncated", "reported"), (SPARE, "complete", "reported")],
        ),
        ((BROKEN, REFUSED), "failed", [("scripted", "upstream_error", "estimated")]),
        ((REFUSED, BROKEN), "failed", [(SPARE, "upstream_error", "estimated")]),
        (
            (BROKEN, REPORTED),
            "failed",
            [("scripted", "upstream_error", "estimated"), (SPARE, "upstream_error", "reported")],
        ),
        ((REFUSED, Script(tokens=9)), "complete", [(SPARE, "complete", "reported")]),
    ],
)
async def test_every_model_that_may_have_used_something_has_a_line_of_its_own(
    person: User,
    two: Two,
    upstream: ScriptedUpstream,
    second: ScriptedUpstream,
    scripts: tuple[Script, Script],
    state: str,
    lines: list[tuple[str, str, str]],
) -> None:
    upstream.queue(scripts[0])
    second.queue(scripts[1])
    async with running_worker() as worker:
        reply = await worker.finish((await send(person)).reply.pk)
    assert (reply.state, len(second.requests)) == (state, 1)
    await assert_lines(*lines)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_lost", [False, True], ids=["stopped", "worker lost"])
@pytest.mark.parametrize(
    ("script", "lines"), [(BROKEN, [("scripted", "upstream_error", "estimated")]), (REFUSED, [])]
)
async def test_one_that_ends_while_it_waits_for_the_stand_in_is_settled_once(
    person: User,
    two: Two,
    upstream: ScriptedUpstream,
    second: ScriptedUpstream,
    script: Script,
    lines: list[tuple[str, str, str]],
    is_lost: bool,
) -> None:
    upstream.queue(script)
    row = Provider.objects.filter(pk=two.spare.provider_id)
    await row.aupdate(max_concurrency=1, max_waiting=5)
    catalogue.forget()
    async with running_worker() as worker:
        desk = cast("ModelDesk", worker.runtime.gateway)
        line = await desk.line((await catalogue.current()).providers[two.spare.provider_id])
        place = line._lane.enter(0)
        turn = await send(person)
        task = worker.begin(turn.reply.pk)
        async with asyncio.timeout(5):
            while not line._lane.waiting:
                await let_others_run()
        if is_lost:
            await worker.runtime._checkpoint()
            passed = timezone.now() - timedelta(seconds=1)
            await Reply.objects.aupdate(lease_expires_at=passed)
            await sync_to_async(lost.reap)(reply_ids=[turn.reply.pk], live_texts={})
        worker.runtime.running[turn.reply.pk].request_stop(ReplyState.STOPPED)
        await task
        place.leave()
    assert (await read_reply(turn.reply.pk)).state == ("interrupted" if is_lost else "stopped")
    assert second.requests == []
    await assert_lines(*lines)


def test_a_reader_is_told_once_of_each_model_that_is_asked() -> None:
    position = following._Position(7, 0)
    asked = ["scripted", "scripted", SPARE, SPARE]
    told = [event for model in asked for event in position.let_through(model)]
    assert told == [ReplyStarted(7, "scripted"), ReplyStarted(7, SPARE)]
    assert position.wait(2)
    assert position.let_through(SPARE) == [ReplyStarted(7, SPARE)]
