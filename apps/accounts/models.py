from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from apps.accounts import constants
from apps.accounts.querysets import DataExportQuerySet, ExportChunkQuerySet


class DataExport(models.Model):
    """An archive of everything that a person owns, and how far its writing is.

    `attempt` counts the workers that began it: one that was taken for lost writes nothing more.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="data_exports"
    )
    state = models.CharField(
        max_length=20,
        choices=constants.ExportState.choices,
        default=constants.ExportState.QUEUED,
    )
    attempt = models.PositiveSmallIntegerField(default=0)
    conversations_done = models.PositiveIntegerField(default=0)
    conversations_total = models.PositiveIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    objects: ClassVar[DataExportQuerySet] = DataExportQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["user", "-id"], name="export_by_user"),
            models.Index(fields=["state", "touched_at"], name="export_by_state"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                name="one_live_export_per_person",
                condition=models.Q(state__in=("queued", "running")),
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=constants.ExportState.values),
                name="export_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"export {self.pk} of user {self.user_id} ({self.state})"

    @property
    def is_live(self) -> bool:
        """Whether it is on its way."""
        return self.state in constants.LIVE_STATES


class ExportChunk(models.Model):
    """A piece of an archive; any web process reads them in their order."""

    export = models.ForeignKey(DataExport, on_delete=models.CASCADE, related_name="chunks")
    attempt = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    objects: ClassVar[ExportChunkQuerySet] = ExportChunkQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["export", "attempt", "number"], name="one_chunk_of_a_number"
            )
        ]

    def __str__(self) -> str:
        return f"chunk {self.number} of export {self.export_id}"
