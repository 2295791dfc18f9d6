"""The courier of a worker hears of what is due, and finds what it did not hear of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from apps.users.models import User
from apps.webhooks.constants import EventType
from apps.webhooks.models import WebhookDelivery
from apps.webhooks.services import outbox
from apps.webhooks.services.courier import Courier
from tests.support.processes import wait_until
from tests.support.receiver import Reaction, Receiver
from tests.webhooks.conftest import listen

pytestmark = pytest.mark.django_db(transaction=True)
NEVER = 600.0


@asynccontextmanager
async def courier(*, look_seconds: float) -> AsyncIterator[None]:
    running = Courier(look_seconds=look_seconds)
    running.start()
    try:
        yield
    finally:
        await running.aclose()


async def arrived(receiver: Receiver, count: int) -> None:
    await asyncio.to_thread(
        lambda: wait_until(lambda: len(receiver.received) >= count, seconds=10, what="a message")
    )


@sync_to_async
def emit(count: int = 1) -> None:
    for number in range(count):
        outbox.emit(EventType.USER_LIFTED, {"user_id": number})


async def test_a_fact_arrives_by_the_word_of_its_commit_alone(
    transactional_db: None, receiver: Receiver
) -> None:
    await sync_to_async(_listen)(receiver)
    async with courier(look_seconds=NEVER):
        await emit()
        await arrived(receiver, 1)
        await emit(20)
        await arrived(receiver, 21)


async def test_what_is_due_later_is_found_by_looking(
    transactional_db: None, receiver: Receiver
) -> None:
    await sync_to_async(_listen)(receiver)
    receiver.react(Reaction(500))
    async with courier(look_seconds=0.1):
        await emit()
        await arrived(receiver, 1)
        await sync_to_async(_let_time_pass)()
        await arrived(receiver, 2)


def _listen(receiver: Receiver) -> None:
    admin = User.objects.create_superuser("ada@example.com", name="Ada")
    listen(admin, receiver)


def _let_time_pass() -> None:
    wait_until(
        lambda: bool(
            WebhookDelivery.objects.pending()
            .filter(attempts__isnull=False)
            .update(next_at=timezone.now())
        ),
        seconds=10,
        what="an attempt that was written down",
    )
