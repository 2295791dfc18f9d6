from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.webhooks import constants
from apps.webhooks.querysets import WebhookDeliveryQuerySet, WebhookEndpointQuerySet


class WebhookEndpoint(models.Model):
    """An address elsewhere that is told of some kinds of events; its secret is kept sealed.

    A removed one stays as a row for the record of what it was told, without its secrets. `failures`
    counts attempts since the last acceptance, `failed_at` is the last of them; while it rests,
    nothing is tried.
    """

    url = models.CharField(max_length=constants.MAX_URL_CHARS)
    description = models.CharField(max_length=constants.MAX_DESCRIPTION_CHARS, blank=True)
    event_types = ArrayField(models.CharField(max_length=40, choices=constants.EventType.choices))
    is_enabled = models.BooleanField(default=True)
    off_because = models.CharField(max_length=200, blank=True)
    sealed_secret = models.TextField()
    former_secret = models.TextField(blank=True)
    former_until = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, db_default=0)
    rests_until = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[WebhookEndpointQuerySet] = WebhookEndpointQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "webhook"
        default_permissions = ("view",)
        permissions = [("manage_webhook", "Can make, change and remove webhooks")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(removed_at=None) | models.Q(is_enabled=False),
                name="removed_webhook_is_off",
            )
        ]

    def __str__(self) -> str:
        return self.description or self.url

    @property
    def address(self) -> str:
        """The address without its query, in which receivers like to have a secret of theirs."""
        address, mark, _ = self.url.partition("?")
        return f"{address}{mark}\N{HORIZONTAL ELLIPSIS}" if mark else address


class WebhookEvent(models.Model):
    """A fact that somebody is told of, written in the transaction of the fact itself."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    type = models.CharField(max_length=40)
    data = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["created_at"], name="webhook_event_by_time")]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


class WebhookDelivery(models.Model):
    """Telling one endpoint of one event: how often it was tried, and when it is tried next."""

    event = models.ForeignKey(WebhookEvent, on_delete=models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    state = models.CharField(
        max_length=20,
        choices=constants.DeliveryState.choices,
        default=constants.DeliveryState.PENDING,
    )
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    objects: ClassVar[WebhookDeliveryQuerySet] = WebhookDeliveryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "delivery"
        verbose_name_plural = "deliveries"
        default_permissions = ("view",)
        indexes = [
            models.Index(
                fields=["endpoint", "next_at"],
                name="webhook_delivery_due",
                condition=models.Q(state="pending"),
            ),
            models.Index(fields=["endpoint", "-id"], name="webhook_delivery_by_endpoint"),
            models.Index(fields=["endpoint", "state", "-id"], name="webhook_delivery_by_outcome"),
            models.Index(fields=["state", "-id"], name="webhook_delivery_by_state"),
        ]

    def __str__(self) -> str:
        return f"Delivery #{self.pk}"


class WebhookAttempt(models.Model):
    """One attempt of a delivery: when, how long, and what the receiver answered."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    outcome = models.CharField(max_length=20, choices=constants.AttemptOutcome.choices)
    status = models.PositiveSmallIntegerField(null=True)
    response = models.TextField(blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.outcome} (#{self.pk})"
