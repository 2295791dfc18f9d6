"""Named queries over policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db.models import QuerySet

if TYPE_CHECKING:
    from apps.moderation.models import Policy  # noqa: F401


class PolicyQuerySet(QuerySet["Policy"]):
    """Named queries over policies."""

    def in_use(self) -> Self:
        """Keep those that a decision or a rule may name: active, and with a wording."""
        return self.filter(is_active=True, current__isnull=False)
