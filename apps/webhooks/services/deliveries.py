"""What endpoints were told: the log, telling again, and a test that anybody can see arrive."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core.problems import clean_reason
from apps.core.rights import Actor
from apps.webhooks import constants, statements
from apps.webhooks.constants import DeliveryState
from apps.webhooks.errors import (
    DeliveryNotFoundError,
    DeliveryPendingError,
    WebhookDisabledError,
)
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookEvent
from apps.webhooks.querysets import WebhookDeliveryQuerySet
from apps.webhooks.services import endpoints
from apps.webhooks.services.managing import locked_endpoint, require

PRUNED_AT_ONCE = 1_000


def list_deliveries(*, viewer: Actor, endpoint_id: int, state: str = "") -> WebhookDeliveryQuerySet:
    """Return what a webhook was or will be told, newest first.

    Raises:
        ForbiddenError: the viewer manages no webhooks.
        WebhookNotFoundError: there is no such webhook.
    """
    endpoint = endpoints.access_endpoint(viewer=viewer, endpoint_id=endpoint_id)
    found = WebhookDelivery.objects.of(endpoint.pk).in_state(state)
    return found.select_related("event").newest_first()


@transaction.atomic
def send_test(*, actor: Actor, endpoint_id: int) -> WebhookDelivery:
    """Send a webhook an event of the type `webhook.test`, whatever it listens to.

    Raises:
        ForbiddenError: the actor manages no webhooks.
        WebhookNotFoundError: there is no such webhook.
        WebhookDisabledError: it is off.
    """
    endpoint = locked_endpoint(actor, endpoint_id)
    _ensure_on(endpoint)
    now = timezone.now()
    event = WebhookEvent.objects.create(
        type=constants.TEST_EVENT, data={"webhook_id": endpoint.pk}, created_at=now
    )
    delivery = WebhookDelivery.objects.create(
        event=event, endpoint=endpoint, next_at=now, created_at=now
    )
    _record(actor, AuditAction.WEBHOOK_TESTED, endpoint, "", count=1)
    statements.wake()
    return delivery


@transaction.atomic
def redeliver(*, actor: Actor, delivery_id: int, reason: str = "") -> WebhookDelivery:
    """Tell an endpoint of an event once more, under the same id, so that it can tell the two apart.

    Raises:
        ForbiddenError: the actor manages no webhooks.
        DeliveryNotFoundError: there is no such delivery, or its webhook was removed.
        DeliveryPendingError: it has not ended.
        WebhookDisabledError: its webhook is off.
    """
    require(actor)
    reason = clean_reason(reason, field="reason", is_required=False)
    found = WebhookDelivery.objects.of_kept_endpoints().filter(pk=delivery_id)
    delivery = found.select_for_update(of=("self",)).select_related("endpoint").first()
    if delivery is None:
        raise DeliveryNotFoundError
    if delivery.state == DeliveryState.PENDING:
        raise DeliveryPendingError
    _ensure_on(delivery.endpoint)
    delivery.state, delivery.tries, delivery.ended_at = DeliveryState.PENDING, 0, None
    delivery.next_at = timezone.now()
    delivery.save(update_fields=["state", "tries", "ended_at", "next_at"])
    _record(actor, AuditAction.WEBHOOK_REDELIVERED, delivery.endpoint, reason, count=1)
    statements.wake()
    return delivery


@transaction.atomic
def redeliver_failed(*, actor: Actor, endpoint_id: int, since: datetime, reason: str = "") -> int:
    """Tell an endpoint once more of everything since a moment that was given up.

    Returns:
        How many deliveries wait again, at most 10,000 with one call.

    Raises:
        ForbiddenError: the actor manages no webhooks.
        WebhookNotFoundError: there is no such webhook.
        WebhookDisabledError: it is off.
    """
    endpoint = locked_endpoint(actor, endpoint_id)
    reason = clean_reason(reason, field="reason", is_required=False)
    _ensure_on(endpoint)
    failed = WebhookDelivery.objects.of(endpoint.pk).failed_since(since).order_by("id")
    chosen = list(failed.values_list("pk", flat=True)[: constants.MAX_REDELIVERED])
    count = (
        WebhookDelivery.objects.failed()
        .filter(pk__in=chosen)
        .update(state=DeliveryState.PENDING, tries=0, ended_at=None, next_at=timezone.now())
    )
    _record(actor, AuditAction.WEBHOOK_REDELIVERED, endpoint, reason, count=count)
    statements.wake()
    return count


def prune() -> int:
    """Remove what is older than a month with all its attempts; returns how many events."""
    before = timezone.now() - timedelta(days=constants.KEEP_DAYS)
    removed = 0
    while count := statements.prune(before=before, limit=PRUNED_AT_ONCE):
        removed += count
    return removed


def _ensure_on(endpoint: WebhookEndpoint) -> None:
    if not endpoint.is_enabled:
        raise WebhookDisabledError


def _record(
    actor: Actor, action: AuditAction, endpoint: WebhookEndpoint, reason: str, *, count: int
) -> None:
    audit.record(
        actor=actor,
        action=action,
        target_type="webhookendpoint",
        target_id=endpoint.pk,
        reason=reason,
        data={"url": endpoint.address, "count": count},
    )
