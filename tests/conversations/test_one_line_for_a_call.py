"""A worker that lost its lease and whoever ends its answer never both write down the same call."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, transaction
from django.utils import timezone

from apps.conversations.models import Reply
from apps.conversations.services import leases, lost
from apps.conversations.services.leases import Claim
from apps.llm.errors import UpstreamError
from apps.llm.gateway.contract import Usage
from apps.llm.models import QuotaCounter, Reservation, UsageRecord
from apps.llm.services import catalogue, stand_ins
from apps.users.models import User
from tests.conversations.test_order_of_locks import is_waited_for
from tests.conversations.test_standing_in import quota, second, send, two  # noqa: F401  fixtures
from tests.llm.services.conftest import Two

pytestmark = pytest.mark.django_db(transaction=True)
USED = Usage(11, 2, "reported")


@pytest.fixture
def claim(person: User, two: Two) -> Claim:  # noqa: F811
    """An answer whose model failed after it may have used something, and whose lease has passed."""
    turn = async_to_sync(send)(person)
    taken = leases.claim(reply_id=turn.reply.pk, owner="a worker")
    assert taken is not None
    let_the_lease_pass()
    return taken


def let_the_lease_pass() -> None:
    passed = timezone.now() - timedelta(seconds=1)
    Reply.objects.update(is_asked=True, lease_expires_at=passed)


def admit(claim: Claim, two: Two) -> stand_ins.Admitted | stand_ins.Skip:  # noqa: F811
    former = stand_ins.Unsettled(
        request=claim.request, error=UpstreamError(), usage=USED, duration=timedelta(seconds=1)
    )
    return stand_ins._admit(claim.request, catalogue.read().models[two.spare.pk], former)


def assert_one_line() -> None:
    line = UsageRecord.objects.get()
    assert line.model == "scripted"
    counter = QuotaCounter.objects.get()
    assert (counter.used, counter.reserved) == (line.prompt_tokens + line.completion_tokens, 0)
    assert not Reservation.objects.exists()


def test_who_admits_a_stand_in_while_the_reaper_ends_the_answer_waits_and_writes_nothing(
    claim: Claim,
    two: Two,  # noqa: F811
) -> None:
    def admits() -> stand_ins.Admitted | stand_ins.Skip:
        try:
            return admit(claim, two)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert lost.reap(reply_ids=[claim.reply_id], live_texts={}) == [claim.reply_id]
            worker = pool.submit(admits)
            assert any(is_waited_for() for _ in range(1_000))
        assert worker.result(20) == stand_ins.Skip.LOST
    assert_one_line()


def test_the_reaper_leaves_an_answer_alone_for_which_a_stand_in_is_being_admitted(
    claim: Claim,
    two: Two,  # noqa: F811
) -> None:
    is_admitted, may_end = threading.Event(), threading.Event()

    def admits() -> stand_ins.Admitted | stand_ins.Skip:
        try:
            with transaction.atomic():
                admitted = admit(claim, two)
                is_admitted.set()
                assert may_end.wait(20)
                return admitted
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        worker = pool.submit(admits)
        assert is_admitted.wait(20)
        assert lost.reap(reply_ids=[claim.reply_id], live_texts={}) == []
        may_end.set()
        assert isinstance(worker.result(20), stand_ins.Admitted)
    assert lost.reap(reply_ids=[claim.reply_id], live_texts={}) == []
    let_the_lease_pass()
    assert lost.reap(reply_ids=[claim.reply_id], live_texts={}) == [claim.reply_id]
    assert_one_line()
