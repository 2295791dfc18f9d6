from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from apps.webhooks.constants import DeliveryState

if TYPE_CHECKING:
    from apps.webhooks.models import WebhookDelivery, WebhookEndpoint  # noqa: F401


class WebhookEndpointQuerySet(QuerySet["WebhookEndpoint"]):
    """Named queries over endpoints."""

    def kept(self) -> WebhookEndpointQuerySet:
        """Return those that were not removed."""
        return self.filter(removed_at=None)

    def newest_first(self) -> WebhookEndpointQuerySet:
        """Order by when the endpoint was made, newest first."""
        return self.order_by("-id")


class WebhookDeliveryQuerySet(QuerySet["WebhookDelivery"]):
    """Named queries over deliveries."""

    def of(self, endpoint_id: int) -> WebhookDeliveryQuerySet:
        """Return what one endpoint was or will be told."""
        return self.filter(endpoint_id=endpoint_id)

    def failed_since(self, moment: datetime) -> WebhookDeliveryQuerySet:
        """Return those that were given up, for facts since a moment."""
        return self.filter(state=DeliveryState.FAILED, created_at__gte=moment)

    def pending(self) -> WebhookDeliveryQuerySet:
        """Return those that have not ended."""
        return self.filter(state=DeliveryState.PENDING)

    def newest_first(self) -> WebhookDeliveryQuerySet:
        """Order by when the fact was, newest first."""
        return self.order_by("-id")
