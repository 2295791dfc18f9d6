from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db.models import BooleanField, Count, ExpressionWrapper, F, Q, Window
from django.db.models.functions import RowNumber

from apps.audit.constants import AuditAction
from apps.core.append_only import AppendOnlyQuerySet
from apps.core.querysets import Condition

if TYPE_CHECKING:
    from apps.audit.models import AuditEvent  # noqa: F401


class AuditEventQuerySet(AppendOnlyQuerySet["AuditEvent"]):
    """Named queries over audit events; rows can be added and read, nothing else."""

    def about(self, target_type: str, target_id: int) -> Self:
        """Return what was done to one thing."""
        return self.filter(target_type=target_type, target_id=target_id)

    def about_any(self, target_type: str, target_ids: Collection[int]) -> Self:
        """Return what was done to any of some things of one kind."""
        return self.filter(target_type=target_type, target_id__in=target_ids)

    def of_kind(self, *actions: AuditAction) -> Self:
        """Return deeds of these kinds."""
        return self.filter(action__in=actions)

    def done_by(self, person_id: int) -> Self:
        """Return what one person did."""
        return self.filter(actor_id=person_id)

    def without_grant(self) -> Self:
        """Leave out what was done because somebody was let in for a reason."""
        return self.exclude(data__has_key="grant_id")

    def not_done_to(self, person_id: int, about: Condition) -> Self:
        """Leave out what others did to a person, by the condition of what is about them."""
        return self.exclude(about & ~Q(actor=person_id))

    def with_kept_reasons(self, is_kept: Condition) -> Self:
        """Say of each, as `is_kept`, whether this condition keeps its reason back."""
        kept = ExpressionWrapper(is_kept, output_field=BooleanField())
        return self.annotate(is_kept=kept)

    def asked_for(
        self,
        *,
        action: str | None = None,
        actor_id: int | None = None,
        target_type: str | None = None,
        target_id: int | None = None,
    ) -> Self:
        """Return what a reader of the record asks for; None does not narrow it."""
        asked = {"action": action, "actor_id": actor_id}
        asked |= {"target_type": target_type, "target_id": target_id}
        return self.filter(**{name: value for name, value in asked.items() if value is not None})

    def under_grants(self, grant_ids: Collection[int]) -> Self:
        """Return what was read by one of these grants."""
        return self.filter(data__grant_id__in=grant_ids)

    def times_by_grant(self, *, most: int) -> list[tuple[int, datetime, int]]:
        """Return by which grant something was read, when, and how often by it in all.

        Args:
            most: so many of the newest times of each grant.
        """
        grant = F("data__grant_id")
        rows = self.annotate(
            place=Window(RowNumber(), partition_by=grant, order_by=F("id").desc()),
            number=Window(Count("id"), partition_by=grant),
        )
        newest = rows.filter(place__lte=most)
        return list(newest.values_list("data__grant_id", "created_at", "number"))

    def newest_first(self) -> Self:
        """Order by when it was done, newest first."""
        return self.order_by("-id")
