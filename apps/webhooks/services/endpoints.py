"""Making, changing and removing webhooks, by those who manage them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core.errors import ValidationFailedError
from apps.core.preconditions import Precondition
from apps.core.problems import clean_reason, field_problem
from apps.core.rights import Actor
from apps.core.sealing import seal
from apps.webhooks import constants, statements
from apps.webhooks.errors import SecretOverlapError, WebhookLimitError, WebhookNotFoundError
from apps.webhooks.gateway.addresses import BadUrlError, check_url
from apps.webhooks.gateway.signing import new_secret
from apps.webhooks.models import WebhookEndpoint
from apps.webhooks.querysets import WebhookEndpointQuerySet
from apps.webhooks.services.managing import locked_endpoint, require


@dataclass(frozen=True, slots=True)
class WithSecret:
    """A webhook at the only moment at which its secret is shown."""

    endpoint: WebhookEndpoint
    secret: str


def list_endpoints(*, viewer: Actor) -> WebhookEndpointQuerySet:
    """Return the webhooks, newest first.

    Raises:
        ForbiddenError: the viewer manages none.
    """
    require(viewer)
    return WebhookEndpoint.objects.kept().newest_first()


def access_endpoint(*, viewer: Actor, endpoint_id: int) -> WebhookEndpoint:
    """Return one webhook.

    Raises:
        ForbiddenError: the viewer manages none.
        WebhookNotFoundError: there is no such webhook.
    """
    found = list_endpoints(viewer=viewer).filter(pk=endpoint_id).first()
    if found is None:
        raise WebhookNotFoundError
    return found


@transaction.atomic
def create_endpoint(
    *,
    actor: Actor,
    url: str,
    event_types: Sequence[str],
    description: str = "",
    reason: str = "",
) -> WithSecret:
    """Make a webhook; it is told of what happens from its commit on.

    Args:
        actor: who manages webhooks.
        url: a public address, https when deployed.
        event_types: words of `EventType`.
        description: what it is for.
        reason: why, for the record.

    Raises:
        ForbiddenError: the actor manages none.
        ValidationFailedError: a value does not fit.
        WebhookLimitError: there are too many.
    """
    require(actor)
    reason = clean_reason(reason, field="reason", is_required=False)
    values = _clean({"url": url, "event_types": event_types, "description": description})
    statements.take_turns_to_add()
    if WebhookEndpoint.objects.kept().count() >= constants.MAX_ENDPOINTS:
        raise WebhookLimitError
    secret = new_secret()
    endpoint = WebhookEndpoint.objects.create(
        **values, sealed_secret=_sealed(secret), created_by_id=actor.pk
    )
    _record(actor, AuditAction.WEBHOOK_CREATED, endpoint, reason, fields=sorted(values))
    return WithSecret(endpoint, secret)


@transaction.atomic
def change_endpoint(
    *,
    actor: Actor,
    endpoint_id: int,
    changes: Mapping[str, object],
    reason: str = "",
    precondition: Precondition | None = None,
) -> WebhookEndpoint:
    """Change some of `url`, `event_types`, `description` and `is_enabled`.

    What waits for a webhook that is off is delivered once it is on again.

    Raises:
        ForbiddenError: the actor manages none.
        PreconditionFailedError: it is not any more what the actor has read.
        WebhookNotFoundError: there is no such webhook.
        ValidationFailedError: a value does not fit.
    """
    endpoint = locked_endpoint(actor, endpoint_id, precondition)
    reason = clean_reason(reason, field="reason", is_required=False)
    wanted = _clean(changes)
    changed = sorted(name for name, value in wanted.items() if getattr(endpoint, name) != value)
    if not changed:
        return endpoint
    for name in changed:
        setattr(endpoint, name, wanted[name])
    if "is_enabled" in changed:
        endpoint.off_because = "" if endpoint.is_enabled else "Switched off by staff."
        endpoint.failing_since = endpoint.failed_at = endpoint.rests_until = None
        endpoint.failures = 0
        statements.wake()
    endpoint.save()
    _record(actor, AuditAction.WEBHOOK_CHANGED, endpoint, reason, fields=changed)
    return endpoint


@transaction.atomic
def rotate_secret(*, actor: Actor, endpoint_id: int, reason: str = "") -> WithSecret:
    """Give a webhook another secret; for a day every message is signed with the former one too.

    Raises:
        ForbiddenError: the actor manages none.
        WebhookNotFoundError: there is no such webhook.
        SecretOverlapError: the day of the former secret has not ended.
    """
    endpoint = locked_endpoint(actor, endpoint_id)
    reason = clean_reason(reason, field="reason", is_required=False)
    now = timezone.now()
    if endpoint.former_until is not None and endpoint.former_until > now:
        raise SecretOverlapError
    secret = new_secret()
    endpoint.former_secret = endpoint.sealed_secret
    endpoint.former_until = now + timedelta(hours=constants.OVERLAP_HOURS)
    endpoint.sealed_secret = _sealed(secret)
    endpoint.save()
    _record(actor, AuditAction.WEBHOOK_SECRET_ROTATED, endpoint, reason)
    return WithSecret(endpoint, secret)


@transaction.atomic
def remove_endpoint(
    *,
    actor: Actor,
    endpoint_id: int,
    reason: str = "",
    precondition: Precondition | None = None,
) -> None:
    """Remove a webhook; what waits for it is given up, and what it was told stays on record.

    Raises:
        ForbiddenError: the actor manages none.
        PreconditionFailedError: it is not any more what the actor has read.
        WebhookNotFoundError: there is no such webhook.
    """
    endpoint = locked_endpoint(actor, endpoint_id, precondition)
    reason = clean_reason(reason, field="reason", is_required=False)
    now = timezone.now()
    endpoint.is_enabled, endpoint.removed_at = False, now
    endpoint.off_because = "Removed."
    endpoint.sealed_secret = endpoint.former_secret = ""
    endpoint.save()
    endpoint.deliveries.pending().update(state=constants.DeliveryState.FAILED, ended_at=now)
    _record(actor, AuditAction.WEBHOOK_REMOVED, endpoint, reason)


def _sealed(secret: str) -> str:
    return seal(secret, purpose=constants.SECRET_PURPOSE)


def _clean(values: Mapping[str, object]) -> dict[str, object]:
    """Return the values as they are stored.

    Raises:
        ValidationFailedError: one does not fit.
    """
    cleaned = dict(values)
    if "url" in cleaned:
        try:
            cleaned["url"] = check_url(str(cleaned["url"]).strip())
        except BadUrlError as error:
            raise field_problem("url", str(error), "webhook_url") from None
    if "event_types" in cleaned:
        cleaned["event_types"] = _clean_types(cleaned["event_types"])
    if "description" in cleaned:
        cleaned["description"] = str(cleaned["description"]).strip()
        if len(str(cleaned["description"])) > constants.MAX_DESCRIPTION_CHARS:
            message = f"Use at most {constants.MAX_DESCRIPTION_CHARS} characters."
            raise field_problem("description", message, "too_long")
    return cleaned


def _clean_types(chosen: object) -> list[str]:
    wanted = sorted(set(chosen)) if isinstance(chosen, list | tuple) else []
    if not wanted or not set(wanted) <= set(constants.EventType.values):
        message = f"Use one or more of {', '.join(constants.EventType.values)}."
        raise _bad_types(message)
    return wanted


def _bad_types(message: str) -> ValidationFailedError:
    return field_problem("event_types", message, "webhook_events")


def _record(
    actor: Actor,
    action: AuditAction,
    endpoint: WebhookEndpoint,
    reason: str,
    *,
    fields: list[str] | None = None,
) -> None:
    audit.record(
        actor=actor,
        action=action,
        target_type="webhookendpoint",
        target_id=endpoint.pk,
        reason=reason,
        data={"url": endpoint.address, **({"fields": fields} if fields is not None else {})},
    )
