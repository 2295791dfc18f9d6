"""A receiver on this machine, an admin, and a courier that delivers what is due."""

from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone
from pytest_django import Settings

from apps.users.models import User
from apps.webhooks.constants import EventType
from apps.webhooks.gateway.client import WebhookClient
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint
from apps.webhooks.services import endpoints
from apps.webhooks.services.courier import Courier
from apps.webhooks.services.endpoints import WithSecret
from tests.factories import UserFactory
from tests.support.receiver import Receiver


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """A program that is told, on this machine, which is allowed for it."""
    settings.WEBHOOKS_ALLOW_LOOPBACK = True
    with Receiver() as started:
        yield started


@pytest.fixture
def admin(db: None) -> User:
    """Somebody who manages webhooks."""
    made: User = UserFactory(admin=True)
    return made


def listen(admin: User, receiver: Receiver, *event_types: str, **values: Any) -> WithSecret:
    """Make a webhook that listens to these events, or to all."""
    return endpoints.create_endpoint(
        actor=admin,
        url=values.pop("url", receiver.url),
        event_types=list(event_types) or list(EventType.values),
        **values,
    )


def deliver(client: WebhookClient | None = None) -> None:
    """Deliver what is due, as a worker would, until nothing is."""
    async_to_sync(Courier(client=client).settle)()


def make_due(**which: Any) -> None:
    """Let the time pass that deliveries wait for."""
    WebhookDelivery.objects.pending().filter(**which).update(next_at=timezone.now())
    WebhookEndpoint.objects.update(rests_until=None)
