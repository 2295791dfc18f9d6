"""What can be wrong with endpoints and deliveries, in words for a person."""

from __future__ import annotations

from apps.core.errors import ConflictError, NotFoundError
from apps.webhooks import constants


class WebhookNotFoundError(NotFoundError):
    """There is no such endpoint, or it was removed."""

    code = "webhook_not_found"
    default_message = (
        "There is no such webhook, or it was removed. List them to see which there are."
    )


class DeliveryNotFoundError(NotFoundError):
    """There is no such delivery, or it was cleared away."""

    code = "delivery_not_found"
    default_message = (
        "There is no such delivery, or it was cleared away. Look at those of its webhook."
    )


class WebhookLimitError(ConflictError):
    """There are as many endpoints as there may be."""

    code = "webhook_limit"
    default_message = "There are too many webhooks. Remove one that is not used first."


class WebhookDisabledError(ConflictError):
    """The endpoint is not told of anything at the moment."""

    code = "webhook_disabled"
    default_message = "This webhook is off. Switch it on first."


class SecretOverlapError(ConflictError):
    """Two secrets sign already, and a third would take a promised day from the first."""

    code = "secret_overlap"
    default_message = (
        f"This webhook got a new secret within the last {constants.OVERLAP_HOURS} hours, and the "
        "former one still signs. Wait until it has ended, or make another webhook."
    )


class DeliveryPendingError(ConflictError):
    """The delivery has not ended."""

    code = "delivery_pending"
    default_message = "This delivery is still being tried. Wait for its end."
