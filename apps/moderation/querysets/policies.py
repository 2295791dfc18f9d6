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
        return self.worded().filter(is_active=True)

    def retired(self) -> Self:
        """Return those that staff took out of use."""
        return self.filter(is_active=False)

    def worded(self) -> Self:
        """Leave out those without a wording: nobody can be told of them."""
        return self.filter(current__isnull=False)

    def of_code(self, code: str) -> Self:
        """Return the one of a code, by which texts and programs name it."""
        return self.filter(code=code)

    def on_key(self, shortcut: int | None) -> Self:
        """Return the one that staff choose by a digit; none where there is no digit."""
        return self.filter(shortcut__isnull=False, shortcut=shortcut)
