"""What the queue of cases is narrowed to, how it is sorted, and where a page of it goes on."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Left, Length

from apps.moderation import constants
from apps.moderation.querysets.base import SubjectQuerySet, all_rows
from apps.moderation.querysets.case_parts import CaseSnapshotQuerySet
from apps.moderation.querysets.flags import FlagQuerySet

if TYPE_CHECKING:
    from apps.moderation.models import Case  # noqa: F401
    from apps.users.models import User


class QueueQuerySet(SubjectQuerySet["Case"]):
    """Named queries over cases by what the queue shows of them."""

    def in_state(self, state: str) -> Self:
        """Return those that are open, claimed, escalated or closed."""
        return self.filter(state=state)

    def of_policy(self, code: str) -> Self:
        """Return those that a policy is about."""
        return self.filter(policy__code=code)

    def of_severity(self, severity: int) -> Self:
        """Return those with this severity."""
        return self.filter(severity=severity)

    def first_flagged_by(self, source: str) -> Self:
        """Return those that this kind of flag opened."""
        return self.filter(source=source)

    def of_role(self, role: str) -> Self:
        """Return those on what people write, on answers, or on a person without a text."""
        return self.filter(target_role=role)

    def answered_by(self, model: str) -> Self:
        """Return those on answers of a model, or on what it was asked."""
        return self.filter(model=model)

    def in_language(self, code: str) -> Self:
        """Return those on texts in a language; an empty code is one that was not recognised."""
        return self.filter(language=code)

    def numbered(self, number: int) -> Self:
        """Return the one with this number, and those on the message with this number."""
        return self.filter(Q(pk=number) | Q(message_id=number))

    def saying(self, words: str, *, since: datetime) -> Self:
        """Return those that opened at a moment or later on texts with these words."""
        found = all_rows(CaseSnapshotQuerySet, "CaseSnapshot").saying(words).since(since)
        return self.filter(pk__in=found.values("case_id")).since(since)

    def hit_by(self, *, rule: int | None, mode: str) -> Self:
        """Return those with a flag of a rule.

        Args:
            rule: its number; None for any.
            mode: the mode that it was in; empty for any.
        """
        flags = all_rows(FlagQuerySet, "Flag").of_case(OuterRef("pk"))
        return self.filter(Exists(flags.of_rules(rule=rule, mode=mode)))

    def unclaimed(self) -> Self:
        """Return those on which nobody has a claim."""
        return self.filter(claimed_by=None)

    def claimed_by(self, person: User | int) -> Self:
        """Return those on which this person has a claim, also one that has just passed."""
        return self.filter(state=constants.CaseState.CLAIMED, claimed_by=person)

    def due_before(self, moment: datetime) -> Self:
        """Return those that have to be decided before a moment."""
        return self.filter(due_at__lt=moment)

    def due_from(self, moment: datetime) -> Self:
        """Return those that have to be decided at a moment or later."""
        return self.filter(due_at__gte=moment)

    def most_urgent_first(self) -> Self:
        """Order by how urgent they are."""
        return self.order_by("-priority", "due_at", "id")

    def soonest_due_first(self) -> Self:
        """Order by when they have to be decided."""
        return self.order_by("due_at", "id")

    def less_urgent_than(self, *, priority: int, due_at: datetime, number: int) -> Self:
        """Return what follows a place in the list of the most urgent first.

        The first condition says nothing new: by it an index is read from that place on.
        """
        later = Q(due_at__gt=due_at) | Q(due_at=due_at, pk__gt=number)
        rows = self.filter(priority__lte=priority)
        return rows.filter(Q(priority__lt=priority) | (Q(priority=priority) & later))

    def due_after(self, *, due_at: datetime, number: int) -> Self:
        """Return what follows a place in the list of the soonest due first."""
        return self.due_from(due_at).filter(Q(due_at__gt=due_at) | Q(due_at=due_at, pk__gt=number))

    def with_beginning(self, characters: int) -> Self:
        """Say of each how its newest text begins, and how long it is.

        `beginning` and `text_chars`, both null where there is no text; nothing else of it is read.
        """
        snapshots = all_rows(CaseSnapshotQuerySet, "CaseSnapshot")
        newest = snapshots.of_case(OuterRef("pk")).order_by("-id")
        return self.annotate(
            beginning=Subquery(newest.values(start=Left("text", characters))[:1]),
            text_chars=Subquery(newest.values(chars=Length("text"))[:1]),
        )
