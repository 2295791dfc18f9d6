"""Named queries over flags."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from django.db.models import Count, OuterRef, Subquery

from apps.moderation import constants
from apps.moderation.querysets.base import CaseRowQuerySet

if TYPE_CHECKING:
    from apps.conversations.models import Message
    from apps.moderation.models import Flag  # noqa: F401
    from apps.users.models import User


class FlagQuerySet(CaseRowQuerySet["Flag"]):
    """Named queries over flags."""

    person_path: ClassVar[str] = "case__subject"

    def pending(self) -> Self:
        """Return those that no decision has answered."""
        return self.filter(outcome=constants.FlagOutcome.PENDING)

    def answered(self) -> Self:
        """Return those that a decision has answered."""
        return self.exclude(outcome=constants.FlagOutcome.PENDING)

    def on_message(self, message: Message | int) -> Self:
        """Return those that point at a message."""
        return self.filter(message=message)

    def raised_by(self, reporter: User | int | OuterRef) -> Self:
        """Return those of one person."""
        return self.filter(reporter=reporter)

    def with_reporter(self) -> Self:
        """Return those that say who raised them."""
        return self.filter(reporter__isnull=False)

    def reports(self) -> Self:
        """Return what people reported of their own conversations."""
        return self.with_reporter().filter(source=constants.FlagSource.USER)

    def of_staff(self) -> Self:
        """Return what somebody of staff flagged for others, with their name."""
        return self.with_reporter().filter(source=constants.FlagSource.STAFF)

    def naming_a_policy(self) -> Self:
        """Return those that say what it was thought to go against."""
        return self.filter(policy__isnull=False)

    def of_rules(self, *, rule: int | None, mode: str) -> Self:
        """Return those that rules raised.

        Args:
            rule: the number of one; None for any.
            mode: the mode that it was in; empty for any.
        """
        rows = self.filter(hit__isnull=False)
        rows = rows if rule is None else rows.filter(hit__rule=rule)
        return rows.filter(hit__mode=mode) if mode else rows

    def of_hit(self, hit_id: int) -> Self:
        """Return those that a hit raised."""
        return self.filter(hit=hit_id)

    def with_records_of_reporters(self) -> Self:
        """Say of each how many flags of its reporter were `decided`, and how many of them `agreed`.

        One that was answered with neither counts in neither.
        """
        flags = FlagQuerySet(self.model).raised_by(OuterRef("reporter")).order_by()
        outcomes = constants.FlagOutcome
        return self.annotate(
            agreed=_number_of(flags.filter(outcome=outcomes.AGREED)),
            decided=_number_of(flags.filter(outcome__in=(outcomes.AGREED, outcomes.DISAGREED))),
        )


def _number_of(flags: FlagQuerySet) -> Subquery:
    return Subquery(flags.values("reporter").annotate(number=Count("pk")).values("number"))
