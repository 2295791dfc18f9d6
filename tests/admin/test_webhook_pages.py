"""Admins make a webhook, see its secret once, test it and look at what came of it."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import Settings

from apps.users.models import User
from apps.webhooks.constants import EventType
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint
from apps.webhooks.services import outbox
from tests.support.receiver import Reaction, Receiver
from tests.webhooks.conftest import deliver, listen
from tests.webhooks.conftest import receiver as receiver

pytestmark = pytest.mark.django_db
LIST = "/admin/webhooks/webhookendpoint/"
WANTED = {
    "url": "https://93.184.216.34/hook",
    "description": "Chat room",
    "event_types": ["case.opened"],
    "reason": "Asked for.",
}


def test_the_secret_is_shown_on_the_page_that_makes_it_and_nowhere_again(as_admin: Client) -> None:
    made = as_admin.post(f"{LIST}new/", WANTED)
    secret = re.search(r'value="(whsec_[^"]+)"', made.content.decode())
    assert secret is not None
    assert "no-store" in made["Cache-Control"]
    endpoint = WebhookEndpoint.objects.get()
    for url in (LIST, f"{LIST}{endpoint.pk}/change/", "/admin/"):
        page = as_admin.get(url).content.decode()
        assert secret.group(1) not in page
        assert "Chat room" in page or url == "/admin/"


def test_an_address_inside_is_refused_beside_its_field(as_admin: Client) -> None:
    page = as_admin.post(f"{LIST}new/", {**WANTED, "url": "https://169.254.169.254/"})
    assert page.status_code == 400
    assert "addresses inside a network are never called" in page.content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_a_webhook_is_tested_switched_and_sent_again_by_buttons(
    as_admin: Client, admin: User, receiver: Receiver
) -> None:
    endpoint = listen(admin, receiver).endpoint
    row = f"{LIST}{endpoint.pk}/"
    as_admin.post(f"{row}test/")
    receiver.react(Reaction(500, b"<b>no</b>"))
    deliver()
    failed = WebhookDelivery.objects.get()
    page = as_admin.get(f"/admin/webhooks/webhookdelivery/{failed.pk}/change/").content.decode()
    assert "&lt;b&gt;no&lt;/b&gt;" in page
    assert "Refused by the receiver" in page
    WebhookDelivery.objects.update(state="failed")
    as_admin.post(f"{row}redeliver/", {"since": "2020-01-01T00:00", "reason": "Mended."})
    deliver()
    failed.refresh_from_db()
    assert failed.state == "delivered"
    again = f"/admin/webhooks/webhookdelivery/{failed.pk}/redeliver/"
    as_admin.post(again, {"reason": "Lost there."})
    deliver()
    assert len(receiver.received) == 3
    as_admin.post(f"{row}switch_off/", {"reason": "For a while."})
    endpoint.refresh_from_db()
    assert not endpoint.is_enabled
    as_admin.post(f"{row}switch_on/", {"reason": "Back."})
    outbox.emit(EventType.USER_LIFTED, {"user_id": 1})
    as_admin.post(f"{row}remove/", {"reason": "Done."})
    deliver()
    assert len(receiver.received) == 3


def test_admins_see_on_their_overview_that_a_webhook_is_off(
    as_admin: Client, as_moderator: Client, admin: User, settings: Settings
) -> None:
    assert "Webhooks off" not in as_admin.get("/admin/").content.decode()
    WebhookEndpoint.objects.create(url="https://a.example/", event_types=[], is_enabled=False)
    assert "Webhooks off" in as_admin.get("/admin/").content.decode()
    assert "Webhooks off" not in as_moderator.get("/admin/").content.decode()
