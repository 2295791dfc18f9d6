from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING, Self

from apps.core.querysets import NumberedQuerySet

if TYPE_CHECKING:
    from apps.llm.models import UsageDay, UsageRecord  # noqa: F401


class UsageRecordQuerySet(NumberedQuerySet["UsageRecord"]):
    """Named queries over the ledger."""

    def of_user(self, user_id: int) -> Self:
        """Return what one person's calls used."""
        return self.filter(user=user_id)

    def of_calls(self, purpose: str, reference_ids: Collection[int]) -> Self:
        """Return the lines of some calls for one purpose."""
        return self.filter(purpose=purpose, reference_id__in=reference_ids)


class UsageDayQuerySet(NumberedQuerySet["UsageDay"]):
    """Named queries over what was used on each day."""

    def of_user(self, user_id: int) -> Self:
        """Return what one person used."""
        return self.filter(user_id=user_id)

    def on(self, day: date) -> Self:
        """Return what was used on one day."""
        return self.filter(day=day)

    def between(self, first: date, last: date) -> Self:
        """Return what was used from one day to another, both included."""
        return self.filter(day__range=(first, last))

    def of_purpose(self, purpose: str) -> Self:
        """Return what was used for one purpose, or for all where none is named."""
        return self.filter(purpose=purpose) if purpose else self
