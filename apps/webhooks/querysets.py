from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db.models import QuerySet

from apps.webhooks.constants import DeliveryState

if TYPE_CHECKING:
    from apps.webhooks.models import WebhookDelivery, WebhookEndpoint  # noqa: F401


class WebhookEndpointQuerySet(QuerySet["WebhookEndpoint"]):
    """Named queries over endpoints."""

    def kept(self) -> Self:
        """Return those that were not removed."""
        return self.filter(removed_at=None)

    def not_known_to_answer(self, since: datetime) -> Self:
        """Leave out those that fail no more and have accepted something since a moment."""
        return self.exclude(failing_since=None, accepted_at__gt=since)

    def newest_first(self) -> Self:
        """Order by when the endpoint was made, newest first."""
        return self.order_by("-id")


class WebhookDeliveryQuerySet(QuerySet["WebhookDelivery"]):
    """Named queries over deliveries."""

    def of(self, endpoint_id: int) -> Self:
        """Return what one endpoint was or will be told."""
        return self.filter(endpoint_id=endpoint_id)

    def of_kept_endpoints(self) -> Self:
        """Leave out what was for endpoints that were removed."""
        return self.filter(endpoint__removed_at=None)

    def failed(self) -> Self:
        """Return those that were given up."""
        return self.filter(state=DeliveryState.FAILED)

    def failed_since(self, moment: datetime) -> Self:
        """Return those that were given up, for facts since a moment."""
        return self.failed().filter(created_at__gte=moment)

    def in_state(self, state: str) -> Self:
        """Return those that stand so, or all where no state is named."""
        return self.filter(state=state) if state else self

    def pending(self) -> Self:
        """Return those that have not ended."""
        return self.filter(state=DeliveryState.PENDING)

    def newest_first(self) -> Self:
        """Order by when the fact was, newest first."""
        return self.order_by("-id")
