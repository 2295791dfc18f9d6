"""Named queries over what staff keep for their own work at the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db.models import Q, QuerySet

if TYPE_CHECKING:
    from apps.moderation.models import SavedView  # noqa: F401
    from apps.users.models import User


class SavedViewQuerySet(QuerySet["SavedView"]):
    """Named queries over saved views."""

    def visible_to(self, viewer: User) -> Self:
        """Return a person's own and those that leads share."""
        return self.filter(Q(owner=viewer) | Q(is_shared=True))

    def owned_by(self, person: User) -> Self:
        """Return a person's own."""
        return self.filter(owner=person)

    def not_called(self, name: str) -> Self:
        """Leave out the one of this name."""
        return self.exclude(name=name)
