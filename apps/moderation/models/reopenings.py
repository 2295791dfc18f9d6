from __future__ import annotations

from typing import ClassVar

from django.db import models

from apps.core.append_only import AppendOnly
from apps.moderation.models.cases import Case
from apps.moderation.querysets import CaseReopeningQuerySet


class CaseReopening(AppendOnly):
    """A case that was closed was opened again: how it had been closed, which its row forgets.

    `was_at_once` says that it had opened only as staff decided it, and never waited until then.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reopenings")
    closed_at = models.DateTimeField()
    due_at = models.DateTimeField()
    was_at_once = models.BooleanField()
    created_at = models.DateTimeField()

    objects: ClassVar[CaseReopeningQuerySet] = CaseReopeningQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["created_at"], name="reopening_by_time"),
            models.Index(fields=["closed_at"], name="reopening_by_closing", include=["due_at"]),
        ]

    def __str__(self) -> str:
        return f"reopening of case {self.case_id} (#{self.pk})"
