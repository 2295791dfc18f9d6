"""Named queries over what decisions did: enforcements and strikes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import BigIntegerField, DateTimeField, OuterRef, Q, QuerySet, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Now, NullIf

from apps.moderation import constants

if TYPE_CHECKING:
    from datetime import datetime

    from apps.moderation.models import Enforcement, Strike  # noqa: F401


class EnforcementQuerySet(QuerySet["Enforcement"]):
    """Named queries over enforcements."""

    def active(self) -> EnforcementQuerySet:
        """Return those that hold at the moment."""
        return self.filter(state=constants.EnforcementState.ACTIVE).filter(
            Q(ends_at=None) | Q(ends_at__gt=Now())
        )

    def hiding(
        self, *, message: int | OuterRef, since: datetime | OuterRef | None
    ) -> EnforcementQuerySet:
        """Return those that hide a message as it is hidden at the moment.

        Where staff have given it back by other ways and hidden it anew, that is nothing of theirs.

        Args:
            message: which message.
            since: when it was hidden.
        """
        kept = NullIf(KeyTextTransform("hidden_at", "data"), Value(""))
        rows = self.filter(kind=constants.EnforcementKind.HIDE_MESSAGE, message=message)
        rows = rows.annotate(hidden_since=Cast(kept, DateTimeField()))
        return rows.filter(Q(hidden_since=None) | Q(hidden_since=since))

    def revoking(
        self, *, owner: int | OuterRef, share: int | OuterRef | None = None
    ) -> EnforcementQuerySet:
        """Return those that revoke shared links.

        Args:
            owner: whose links.
            share: which link; None for all of theirs.
        """
        rows = self.filter(kind=constants.EnforcementKind.REVOKE_SHARE, subject=owner)
        number = Cast(KeyTextTransform("share_id", "data"), BigIntegerField())
        return rows if share is None else rows.alias(revoked=number).filter(revoked=share)


class StrikeQuerySet(QuerySet["Strike"]):
    """Named queries over strikes."""

    def active(self) -> StrikeQuerySet:
        """Return those that count at the moment."""
        return self.filter(overruled_by=None, expires_at__gt=Now())
