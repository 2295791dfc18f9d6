"""Whoever settles several calls locks their counters in the order of everybody else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from apps.conversations import conversation_belongings
from apps.conversations.models import Reply
from apps.conversations.services import settling, stopping
from apps.llm.constants import Period, QuotaKind, QuotaUnit
from apps.llm.gateway.contract import Usage
from apps.llm.models import QuotaCounter, Reservation
from apps.llm.services import quotas
from apps.llm.services.quota_setting import Limit, Subject, set_quota
from apps.llm.services.quotas import Spender
from apps.users.models import User
from tests.factories import ReplyFactory

pytestmark = pytest.mark.django_db(transaction=True)


def two_answers(person: User, state: str) -> list[Reply]:
    """Make two answers of one person; the later one reserves of the earlier counter."""
    wanted = Limit(unit=QuotaUnit.TOKENS, period=Period.DAY, amount=100_000)
    replies = [
        ReplyFactory(message__conversation__owner=person, model=model, **{state: True})
        for model in ("early", "late")
    ]
    for reply in reversed(replies):
        subject = Subject(QuotaKind.MODEL, model_name=reply.model)
        set_quota(actor=None, subject=subject, limit=wanted)
        with transaction.atomic():
            quotas.reserve(
                Spender(user_id=person.pk, model=reply.model),
                purpose="reply",
                reference_id=reply.pk,
                wanted=Usage(10, 10, "estimated"),
            )
    return replies


def is_waited_for() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_sleep(0.01), EXISTS (SELECT FROM pg_stat_activity"
            " WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[1])


def settle_as_lost(reply_ids: list[int]) -> None:
    settling.settle_lost(reply_ids, settling.note_lost(reply_ids, kept_back={}))


@pytest.mark.parametrize(
    ("state", "settle"),
    [
        ("running", lambda _, replies: settle_as_lost([one.pk for one in replies])),
        ("queued", lambda person, _: stopping.stop_all_of(actor=person)),
        (
            "queued",
            lambda person, _: conversation_belongings.ConversationsOfPerson().part_with(
                user_id=person.pk
            ),
        ),
    ],
    ids=["the reaper", "who stops all", "an account that goes"],
)
def test_two_that_settle_the_same_counters_never_wait_for_each_other(
    person: User, state: str, settle: Callable[[User, list[Reply]], object]
) -> None:
    replies = two_answers(person, state)
    low, high = QuotaCounter.objects.order_by("pk").values_list("pk", flat=True)
    has_low = threading.Event()

    def lock(number: int) -> None:
        list(QuotaCounter.objects.filter(pk=number).select_for_update().values_list("pk"))

    def reserves() -> None:
        try:
            with transaction.atomic():
                lock(low)
                has_low.set()
                assert any(is_waited_for() for _ in range(1_000))
                lock(high)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(reserves)
        assert has_low.wait(10)
        with transaction.atomic():
            settle(person, replies)
        other.result(20)
    assert Reservation.objects.count() == 0
    assert set(QuotaCounter.objects.values_list("reserved", flat=True)) == {0}
