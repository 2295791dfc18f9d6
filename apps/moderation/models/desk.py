"""What staff keep for their own work at the queue."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from apps.moderation import constants
from apps.moderation.querysets import SavedViewQuerySet


class SavedView(models.Model):
    """A filter of the queue with a name, for one person or for all."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views"
    )
    name = models.CharField(max_length=60)
    query = models.TextField(blank=True)
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[SavedViewQuerySet] = SavedViewQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="saved_view_name_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} (#{self.pk})"


class StaffPreference(models.Model):
    """What a member of staff chose for their own eyes."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="moderation_preference",
    )
    collapse_from = models.PositiveSmallIntegerField(choices=constants.Severity.choices)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"preference of user {self.user_id}"
