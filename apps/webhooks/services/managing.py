"""Who may manage webhooks, and finding one for them."""

from __future__ import annotations

from typing import Protocol

from apps.core.errors import ForbiddenError
from apps.core.preconditions import Precondition
from apps.webhooks.errors import WebhookNotFoundError
from apps.webhooks.models import WebhookEndpoint

MANAGE = "webhooks.manage_webhook"


class Manager(Protocol):
    """Whoever manages webhooks: a person of the users app, which this app does not know."""

    pk: int

    @property
    def label(self) -> str:
        """The name that the record keeps."""
        ...

    def has_perm(self, perm: str, /) -> bool:
        """Tell whether they have a permission."""
        ...


def require(actor: Manager) -> None:
    """Check that somebody manages webhooks.

    Raises:
        ForbiddenError: they do not.
    """
    if not actor.has_perm(MANAGE):
        raise ForbiddenError


def locked_endpoint(
    actor: Manager, endpoint_id: int, precondition: Precondition | None = None
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
