from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from django.db.models import QuerySet

from apps.audit.errors import AppendOnlyError

if TYPE_CHECKING:
    from apps.audit.models import AuditEvent  # noqa: F401


class AuditEventQuerySet(QuerySet["AuditEvent"]):
    """Named queries over audit events; rows can be added and read, nothing else."""

    def about(self, target_type: str, target_id: int) -> AuditEventQuerySet:
        """Return what was done to one thing."""
        return self.filter(target_type=target_type, target_id=target_id)

    def newest_first(self) -> AuditEventQuerySet:
        """Order by when it was done, newest first."""
        return self.order_by("-id")

    def update(self, **kwargs: Any) -> NoReturn:  # noqa: ANN401
        """Refuse: audit events are never changed."""
        raise AppendOnlyError

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ANN401
        """Refuse: audit events are never changed."""
        raise AppendOnlyError

    def delete(self) -> NoReturn:
        """Refuse: audit events are never removed."""
        raise AppendOnlyError

    def _raw_delete(self, using: str | None) -> NoReturn:
        raise AppendOnlyError
