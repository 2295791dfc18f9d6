from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db.models import Q, QuerySet

from apps.accounts.constants import LIVE_STATES, ExportState

if TYPE_CHECKING:
    from apps.accounts.models import DataExport, ExportChunk  # noqa: F401
    from apps.users.models import User


class DataExportQuerySet(QuerySet["DataExport"]):
    """Named queries over exports."""

    def owned_by(self, viewer: User) -> Self:
        """Return the viewer's own exports."""
        return self.filter(user=viewer)

    def live(self) -> Self:
        """Return those that are on their way."""
        return self.filter(state__in=LIVE_STATES)

    def ended(self) -> Self:
        """Leave out those that are on their way."""
        return self.exclude(state__in=LIVE_STATES)

    def of_attempt(self, attempt: int) -> Self:
        """Return those that nobody has begun anew since this attempt."""
        return self.filter(attempt=attempt)

    def in_hand(self, export: DataExport) -> Self:
        """Return an export as its worker took it, while that is still the one who writes it."""
        taken = self.of_attempt(export.attempt).filter(pk=export.pk)
        return taken.filter(state=ExportState.RUNNING)

    def kept(self, now: datetime) -> Self:
        """Leave out those whose days are over."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now))

    def lost(self, before: datetime) -> Self:
        """Return those that nobody has written to since a moment, the longest ago first."""
        return self.live().filter(touched_at__lt=before).order_by("touched_at")

    def to_purge(self, now: datetime, failed_before: datetime) -> Self:
        """Return archives whose days are over, and what failed before a moment."""
        is_old = Q(state=ExportState.READY, expires_at__lte=now)
        has_failed = Q(state=ExportState.FAILED, touched_at__lt=failed_before)
        return self.filter(is_old | has_failed).order_by("touched_at")

    def newest_first(self) -> Self:
        """Order by age."""
        return self.order_by("-id")


class ExportChunkQuerySet(QuerySet["ExportChunk"]):
    """Named queries over the pieces of archives."""

    def of_export(self, export_id: int) -> Self:
        """Return the pieces of one export, whichever attempt wrote them."""
        return self.filter(export=export_id)

    def at(self, attempt: int, number: int) -> Self:
        """Return the piece that has this place in what an attempt wrote."""
        return self.filter(attempt=attempt, number=number)
