from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from apps.accounts.constants import LIVE_STATES, ExportState

if TYPE_CHECKING:
    from apps.accounts.models import DataExport  # noqa: F401
    from apps.users.models import User


class DataExportQuerySet(QuerySet["DataExport"]):
    """Named queries over exports."""

    def owned_by(self, viewer: User) -> DataExportQuerySet:
        """Return the viewer's own exports."""
        return self.filter(user=viewer)

    def live(self) -> DataExportQuerySet:
        """Return those that are on their way."""
        return self.filter(state__in=LIVE_STATES)

    def kept(self, now: datetime) -> DataExportQuerySet:
        """Leave out those whose days are over."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now))

    def lost(self, before: datetime) -> DataExportQuerySet:
        """Return those that nobody has written to since a moment, the longest ago first."""
        return self.live().filter(touched_at__lt=before).order_by("touched_at")

    def to_purge(self, now: datetime, failed_before: datetime) -> DataExportQuerySet:
        """Return archives whose days are over, and what failed before a moment."""
        is_old = Q(state=ExportState.READY, expires_at__lte=now)
        has_failed = Q(state=ExportState.FAILED, touched_at__lt=failed_before)
        return self.filter(is_old | has_failed).order_by("touched_at")

    def newest_first(self) -> DataExportQuerySet:
        """Order by age."""
        return self.order_by("-id")
