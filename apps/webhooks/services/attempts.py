"""One attempt to tell an endpoint of an event: signed, sent, and written down."""

from __future__ import annotations

import random
import time
from datetime import datetime, timedelta

import orjson
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core import db
from apps.core.sealing import SealBrokenError, unseal
from apps.webhooks import constants
from apps.webhooks.constants import AttemptOutcome, DeliveryState
from apps.webhooks.gateway.client import Answer, WebhookClient
from apps.webhooks.gateway.signing import sign
from apps.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from apps.webhooks.statements import Due

GONE = 410
NOTED_EVERY = timedelta(minutes=1)


async def attempt(due: Due, *, client: WebhookClient) -> None:
    """Make one attempt of a delivery that this process holds, and write down what came of it."""
    try:
        keys = [unseal(one, purpose=constants.SECRET_PURPOSE) for one in due.secrets]
    except SealBrokenError:
        answer = Answer(AttemptOutcome.UNSIGNED)
    else:
        body = body_of(due)
        headers = sign(
            message_id=f"msg_{due.event_id.hex}", timestamp=int(time.time()), body=body, keys=keys
        )
        answer = await client.post(due.url, body=body, headers=headers)
    await db.call(write_down, due, answer)


def body_of(due: Due) -> bytes:
    """Return what is sent: the same bytes at each attempt."""
    timestamp = due.created_at.isoformat().replace("+00:00", "Z")
    return orjson.dumps({"type": due.type, "timestamp": timestamp, "data": due.data})


def write_down(due: Due, answer: Answer) -> None:
    """Log an attempt, and decide what comes next: nothing, another attempt, or giving up.

    An attempt that ended after its lease, when another had begun, is logged and decides nothing.
    The endpoint is noted of in a transaction of its own: those who change an endpoint lock it
    before its deliveries.
    """
    now = timezone.now()
    if not _decide(due, answer, now):
        return
    if answer.outcome == AttemptOutcome.ACCEPTED:
        _note_success(due.endpoint_id, now)
    else:
        _note_failure(due, answer, now)


@transaction.atomic
def _decide(due: Due, answer: Answer, now: datetime) -> bool:
    """Log an attempt and what becomes of its delivery; tells whether it was the one that counts."""
    delivery = WebhookDelivery.objects.select_for_update().filter(pk=due.delivery_id).first()
    if delivery is None:
        return False
    WebhookAttempt.objects.create(
        delivery_id=due.delivery_id,
        at=now,
        duration_ms=answer.duration_ms,
        outcome=answer.outcome,
        status=answer.status,
        response=answer.response,
    )
    if delivery.state != DeliveryState.PENDING or delivery.tries != due.tries:
        return False
    is_accepted = answer.outcome == AttemptOutcome.ACCEPTED
    if is_accepted or _is_last(due):
        delivery.state = DeliveryState.DELIVERED if is_accepted else DeliveryState.FAILED
        delivery.ended_at = now
    else:
        delivery.next_at = now + wait_after(due.tries)
    delivery.save(update_fields=["state", "ended_at", "next_at"])
    return True


def _is_last(due: Due) -> bool:
    return due.tries > len(constants.RETRY_SECONDS)


def wait_after(tries: int) -> timedelta:
    """Return how long to wait after so many attempts; never twice exactly the same."""
    seconds = constants.RETRY_SECONDS[tries - 1]
    return timedelta(seconds=seconds * random.uniform(1, 1 + constants.JITTER))  # noqa: S311


def _note_success(endpoint_id: int, now: datetime) -> None:
    """Note that an endpoint answers, with a write a minute at most while it does."""
    rows = WebhookEndpoint.objects.filter(pk=endpoint_id)
    rows.not_known_to_answer(now - NOTED_EVERY).update(
        failing_since=None, failed_at=None, failures=0, rests_until=None, accepted_at=now
    )


@transaction.atomic
def _note_failure(due: Due, answer: Answer, now: datetime) -> None:
    """Note that an endpoint fails, and switch it off where that has lasted for days.

    Attempts decide that, not events: behind a receiver that hangs, few are tried to their end. What
    was given up long ago, and the first refusal of the next event, are no days of failure.
    """
    endpoint = WebhookEndpoint.objects.select_for_update().get(pk=due.endpoint_id)
    if not endpoint.is_enabled:
        return
    if endpoint.failing_since is None or not _is_lasting(endpoint, now):
        endpoint.failing_since = now
    endpoint.failed_at, endpoint.failures = now, endpoint.failures + 1
    endpoint.rests_until = _rest_after(endpoint.failures, now)
    days = timedelta(days=constants.FAILING_DAYS)
    if answer.status == GONE:
        _switch_off(endpoint, "The receiver answered 410: it wants no more.")
    elif now - endpoint.failing_since >= days:
        _switch_off(endpoint, f"Nothing was accepted for {constants.FAILING_DAYS} days.")
    noted = ("failing_since", "failed_at", "failures", "rests_until")
    endpoint.save(update_fields=[*noted, "is_enabled", "off_because", "updated_at"])


def _is_lasting(endpoint: WebhookEndpoint, now: datetime) -> bool:
    """Tell whether a failure goes on from the one before it."""
    gap = timedelta(hours=constants.FAILING_GAP_HOURS)
    return endpoint.failed_at is not None and now - endpoint.failed_at <= gap


def _rest_after(failures: int, now: datetime) -> datetime | None:
    """Return until when an endpoint rests that has failed so often; None for not at all."""
    times = failures - constants.REST_AFTER_FAILURES
    if times < 0:
        return None
    seconds = constants.REST_SECONDS * 2 ** min(times, 9)
    return now + timedelta(seconds=min(seconds, constants.MAX_REST_SECONDS))


def _switch_off(endpoint: WebhookEndpoint, why: str) -> None:
    """Stop telling an endpoint, and tell the admins that, by the adapter that settings name."""
    endpoint.is_enabled, endpoint.off_because = False, why
    audit.record(
        actor=None,
        action=AuditAction.WEBHOOK_SWITCHED_OFF,
        target_type="webhookendpoint",
        target_id=endpoint.pk,
        reason=why,
        data={"url": endpoint.address},
    )
    import_string(settings.ADMIN_NOTICE)(
        subject="A webhook was switched off",
        text=(
            f"The webhook “{endpoint}” ({endpoint.address}) was switched off. {why}\n"
            "What it is to be told waits, for 30 days. Look at its deliveries in the admin, and "
            "switch it on again when the receiver works."
        ),
    )
