from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.db.models import F, Q
from django.utils import timezone

from apps.core.querysets import NumberedQuerySet

if TYPE_CHECKING:
    from apps.users.models import ApiToken, User  # noqa: F401


class ApiTokenQuerySet(NumberedQuerySet["ApiToken"]):
    """Named queries over tokens."""

    def owned_by(self, user: User | int) -> Self:
        """Return the tokens of one person."""
        return self.filter(user=user)

    def with_hash(self, token_hash: str) -> Self:
        """Return the token with this hash, whatever has become of it."""
        return self.filter(token_hash=token_hash)

    def not_revoked(self) -> Self:
        """Leave out those that were ended, by whomever."""
        return self.filter(revoked_at=None)

    def usable(self, *, now: datetime | None = None) -> Self:
        """Return those neither revoked nor expired."""
        return self.not_revoked().filter(
            Q(expires_at=None) | Q(expires_at__gt=now or timezone.now())
        )

    def to_warn_of(self, until: datetime) -> Self:
        """Return those that end before a moment and whose owner was not told, soonest first."""
        found = self.usable().filter(warned_at=None, expires_at__lt=until, user__is_active=True)
        return found.select_related("user").order_by("expires_at")

    def made_for_longer_than(self, length: timedelta) -> Self:
        """Return those that were made to last for more than so long."""
        return self.filter(created_at__lt=F("expires_at") - length)

    def used_before(self, moment: datetime) -> Self:
        """Return those whose last use is not known or longer ago."""
        return self.filter(Q(last_used_at=None) | Q(last_used_at__lt=moment))

    def newest_first(self) -> Self:
        """Order by when the token was made, newest first."""
        return self.order_by("-id")
