from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from apps.audit.querysets import AuditEventQuerySet
from apps.core.append_only import AppendOnly

REASONS = ("reason", "reason_for_user")


class AuditEvent(AppendOnly):
    """One thing that somebody did, kept for ever: rows are added and never changed.

    A database trigger enforces it against every other way. The actor is kept by number and by
    name, without a foreign key constraint, so that removing an account neither fails nor blanks
    what it did. `is_kept` is there on rows of `with_kept_reasons` only.
    """

    is_kept: bool

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

    @property
    def reason_shown(self) -> str:
        """The reason, unless it is kept from whoever reads."""
        return "" if self.is_kept else self.reason

    @property
    def data_shown(self) -> dict[str, Any]:
        """What else is known, without a reason that is kept from whoever reads."""
        if not self.is_kept:
            return dict(self.data)
        return {name: value for name, value in self.data.items() if name not in REASONS}

    def __str__(self) -> str:
        return f"{self.action} {self.target_type} {self.target_id} (#{self.pk})"
