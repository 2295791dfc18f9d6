from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db.models import BooleanField, Case, ExpressionWrapper, F, OuterRef, Q, Subquery, When
from django.utils import timezone

from apps.core.querysets import Condition, NumberedQuerySet
from apps.users.constants import RestrictionKind
from apps.users.querysets.people import ORDINARY

if TYPE_CHECKING:
    from apps.users.models import Restriction, User  # noqa: F401


class RestrictionQuerySet(NumberedQuerySet["Restriction"]):
    """Named queries over restrictions."""

    def of_user(self, user: User | int | OuterRef) -> Self:
        """Return what was decided about one person."""
        return self.filter(user=user)

    def about_ordinary_people(self) -> Self:
        """Leave out what was decided about staff."""
        return self.filter(**{f"user__{name}": value for name, value in ORDINARY.items()})

    def suspensions(self) -> Self:
        """Return those that kept a person out."""
        return self.filter(kind=RestrictionKind.SUSPENSION)

    def lifted(self) -> Self:
        """Return those that somebody ended before their time."""
        return self.filter(lifted_at__isnull=False)

    def to_lift(self) -> Self:
        """Return restrictions and suspensions that nobody has lifted, past their end or not."""
        return self.filter(lifted_at=None).exclude(kind=RestrictionKind.WARNING)

    def active(self, *, now: datetime | None = None) -> Self:
        """Return those that hold now: begun, not lifted, not past their end."""
        return self.filter(lifted_at=None).filter(
            Q(ends_at=None) | Q(ends_at__gt=now or timezone.now())
        )

    def running(self, *, now: datetime | None = None) -> Self:
        """Return restrictions and suspensions that hold now, the one that decides first.

        A suspension is more than a restriction; of two alike, the one that ends last counts.
        """
        rows = self.active(now=now).exclude(kind=RestrictionKind.WARNING)
        is_suspension = Case(When(kind=RestrictionKind.SUSPENSION, then=1), default=0)
        return rows.order_by(is_suspension.desc(), F("ends_at").desc(nulls_first=True), "-id")

    def with_kept_reasons(self, is_kept: Condition) -> Self:
        """Say of each, as `is_reason_kept`, whether this condition keeps its reasons back."""
        kept = ExpressionWrapper(is_kept, output_field=BooleanField())
        return self.annotate(is_reason_kept=kept)

    def kind_running_at(self, column: str) -> Subquery:
        """Return, for each row of another query, the kind of what runs about a person and decides.

        Nothing where nothing runs.

        Args:
            column: the one that points at the person.
        """
        return Subquery(self.of_user(OuterRef(column)).running().values("kind")[:1])
