from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import BooleanField, ExpressionWrapper, Q

from apps.core.append_only import AppendOnlyQuerySet

if TYPE_CHECKING:
    from apps.audit.models import AuditEvent  # noqa: F401


class AuditEventQuerySet(AppendOnlyQuerySet["AuditEvent"]):
    """Named queries over audit events; rows can be added and read, nothing else."""

    def about(self, target_type: str, target_id: int) -> AuditEventQuerySet:
        """Return what was done to one thing."""
        return self.filter(target_type=target_type, target_id=target_id)

    def not_done_to(self, person_id: int, about: Q) -> AuditEventQuerySet:
        """Leave out what others did to a person, by the condition of what is about them."""
        return self.exclude(about & ~Q(actor=person_id))

    def with_kept_reasons(self, is_kept: Q) -> AuditEventQuerySet:
        """Say of each, as `is_kept`, whether this condition keeps its reason back."""
        kept = ExpressionWrapper(is_kept, output_field=BooleanField())
        return self.annotate(is_kept=kept)  # type: ignore[no-redef]

    def newest_first(self) -> AuditEventQuerySet:
        """Order by when it was done, newest first."""
        return self.order_by("-id")
