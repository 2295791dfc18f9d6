from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from apps.audit.querysets import AuditEventQuerySet
from apps.core.append_only import AppendOnly


class AuditEvent(AppendOnly):
    """One thing that somebody did, kept for ever: rows are added and never changed.

    A database trigger enforces it against every other way. The actor is kept by number and by
    name, without a foreign key constraint, so that removing an account neither fails nor blanks
    what it did.
    """

    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    actor_label = models.CharField(max_length=120)
    action = models.CharField(max_length=64)
    target_type = models.CharField(max_length=40)
    target_id = models.BigIntegerField()
    reason = models.TextField(blank=True)
    data = models.JSONField(default=dict)
    correlation_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[AuditEventQuerySet] = AuditEventQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["target_type", "target_id", "-id"], name="audit_by_target"),
            models.Index(fields=["actor", "-id"], name="audit_by_actor"),
            models.Index(fields=["action", "-id"], name="audit_by_action"),
            models.Index(fields=["action", "created_at"], name="audit_by_action_time"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target_type} {self.target_id} (#{self.pk})"
