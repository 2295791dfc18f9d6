"""Named queries over decisions and over what they did: enforcements, points, notices."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar
from uuid import UUID

from django.db.models import (
    BigIntegerField,
    DateTimeField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Now, NullIf

from apps.moderation import constants
from apps.moderation.querysets.base import CaseRowQuerySet
from apps.moderation.querysets.figures import DecisionFigureQuerySet

if TYPE_CHECKING:
    from datetime import datetime

    from apps.moderation.models import (  # noqa: F401
        Case,
        Decision,
        Enforcement,
        Notice,
        Strike,
        Threshold,
    )
    from apps.users.models import User

M = TypeVar("M", bound=Model)


class DecisionQuerySet(DecisionFigureQuerySet):  # type: ignore[override]
    """Named queries over decisions; rows can be added and read, nothing else."""

    person_path: ClassVar[str] = "case__subject"

    def not_superseded(self) -> Self:
        """Return those in whose place no other stands."""
        return self.filter(superseded_by=None)

    def holding(self) -> Self:
        """Return those that hold, also where a lift ended early what they did to the person."""
        is_lifted = Q(superseded_by__is_lift=True, superseded_by__superseded_by=None)
        return self.filter(Q(superseded_by=None) | is_lifted, is_undo=False)

    def in_place_of(self, decision: Decision) -> Self:
        """Return the one that stands in the place of another, if any does."""
        return self.filter(supersedes=decision)

    def made_by(self, actor: User | int | OuterRef | None) -> Self:
        """Return those that this person made."""
        return self.filter(actor=actor)

    def on_message(self, message: int | OuterRef) -> Self:
        """Return those about one message."""
        return self.filter(case__message=message)

    def not_made_by(self, actor: User) -> Self:
        """Leave out those that this person made."""
        return self.exclude(actor=actor.pk)

    def made_by_people(self) -> Self:
        """Leave out those of rules and of the product itself."""
        return self.filter(actor_kind=constants.ActorKind.PERSON)

    def without_undos(self) -> Self:
        """Leave out those that only took another one back."""
        return self.filter(is_undo=False)

    def lifts(self) -> Self:
        """Return those that only ended early what an earlier one did to the person."""
        return self.filter(is_lift=True)

    def of_batch(self, batch_id: UUID) -> Self:
        """Return those that one gesture made."""
        return self.filter(batch_id=batch_id)

    def on_conversation(self, conversation_id: int) -> Self:
        """Return those about messages of a conversation."""
        return self.filter(case__conversation=conversation_id)

    def of_verdict(self, verdict: constants.Verdict) -> Self:
        """Return those that say this."""
        return self.filter(verdict=verdict)

    def not_of_verdict(self, verdict: constants.Verdict) -> Self:
        """Return those that say anything else."""
        return self.exclude(verdict=verdict)

    def outside_case(self, case: Case) -> Self:
        """Return those about other cases than one."""
        return self.exclude(case=case)

    def behind_appeals(self) -> Self:
        """Return, for each appeal of another query, those of both cases that it has to do with.

        That in which it waits, and that of the decision which it is against.
        """
        return self.filter(Q(case=OuterRef("case")) | Q(case=OuterRef("decision__case")))

    def with_points(self) -> Self:
        """Return those that gave points which no other one overruled."""
        return self.filter(strike__overruled_by=None, strike__isnull=False)


class DecidedQuerySet(CaseRowQuerySet[M]):
    """Named queries over what a decision brought."""

    case_path: ClassVar[str] = "decision__case"

    def of_decision(self, decision: Decision | int | OuterRef) -> Self:
        """Return what one decision brought."""
        return self.filter(decision=decision)

    def of_decisions(self, decisions: Iterable[Decision]) -> Self:
        """Return what these decisions brought."""
        return self.filter(decision__in=[one.pk for one in decisions])


class EnforcementQuerySet(DecidedQuerySet["Enforcement"]):
    """Named queries over enforcements."""

    person_path: ClassVar[str] = "decision__case__subject"

    def not_ended(self) -> Self:
        """Return those that nothing has ended, unless the clock has."""
        return self.filter(state=constants.EnforcementState.ACTIVE)

    def active(self) -> Self:
        """Return those that hold at the moment."""
        return self.not_ended().filter(Q(ends_at=None) | Q(ends_at__gt=Now()))

    def not_reversed(self) -> Self:
        """Leave out those that were taken back."""
        return self.exclude(state=constants.EnforcementState.REVERSED)

    def reversed_by(self, decision: Decision) -> Self:
        """Return those that this decision took back."""
        return self.filter(reversed_by=decision)

    def of_kind(self, *kinds: str) -> Self:
        """Return those that do one of these things."""
        return self.filter(kind__in=kinds)

    def not_of_kind(self, kind: str) -> Self:
        """Leave out those that do this."""
        return self.exclude(kind=kind)

    def on_message(self, message_id: int | OuterRef | None) -> Self:
        """Return those that act on a message."""
        return self.filter(message=message_id)

    def on_conversation(self, conversation_id: int) -> Self:
        """Return those that act on a conversation."""
        return self.filter(conversation=conversation_id)

    def on_person(self, person_id: int) -> Self:
        """Return those that act on a person or on what is theirs elsewhere than in a text."""
        return self.filter(subject=person_id)

    def out_of_view(self) -> Self:
        """Return those that took a text from view which somebody could have seen before.

        What was refused at once was never in view.
        """
        rows = self.of_kind(*constants.OUT_OF_VIEW).filter(message__created_at__isnull=False)
        return rows.exclude(data__contains={"was_never_seen": True})

    def brought_by_points(self) -> Self:
        """Return those that a person's points brought."""
        return self.filter(data__has_key="threshold")

    def brought_by(self, threshold: Threshold) -> Self:
        """Return those that reaching a threshold brought."""
        return self.filter(data__threshold=threshold.points)

    def of_restrictions(self, numbers: Collection[int]) -> Self:
        """Return those that made these restrictions."""
        return self.filter(data__restriction_id__in=list(numbers))

    def of_links(self, numbers: Collection[int]) -> Self:
        """Return those that revoked these shared links."""
        return self.filter(data__share_id__in=list(numbers))

    def hiding(self, *, message: int | OuterRef, since: datetime | OuterRef | None) -> Self:
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

    def revoking(self, *, owner: int | OuterRef, share: int | OuterRef | None = None) -> Self:
        """Return those that revoke shared links.

        Args:
            owner: whose links.
            share: which link; None for all of theirs.
        """
        rows = self.filter(kind=constants.EnforcementKind.REVOKE_SHARE, subject=owner)
        number = Cast(KeyTextTransform("share_id", "data"), BigIntegerField())
        return rows if share is None else rows.alias(revoked=number).filter(revoked=share)


