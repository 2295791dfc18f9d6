from __future__ import annotations

from typing import Self, TypeVar

from django.db.models import Model

from apps.core.querysets import Condition, NumberedQuerySet

M = TypeVar("M", bound=Model)


class PrivateQuerySet(NumberedQuerySet[M]):
    """Rows with words of conversations, which staff may read for a reason only."""

    def with_readable(self, readable: Condition) -> Self:
        """Say of each, as `is_readable`, whether it may be read now, as `ReadingGate` says."""
        return self.annotate(is_readable=readable)
