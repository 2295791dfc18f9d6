"""A title counts for the person, once, and for nothing where no model was asked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.utils import timezone

from apps.conversations.services import (
    titles,
)
from apps.conversations.services.title_requests import MAX_TITLE_TOKENS
from apps.llm.constants import (
    Period,
    QuotaKind,
    QuotaUnit,
)
from apps.llm.gateway.contract import Completion, Usage
from apps.llm.models import QuotaCounter, Reservation, UsageRecord
from apps.llm.services.quota_setting import Limit, Subject, set_quota
from apps.users.models import User
from project.worker import upkeep
from tests.conversations.conftest import running_worker
from tests.conversations.money import (
    counted,
    send,
)
from tests.factories import ApiTokenFactory
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("has_a_price")]


async def test_titles_count_for_the_person_and_are_settled_at_once(
    person: User, upstream: ScriptedUpstream, quota: int
) -> None:
    turn = await send(person, "hello")
    reserved = (await counted())[1]
    request = await sync_to_async(titles._begin)(turn.conversation.pk)
    assert request is not None
    assert (await counted())[1] > reserved + MAX_TITLE_TOKENS
    done = Completion("A title", "stop", "scripted", Usage(30, 5, "reported"))
    await sync_to_async(titles._store)(turn.conversation.pk, request, done, "A title", 20)
    assert await counted() == (35, reserved)
    line = await UsageRecord.objects.aget(purpose="title")
    assert line.cost_nano == 30 * 1_000 + 5 * 2_000


@sync_to_async
def title_lines() -> list[tuple[object, ...]]:
    columns = ("api_token_id", "outcome", "source", "completion_tokens")
    return list(UsageRecord.objects.filter(purpose="title").values_list(*columns))


@pytest.mark.parametrize(
    ("script", "outcome", "written"),
    [("error_event after=0", "upstream_error", 0), ("cut after=4", "upstream_cut", 6)],
)
async def test_a_title_counts_for_the_token_of_the_first_answer_and_where_it_breaks_off(
    person: User, upstream: ScriptedUpstream, script: str, outcome: str, written: int
) -> None:
    token = await sync_to_async(ApiTokenFactory)(user=person)
    wanted = Limit(unit=QuotaUnit.TOKENS, period=Period.HOUR, amount=100_000)
    await sync_to_async(set_quota)(
        actor=None, subject=Subject(QuotaKind.TOKEN, token.pk), limit=wanted
    )
    turn = await send(person, f"hello [[{script}]]", token_id=token.pk)
    reserved = (await counted())[1]
    async with running_worker() as worker:
        gateway = worker.runtime.gateway
        await titles.generate_title(conversation_id=turn.conversation.pk, gateway=gateway)
    assert await title_lines() == [(token.pk, outcome, "estimated", written)]
    line = await UsageRecord.objects.aget()
    assert await counted() == (line.prompt_tokens + line.completion_tokens, reserved)


@pytest.mark.parametrize("finds_it", ["another job", "the upkeep"])
async def test_a_title_whose_worker_was_lost_costs_an_estimate_once(
    person: User, upstream: ScriptedUpstream, quota: int, finds_it: str
) -> None:
    turn = await send(person, "hello")
    reserved = (await counted())[1]
    assert await sync_to_async(titles._begin)(turn.conversation.pk) is not None
    if finds_it == "another job":
        assert await sync_to_async(titles._begin)(turn.conversation.pk) is not None
        assert (await counted())[1] > reserved
    await Reservation.objects.aupdate(created_at=timezone.now() - timedelta(hours=2))
    await upkeep.settle_quotas()
    line = (None, "worker_lost", "estimated", 0)
    assert await title_lines() == [line] * (2 if finds_it == "another job" else 1)
    assert (await counted())[1] == reserved


def take_title() -> int | None:
    """Take a job as a worker would; None where none of those that wait may be taken."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM procrastinate_fetch_job_v2(ARRAY['background'], NULL)")
        number: int | None = cursor.fetchone()[0]
        return number


def remove_jobs(condition: str = "TRUE") -> None:
    """Remove jobs; no test's end does, as Django does not manage their table."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM procrastinate_jobs WHERE {condition}")


def test_one_conversation_is_named_by_one_job_at_a_time() -> None:
    remove_jobs()
    for conversation_id in (5, 5, 6):
        titles.queue_title(conversation_id=conversation_id)
    first, other = take_title(), take_title()
    assert first is not None
    assert (other, take_title()) == (first + 2, None)
    remove_jobs(f"id = {first}")
    assert take_title() == first + 1


async def test_a_title_that_is_refused_or_that_no_quota_has_room_for_costs_nothing(
    person: User, upstream: ScriptedUpstream, quota: int
) -> None:
    turn = await send(person, "hello [[status status=500]]")
    reserved = (await counted())[1]
    async with running_worker() as worker:
        gateway = worker.runtime.gateway
        await titles.generate_title(conversation_id=turn.conversation.pk, gateway=gateway)
        assert await counted() == (0, reserved)
        await QuotaCounter.objects.aupdate(used=100_000)
        asked = len(upstream.requests)
        await titles.generate_title(conversation_id=turn.conversation.pk, gateway=gateway)
    assert await counted() == (100_000, reserved)
    assert len(upstream.requests) == asked
