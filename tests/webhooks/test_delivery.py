"""From a fact to its receiver: signed, tried again, given up, told once more."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from apps.audit.models import AuditEvent
from apps.users.models import User
from apps.users.services import admin_mail
from apps.webhooks import constants
from apps.webhooks.constants import EventType
from apps.webhooks.errors import DeliveryPendingError, SecretOverlapError, WebhookDisabledError
from apps.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent
from apps.webhooks.services import attempts, deliveries, endpoints, outbox
from tests.support.receiver import Reaction, Receiver
from tests.webhooks.conftest import deliver, listen, make_due

FACT = {"user_id": 7, "kind": "suspension"}


def suspended() -> None:
    outbox.emit(EventType.USER_SUSPENDED, FACT)


def test_a_fact_arrives_signed_as_a_verifier_of_standard_webhooks_reads_it(
    admin: User, receiver: Receiver
) -> None:
    made = listen(admin, receiver, "user.suspended")
    suspended()
    deliver()
    (request,) = receiver.received
    event = WebhookEvent.objects.get()
    payload = Webhook(made.secret).verify(request.body, request.headers)
    assert payload == {
        "type": "user.suspended",
        "timestamp": event.created_at.isoformat().replace("+00:00", "Z"),
        "data": FACT,
    }
    assert request.headers["webhook-id"] == f"msg_{event.pk.hex}"
    assert request.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Webhook(made.secret).verify(request.body + b" ", request.headers)
    attempt = WebhookAttempt.objects.get()
    assert (attempt.outcome, attempt.status, attempt.response) == ("accepted", 200, "ok")
    assert WebhookDelivery.objects.get().state == "delivered"


def test_only_who_listens_is_told(admin: User, receiver: Receiver) -> None:
    listen(admin, receiver, "case.opened")
    off = listen(admin, receiver, "user.suspended").endpoint
    endpoints.change_endpoint(actor=admin, endpoint_id=off.pk, changes={"is_enabled": False})
    suspended()
    deliver()
    assert receiver.received == []
    assert (WebhookEvent.objects.count(), WebhookDelivery.objects.count()) == (0, 0)


def test_a_refused_fact_is_tried_again_under_the_same_id_with_the_same_bytes(
    admin: User, receiver: Receiver
) -> None:
    made = listen(admin, receiver)
    receiver.react(Reaction(500, b"later"), Reaction(503))
    suspended()
    before = timezone.now()
    deliver()
    assert len(receiver.received) == 1
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.tries) == ("pending", 1)
    assert timedelta(seconds=5) <= delivery.next_at - before < timedelta(seconds=10)
    for _ in range(2):
        make_due()
        deliver()
    bodies = {one.body for one in receiver.received}
    ids = {one.headers["webhook-id"] for one in receiver.received}
    assert (len(receiver.received), len(bodies), len(ids)) == (3, 1, 1)
    for request in receiver.received:
        Webhook(made.secret).verify(request.body, request.headers)
    logged = WebhookAttempt.objects.order_by("pk").values_list("outcome", "status", "response")
    assert list(logged) == [
        ("refused", 500, "later"),
        ("refused", 503, "ok"),
        ("accepted", 200, "ok"),
    ]
    assert WebhookEndpoint.objects.get().failing_since is None


def test_the_waits_grow_over_more_than_a_day_and_never_repeat() -> None:
    waits = [attempts.wait_after(tries) for tries in range(1, len(constants.RETRY_SECONDS) + 1)]
    assert all(later > 1.3 * sooner for sooner, later in pairwise(waits[:6]))
    least = timedelta(seconds=sum(constants.RETRY_SECONDS))
    assert timedelta(days=1) < least < timedelta(days=1.5)
    assert len({attempts.wait_after(3) for _ in range(5)}) == 5
    for wait, seconds in zip(waits, constants.RETRY_SECONDS, strict=True):
        assert timedelta(seconds=seconds) <= wait <= timedelta(seconds=1.2 * seconds)


def test_what_is_never_accepted_is_given_up_and_can_be_told_again(
    admin: User, receiver: Receiver
) -> None:
    listen(admin, receiver)
    attempts_made = len(constants.RETRY_SECONDS) + 1
    receiver.react(*[Reaction(500)] * attempts_made)
    suspended()
    for _ in range(attempts_made + 1):
        make_due()
        deliver()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.tries) == ("failed", attempts_made)
    assert len(receiver.received) == attempts_made

    deliveries.redeliver(actor=admin, delivery_id=delivery.pk, reason="Mended.")
    with pytest.raises(DeliveryPendingError):
        deliveries.redeliver(actor=admin, delivery_id=delivery.pk)
    deliver()
    delivery.refresh_from_db()
    assert delivery.state == "delivered"
    assert receiver.received[-1].body == receiver.received[0].body
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.reason) == ("webhook.redelivered", "Mended.")


def test_everything_that_was_given_up_since_a_moment_is_told_again_at_once(
    admin: User, receiver: Receiver
) -> None:
    endpoint = listen(admin, receiver).endpoint
    for _ in range(3):
        suspended()
    rows = WebhookDelivery.objects.order_by("pk")
    now = timezone.now()
    rows.update(state="failed", ended_at=now)
    first = rows[0]
    WebhookDelivery.objects.filter(pk=first.pk).update(created_at=now - timedelta(days=2))
    count = deliveries.redeliver_failed(
        actor=admin, endpoint_id=endpoint.pk, since=now - timedelta(days=1)
    )
    deliver()
    assert (count, len(receiver.received)) == (2, 2)
    first.refresh_from_db()
    assert first.state == "failed"


def test_one_fact_that_is_refused_holds_up_no_other(admin: User, receiver: Receiver) -> None:
    listen(admin, receiver)
    receiver.react(Reaction(500))
    for number in range(6):
        outbox.emit(EventType.USER_LIFTED, {"user_id": number})
    deliver()
    make_due()
    deliver()
    told = [event["data"]["user_id"] for event in receiver.events()]  # type: ignore[index]
    assert sorted(told)[:1] == [0]
    assert set(told) == set(range(6))
    assert len(told) == 7


def test_a_receiver_that_is_away_holds_up_no_other(admin: User, receiver: Receiver) -> None:
    away = listen(admin, receiver, url="http://127.0.0.1:9/").endpoint
    listen(admin, receiver)
    for _ in range(10):
        suspended()
    deliver()
    assert len(receiver.received) == 10
    assert WebhookDelivery.objects.of(away.pk).pending().count() == 10


def test_during_a_change_of_secret_both_verify_and_then_the_new_one_alone(
    admin: User, receiver: Receiver
) -> None:
    old = listen(admin, receiver)
    new = endpoints.rotate_secret(actor=admin, endpoint_id=old.endpoint.pk, reason="Leaked.")
    assert new.secret != old.secret
    suspended()
    deliver()
    for made in (old, new):
        Webhook(made.secret).verify(receiver.received[0].body, receiver.received[0].headers)
    WebhookEndpoint.objects.update(former_until=timezone.now())
    suspended()
    deliver()
    Webhook(new.secret).verify(receiver.received[1].body, receiver.received[1].headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old.secret).verify(receiver.received[1].body, receiver.received[1].headers)


def test_the_former_secret_keeps_its_day_against_a_second_change(
    admin: User, receiver: Receiver
) -> None:
    old = listen(admin, receiver)
    endpoints.rotate_secret(actor=admin, endpoint_id=old.endpoint.pk)
    with pytest.raises(SecretOverlapError):
        endpoints.rotate_secret(actor=admin, endpoint_id=old.endpoint.pk)
    suspended()
    deliver()
    Webhook(old.secret).verify(receiver.received[0].body, receiver.received[0].headers)
    WebhookEndpoint.objects.update(former_until=timezone.now())
    endpoints.rotate_secret(actor=admin, endpoint_id=old.endpoint.pk)


def test_no_secret_is_stored_as_it_is(admin: User, receiver: Receiver) -> None:
    made = listen(admin, receiver)
    assert made.secret not in str(WebhookEndpoint.objects.values().get())
    assert made.secret not in str(list(AuditEvent.objects.values()))


def test_a_changed_secret_key_sends_nothing_and_says_why(
    admin: User, receiver: Receiver, settings: Settings
) -> None:
    listen(admin, receiver)
    suspended()
    former = settings.SECRET_KEY
    settings.SECRET_KEY = "x" * 50
    deliver()
    assert receiver.received == []
    assert WebhookAttempt.objects.get().outcome == "unsigned"
    settings.SECRET_KEY_FALLBACKS = [former]
    make_due()
    deliver()
    assert len(receiver.received) == 1


def test_days_of_failure_switch_a_webhook_off_and_tell_the_admins(
    admin: User, receiver: Receiver, settings: Settings
) -> None:
    settings.EMAIL_URL = "smtp://mail.example"
    endpoint = listen(admin, receiver, description="Chat room").endpoint
    days = timedelta(days=constants.FAILING_DAYS)
    former = timezone.now() - days
    gap = timedelta(hours=constants.FAILING_GAP_HOURS, seconds=1)
    WebhookEndpoint.objects.update(failing_since=former, failed_at=timezone.now() - gap)
    receiver.react(Reaction(500), Reaction(500))
    suspended()
    deliver()
    endpoint.refresh_from_db()
    assert endpoint.is_enabled, "an event of long ago and one refusal are no days of failure"
    WebhookEndpoint.objects.update(failing_since=former)
    make_due()
    deliver()
    endpoint.refresh_from_db()
    assert (endpoint.is_enabled, endpoint.off_because) == (
        False,
        "Nothing was accepted for 3 days.",
    )
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.actor_label) == ("webhook.switched_off", "system")
    suspended()
    make_due()
    deliver()
    assert len(receiver.received) == 2

    for letter in admin_mail.compose_mails(subject="A webhook was switched off", text="Look."):
        letter.send()
    assert [one.to for one in mail.outbox] == [[admin.email]]
    assert queued_mail() == 1

    endpoints.change_endpoint(
        actor=admin, endpoint_id=endpoint.pk, changes={"is_enabled": True}, reason="Works again."
    )
    deliver()
    first, _, *later = [one.headers["webhook-id"] for one in receiver.received]
    assert (len(later), later.count(first)) == (2, 1), "what was refused, and what came since"


def test_a_receiver_that_refuses_all_is_asked_less_and_less_and_all_at_once_when_it_is_back(
    admin: User, receiver: Receiver
) -> None:
    endpoint = listen(admin, receiver).endpoint
    receiver.react(*[Reaction(500)] * 6)
    for _ in range(20):
        suspended()
    asked, rests = [], []
    for _ in range(3):
        WebhookEndpoint.objects.update(rests_until=None)
        before = timezone.now()
        deliver()
        endpoint.refresh_from_db()
        assert endpoint.rests_until is not None
        rests.append(round((endpoint.rests_until - before).total_seconds() / 5))
        asked.append(len(receiver.received))
    assert (asked, rests) == ([4, 5, 6], [1, 2, 4])
    WebhookEndpoint.objects.update(rests_until=None)
    deliver()
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.rests_until) == (0, None)
    assert WebhookDelivery.objects.filter(state="delivered").count() == 14


@pytest.mark.parametrize(("failures", "seconds"), [(3, 0), (4, 5), (7, 40), (8, 60), (10_000, 60)])
def test_no_receiver_rests_for_more_than_a_minute(failures: int, seconds: int) -> None:
    now = timezone.now()
    rest = attempts._rest_after(failures, now)
    assert (rest or now) - now == timedelta(seconds=seconds)


def test_of_a_webhook_that_fails_for_a_month_nothing_more_is_kept(
    admin: User, receiver: Receiver
) -> None:
    listen(admin, receiver)
    days = timedelta(days=constants.NOTED_DAYS)
    WebhookEndpoint.objects.update(is_enabled=False, failing_since=timezone.now() - days)
    suspended()
    assert WebhookEvent.objects.count() == 0


def queued_mail() -> int:
    from procrastinate.contrib.django.models import ProcrastinateJob

    return ProcrastinateJob.objects.filter(task_name=admin_mail.MAIL_TASK).count()


def test_an_endpoint_that_is_gone_is_switched_off_at_once(admin: User, receiver: Receiver) -> None:
    endpoint = listen(admin, receiver).endpoint
    receiver.react(Reaction(410))
    suspended()
    deliver()
    endpoint.refresh_from_db()
    assert not endpoint.is_enabled
    with pytest.raises(WebhookDisabledError):
        deliveries.send_test(actor=admin, endpoint_id=endpoint.pk)


def test_a_test_event_goes_to_the_one_that_is_tested(admin: User, receiver: Receiver) -> None:
    endpoint = listen(admin, receiver, "case.opened").endpoint
    listen(admin, receiver)
    deliveries.send_test(actor=admin, endpoint_id=endpoint.pk)
    deliver()
    assert [(one["type"], one["data"]) for one in receiver.events()] == [
        ("webhook.test", {"webhook_id": endpoint.pk})
    ]


def test_an_attempt_that_ends_after_its_lease_decides_nothing(
    admin: User, receiver: Receiver
) -> None:
    from apps.webhooks import statements
    from apps.webhooks.gateway.client import Answer

    listen(admin, receiver)
    suspended()
    (first,) = statements.take(busy=[])
    assert statements.take(busy=[]) == []
    make_due()
    (second,) = statements.take(busy=[])
    attempts.write_down(first, Answer(constants.AttemptOutcome.REFUSED, 500))
    assert WebhookDelivery.objects.get().state == "pending"
    attempts.write_down(second, Answer(constants.AttemptOutcome.ACCEPTED, 200))
    assert WebhookDelivery.objects.get().state == "delivered"
    assert WebhookAttempt.objects.count() == 2


def test_a_month_later_events_and_attempts_are_cleared_away(
    admin: User, receiver: Receiver
) -> None:
    listen(admin, receiver)
    suspended()
    suspended()
    deliver()
    old = WebhookEvent.objects.order_by("pk")[0]
    long_ago = timezone.now() - timedelta(days=constants.KEEP_DAYS, seconds=1)
    WebhookEvent.objects.filter(pk=old.pk).update(created_at=long_ago)
    assert deliveries.prune() == 1
    counts = [kind.objects.count() for kind in (WebhookEvent, WebhookDelivery, WebhookAttempt)]
    assert counts == [1, 1, 1]


def test_a_removed_webhook_is_told_nothing_and_keeps_no_secret(
    admin: User, receiver: Receiver
) -> None:
    endpoint = listen(admin, receiver).endpoint
    suspended()
    endpoints.remove_endpoint(actor=admin, endpoint_id=endpoint.pk, reason="Not used.")
    suspended()
    deliver()
    assert receiver.received == []
    endpoint.refresh_from_db()
    assert (endpoint.sealed_secret, endpoint.former_secret) == ("", "")
    assert WebhookDelivery.objects.get().state == "failed"
    assert not endpoints.list_endpoints(viewer=admin).exists()
