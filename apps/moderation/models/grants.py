from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from apps.moderation import constants
from apps.moderation.models.fields import actor_key
from apps.moderation.models.rules import BackTest
from apps.moderation.querysets import AccessGrantQuerySet


class AccessGrant(models.Model):
    """A reasoned, time-limited permission to read a conversation that has no open case.

    Its owner, the subject, goes on seeing it after the conversation is gone, whose number it keeps.
    Who ended it before its time stands in `revoked_by`, and why in `revoke_reason`.
    """

    reader = actor_key()
    reader_label = models.CharField(max_length=120)
    subject = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    conversation = models.ForeignKey(
        "conversations.Conversation",
        null=True,
        on_delete=models.SET_NULL,
        related_name="access_grants",
    )
    conversation_number = models.BigIntegerField()
    reason = models.TextField()
    back_test = models.ForeignKey(BackTest, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = actor_key(null=True, db_index=False)
    revoked_by_label = models.CharField(max_length=120, blank=True, default="", db_default="")
    revoke_reason = models.TextField(blank=True, default="", db_default="")

    objects: ClassVar[AccessGrantQuerySet] = AccessGrantQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view",)
        permissions = [
            ("read_conversation", "Can read a private conversation with a reason"),
            ("reveal_person", "Can see an email address or IP with a reason"),
        ]
        indexes = [
            models.Index(fields=["conversation", "-id"], name="grant_by_conversation"),
            models.Index(fields=["conversation_number", "-id"], name="grant_by_number"),
            models.Index(fields=["subject", "-id"], name="grant_by_subject"),
            models.Index(fields=["created_at"], name="grant_by_time"),
            models.Index(
                fields=["-id"],
                name="grant_ended_early",
                condition=models.Q(revoked_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="grant_has_a_reason"),
            models.UniqueConstraint(
                fields=["back_test", "reader", "conversation"], name="passages_are_one_grant"
            ),
        ]

    def __str__(self) -> str:
        return f"grant on conversation {self.conversation_number} (#{self.pk})"

    @property
    def state(self) -> constants.GrantState:
        """Whether somebody may read by it now."""
        return self.state_at(timezone.now())

    def state_at(self, moment: datetime) -> constants.GrantState:
        """Return whether somebody may read by it at a moment, and if not, why."""
        states = constants.GrantState
        if self.revoked_at is not None:
            return states.ENDED_EARLY
        return states.LIVE if self.expires_at > moment else states.EXPIRED
