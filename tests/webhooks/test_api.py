"""Webhooks over the API: for admins, with the scope for staff."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from apps.audit.models import AuditEvent
from apps.users.models import User
from apps.webhooks.constants import MAX_ENDPOINTS, EventType
from apps.webhooks.errors import WebhookLimitError
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint
from apps.webhooks.services import endpoints, outbox
from tests.factories import ApiTokenFactory, UserFactory
from tests.llm.services.test_quotas import at_once
from tests.support.receiver import Receiver
from tests.webhooks.conftest import deliver, listen

pytestmark = pytest.mark.django_db
WEBHOOKS = "/api/v1/webhooks"
WANTED = {"url": "https://93.184.216.34/hook", "event_types": ["case.opened"]}


def client_of(user: User, *scopes: str) -> Client:
    token = ApiTokenFactory(user=user, scopes=list(scopes or ("staff",)))
    return Client(headers={"Authorization": f"Bearer {token.secret}"})


def send(client: Client, method: str, path: str = "", body: Any = None) -> Any:
    return client.generic(
        method, f"{WEBHOOKS}{path}", "" if body is None else _json(body), "application/json"
    )


def _json(body: Any) -> bytes:
    import orjson

    return orjson.dumps(body)


def test_a_webhook_is_made_read_changed_and_removed(admin: User) -> None:
    client = client_of(admin)
    made = send(client, "POST", "", {**WANTED, "description": " Chat ", "reason": "Asked for."})
    assert made.status_code == 201
    data = made.json()["data"]
    secret = data.pop("secret")
    assert secret.startswith("whsec_")
    assert data == {
        "id": data["id"],
        **WANTED,
        "description": "Chat",
        "is_enabled": True,
        "off_because": "",
        "failing_since": None,
        "accepted_at": None,
        "created_at": data["created_at"],
    }
    path = f"/{data['id']}"
    assert send(client, "GET").json()["data"] == {"items": [data], "next_cursor": None}
    assert send(client, "GET", path).json()["data"] == data
    changed = send(client, "PATCH", path, {"is_enabled": False, "event_types": ["user.lifted"]})
    assert changed.json()["data"] == {
        **data,
        "is_enabled": False,
        "event_types": ["user.lifted"],
        "off_because": "Switched off by staff.",
    }
    assert send(client, "DELETE", path).status_code == 200
    assert send(client, "GET", path).json()["code"] == "webhook_not_found"
    assert send(client, "GET").json()["data"]["items"] == []
    done = AuditEvent.objects.filter(target_type="webhookendpoint").order_by("pk")
    assert list(done.values_list("action", "reason")) == [
        ("webhook.created", "Asked for."),
        ("webhook.changed", ""),
        ("webhook.removed", ""),
    ]


def test_the_record_keeps_no_secret_that_a_receiver_has_in_its_address(admin: User) -> None:
    url = "https://93.184.216.34/hook?token=s3cret"
    client = client_of(admin)
    path = f"/{send(client, 'POST', '', {**WANTED, 'url': url}).json()['data']['id']}"
    assert send(client, "POST", f"{path}/test").status_code == 202
    assert send(client, "PATCH", path, {"description": "Pager"}).status_code == 200
    told = [event.data["url"] for event in AuditEvent.objects.filter(target_type="webhookendpoint")]
    assert told == ["https://93.184.216.34/hook?\u2026"] * 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "https://127.0.0.1/"},
        {"url": "ftp://receiver.example/"},
        {"event_types": []},
        {"event_types": ["message.sent"]},
        {"description": "a" * 201},
        {"secret": "mine"},
    ],
)
def test_what_does_not_fit_is_refused(admin: User, wrong: dict[str, Any]) -> None:
    response = send(client_of(admin), "POST", "", {**WANTED, **wrong})
    assert (response.status_code, response.json()["code"]) == (400, "validation_failed")
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.parametrize(
    ("who", "scopes", "code"),
    [
        ({"admin": True}, ["account", "chat"], "missing_scope"),
        ({"moderator": True}, ["staff"], "forbidden"),
        ({}, ["staff"], "forbidden"),
    ],
)
def test_only_admins_with_the_scope_for_staff_reach_any_of_it(
    admin: User, receiver: Receiver, who: dict[str, Any], scopes: list[str], code: str
) -> None:
    endpoint = listen(admin, receiver).endpoint
    outbox.emit(EventType.USER_LIFTED, {"user_id": 1})
    delivery = WebhookDelivery.objects.get()
    client = client_of(UserFactory(**who), *scopes)
    path = f"/{endpoint.pk}"
    since = {"since": timezone.now().isoformat()}
    calls = [
        ("GET", "", None),
        ("POST", "", WANTED),
        ("GET", path, None),
        ("PATCH", path, {"is_enabled": False}),
        ("DELETE", path, None),
        ("POST", f"{path}/secret", {}),
        ("POST", f"{path}/test", None),
        ("GET", f"{path}/deliveries", None),
        ("POST", f"{path}/redeliver", since),
        ("POST", f"/deliveries/{delivery.pk}/redeliver", {}),
    ]
    codes = {send(client, *call).json()["code"] for call in calls}
    assert codes == {code}
    assert list(WebhookEndpoint.objects.values_list("pk", "is_enabled")) == [(endpoint.pk, True)]


def test_a_test_event_arrives_and_is_listed(admin: User, receiver: Receiver) -> None:
    made = listen(admin, receiver, "case.opened")
    client = client_of(admin)
    path = f"/{made.endpoint.pk}"
    sent = send(client, "POST", f"{path}/test")
    assert sent.status_code == 202
    deliver()
    Webhook(made.secret).verify(receiver.received[0].body, receiver.received[0].headers)
    (item,) = send(client, "GET", f"{path}/deliveries?state=delivered").json()["data"]["items"]
    assert (item["id"], item["tries"]) == (sent.json()["data"]["id"], 1)
    assert item["event"]["type"] == "webhook.test"
    assert send(client, "GET", f"{path}/deliveries?state=failed").json()["data"]["items"] == []


def test_what_failed_is_sent_again_one_or_all(admin: User, receiver: Receiver) -> None:
    endpoint = listen(admin, receiver).endpoint
    client = client_of(admin)
    for number in range(3):
        outbox.emit(EventType.USER_LIFTED, {"user_id": number})
    WebhookDelivery.objects.update(state="failed", ended_at=timezone.now())
    first = WebhookDelivery.objects.order_by("pk")[0]
    again = f"/deliveries/{first.pk}/redeliver"
    assert send(client, "POST", again, {}).status_code == 200
    assert send(client, "POST", again, {}).json()["code"] == "delivery_pending"
    since = (timezone.now() - timedelta(hours=1)).isoformat()
    rest = send(client, "POST", f"/{endpoint.pk}/redeliver", {"since": since})
    assert rest.json()["data"] == {"count": 2}
    deliver()
    assert len(receiver.received) == 3
    unknown = send(client, "POST", "/deliveries/0/redeliver", {})
    assert unknown.json()["code"] == "delivery_not_found"


def test_a_new_secret_is_shown_once(admin: User, receiver: Receiver) -> None:
    made = listen(admin, receiver)
    client = client_of(admin)
    path = f"/{made.endpoint.pk}"
    secret = send(client, "POST", f"{path}/secret", {"reason": "Leaked."}).json()["data"]["secret"]
    assert secret not in (made.secret, "")
    assert secret not in send(client, "GET", path).content.decode()


def test_what_is_off_is_not_tested(admin: User, receiver: Receiver) -> None:
    endpoint = listen(admin, receiver).endpoint
    client = client_of(admin)
    send(client, "PATCH", f"/{endpoint.pk}", {"is_enabled": False})
    response = send(client, "POST", f"/{endpoint.pk}/test")
    assert (response.status_code, response.json()["code"]) == (409, "webhook_disabled")


@pytest.mark.django_db(transaction=True)
def test_there_is_an_end_to_how_many_and_two_at_once_do_not_pass_it(admin: User) -> None:
    types = ["case.opened"]
    WebhookEndpoint.objects.bulk_create(
        WebhookEndpoint(url=WANTED["url"], event_types=types) for _ in range(MAX_ENDPOINTS - 2)
    )

    def make(_: int) -> bool:
        try:
            endpoints.create_endpoint(actor=admin, url=WANTED["url"], event_types=types)
        except WebhookLimitError:
            return False
        return True

    assert sum(map(bool, at_once(make, times=12))) == 2
    assert WebhookEndpoint.objects.count() == MAX_ENDPOINTS
    response = send(client_of(admin), "POST", "", WANTED)
    assert (response.status_code, response.json()["code"]) == (409, "webhook_limit")
