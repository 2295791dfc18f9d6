"""How deliveries are drawn."""

from __future__ import annotations

from django.utils.safestring import SafeString

from apps.core.admin_kit.display import Tone, badge
from apps.webhooks.constants import DeliveryState
from apps.webhooks.models import WebhookDelivery

_STATES = {
    DeliveryState.PENDING: ("Waiting", Tone.LIVE, "schedule"),
    DeliveryState.DELIVERED: ("Delivered", Tone.GOOD, "check"),
    DeliveryState.FAILED: ("Failed", Tone.DANGER, "error"),
}


def state_badge(row: WebhookDelivery) -> SafeString:
    """Show how it stands with a delivery."""
    return badge(*_STATES[DeliveryState(row.state)])