class StrikeQuerySet(DecidedQuerySet["Strike"]):
    """Named queries over strikes."""

    def active(self) -> Self:
        """Return those that count at the moment."""
        return self.filter(overruled_by=None, expires_at__gt=Now())

    def overruled_by(self, decision: Decision) -> Self:
        """Return those that this decision made count no more."""
        return self.filter(overruled_by=decision)

    def total(self) -> int:
        """Return how many points they are together."""
        return self.aggregate(sum=Sum("points"))["sum"] or 0


class ThresholdQuerySet(QuerySet["Threshold"]):
    """Named queries over the totals of points that bring something."""

    def above(self, points: int | OuterRef) -> Self:
        """Return those that somebody with these points has yet to reach."""
        return self.filter(points__gt=points)

    def at(self, points: int) -> Self:
        """Return the one at a total, if there is any."""
        return self.filter(points=points)

    def reached_by(self, points: int) -> Self:
        """Return those that somebody with these points has reached."""
        return self.filter(points__lte=points)


class NoticeQuerySet(DecidedQuerySet["Notice"]):
    """Named queries over notices."""

    def unread(self) -> Self:
        """Return those that nobody has read."""
        return self.filter(read_at=None)

    def of_measures(self) -> Self:
        """Return those of what was done to somebody's text or account.

        It can be appealed, or a text is held unchecked. What came of a report is none of them.
        """
        return self.filter(
            Q(appeal_until__isnull=False) | Q(decision__actor_kind=constants.ActorKind.SYSTEM)
        )

    def to_active_people(self) -> Self:
        """Leave out those to whoever has closed their account, or had it closed."""
        return self.filter(subject__is_active=True)

    def appealable(self, now: datetime) -> Self:
        """Return those from which nobody has appealed and somebody still may."""
        return self.filter(appeal_until__gt=now, appeal=None)

    def on_message(self, message_id: int) -> Self:
        """Return those that tell of a message."""
        return self.filter(message=message_id)

    def on_conversation(self, conversation: int | OuterRef) -> Self:
        """Return those that tell of a conversation or of a message in it."""
        return self.filter(conversation=conversation)
