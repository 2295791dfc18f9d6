"""Who may manage webhooks, and finding one for them."""

from __future__ import annotations

from apps.core import rights
from apps.core.preconditions import Precondition
from apps.core.rights import Actor
from apps.webhooks.errors import WebhookNotFoundError
from apps.webhooks.models import WebhookEndpoint

MANAGE = "webhooks.manage_webhook"


def require(actor: Actor) -> None:
    """Check that somebody manages webhooks.

    Raises:
        ForbiddenError: they do not.
    """
    rights.require(actor, MANAGE)


def locked_endpoint(
    actor: Actor, endpoint_id: int, precondition: Precondition | None = None
) -> WebhookEndpoint:
    """Lock and return a webhook that the actor manages, inside the transaction of its change.

    Raises:
        ForbiddenError: the actor manages none.
        PreconditionFailedError: it is not any more what the actor has read.
        WebhookNotFoundError: there is no such webhook.
    """
    require(actor)
    found = WebhookEndpoint.objects.kept().select_for_update().filter(pk=endpoint_id).first()
    if found is None:
        raise WebhookNotFoundError
    if precondition is not None:
        precondition.check(found)
    return found
