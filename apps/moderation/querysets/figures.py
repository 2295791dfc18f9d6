"""What the dashboard counts of cases, decisions and what staff read: conditions, under a name each.

A figure is a count over rows that say of themselves what is to be counted: the methods called
`with_...` say it, and a service counts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.apps import apps
from django.db.models import DurationField, Exists, ExpressionWrapper, F, OuterRef, Q, Value
from django.db.models.functions import Coalesce

from apps.audit.constants import AuditAction
from apps.audit.querysets import AuditEventQuerySet
from apps.core.append_only import AppendOnlyQuerySet
from apps.moderation import constants
from apps.moderation.querysets.base import CaseRowQuerySet, SubjectQuerySet, all_rows, whether
from apps.moderation.querysets.flags import FlagQuerySet

if TYPE_CHECKING:
    from apps.moderation.models import Case, CaseReopening, Decision, Policy  # noqa: F401
    from apps.moderation.querysets.cases import CaseQuerySet


class CaseFigureQuerySet(SubjectQuerySet["Case"]):
    """Named queries over cases by what is counted of them."""

    def closed_since(self, moment: datetime) -> Self:
        """Return those that were closed at a moment or later, and are."""
        return self.filter(state=constants.CaseState.CLOSED, closed_at__gte=moment)

    def open_at(self, moment: datetime | OuterRef) -> Self:
        """Return those that were there at a moment, and are not known to have been closed."""
        return self.filter(Q(closed_at=None) | Q(closed_at__gte=moment), created_at__lte=moment)

    def with_age(self, now: datetime, *, bands: Sequence[timedelta]) -> Self:
        """Say of each `since` when it waits, its `age`, and whether it `is_overdue`.

        Its time counts from when it was opened last.

        Args:
            now: the moment.
            bands: how old the oldest of each band are; whether a case is in it stands in
                `is_in_band0` and so on.
        """
        edges = [timedelta(), *bands]
        is_in = {
            f"is_in_band{number}": whether(_waiting(now, edges[number], edges[number + 1]))
            for number in range(len(bands))
        }
        age = ExpressionWrapper(Value(now) - F("since"), output_field=DurationField())
        rows = self.annotate(since=Coalesce("reopened_at", "created_at"))
        return rows.annotate(age=age, is_overdue=whether(Q(due_at__lt=now)), **is_in)

    def with_timeliness(self) -> Self:
        """Say of each whether it was closed `is_at_once`, as it opened, or else `is_in_time`."""
        at_once = opened_at_once() & Q(reopened_at__isnull=True)
        return self.annotate(is_at_once=whether(at_once), is_in_time=whether(_in_time(at_once)))


class CaseReopeningQuerySet(AppendOnlyQuerySet["CaseReopening"]):
    """Named queries over reopenings; rows can be added and read, nothing else."""

    def closed_since(self, moment: datetime) -> Self:
        """Return those of cases that had been closed at a moment or later."""
        return self.filter(closed_at__gte=moment)

    def with_timeliness(self) -> Self:
        """Say of each whether its case had been closed `is_at_once`, or else `is_in_time`."""
        at_once = Q(was_at_once=True)
        return self.annotate(is_at_once=whether(at_once), is_in_time=whether(_in_time(at_once)))


class DecisionFigureQuerySet(AppendOnlyQuerySet["Decision"], CaseRowQuerySet["Decision"]):  # type: ignore[override]
    """Named queries over decisions by what is counted of them."""

    def without_lifts(self) -> Self:
        """Leave out those that only ended early what an earlier one did to the person."""
        return self.filter(is_lift=False)

    def human_verdicts(self) -> Self:
        """Return what people said of texts: no undo, no lift, and not that a case is handed on."""
        rows = self.filter(actor_kind=constants.ActorKind.PERSON, is_undo=False, is_lift=False)
        return rows.exclude(verdict=constants.Verdict.UNSURE)

    def under(self, policy: Policy | int | OuterRef) -> Self:
        """Leave out what goes against another policy than this one."""
        return self.filter(
            Q(verdict=constants.Verdict.NO_VIOLATION) | Q(policy_version__policy=policy)
        )

    def on_messages_between(self, first: int, last: int) -> Self:
        """Return those about messages of these numbers, both ends included."""
        return self.filter(case__message_id__gte=first, case__message_id__lte=last)

    def first_by_people(self) -> Self:
        """Return what a person decided where no person had, of cases that waited for it.

        A rule that withheld a text at once decided nothing in this sense; handing a case on did.
        """
        rows = self.filter(actor_kind=constants.ActorKind.PERSON, is_undo=False)
        before = Q(supersedes__actor_kind=constants.ActorKind.PERSON)
        return rows.filter(Q(supersedes=None) | ~before).exclude(opened_at_once("case"))

    def felt(self) -> Self:
        """Return violations that did something to somebody whose account is still there.

        Each says, as `is_told`, whether that person was told of it.
        """
        of_this = {"decision": OuterRef("pk")}
        did, gave, told = (
            Exists(apps.get_model("moderation", name)._default_manager.filter(**of_this))  # noqa: SLF001
            for name in ("Enforcement", "Strike", "Notice")
        )
        people = apps.get_model("users", "User")._default_manager  # noqa: SLF001
        rows = self.filter(
            did | gave,
            Exists(people.filter(pk=OuterRef("case__subject"))),
            verdict=constants.Verdict.VIOLATES,
        )
        return rows.annotate(is_told=told)

    def with_overturning(self) -> Self:
        """Say of each whether it did not last, and by whom: `by_appeal`, `by_same`, `by_other`.

        A lift ends early what a decision did to the person and overturns nothing: of one that was
        lifted it is what came after the lift.
        """
        is_lifted = Q(superseded_by__is_lift=True)
        direct = _overturned("superseded_by", Q())
        later = _overturned(
            "superseded_by__superseded_by", Q(superseded_by__superseded_by__takes_back=F("pk"))
        )
        appeal, same, other = (
            whether((~is_lifted & one) | (is_lifted & two))
            for one, two in zip(direct, later, strict=True)
        )
        return self.annotate(by_appeal=appeal, by_same=same, by_other=other)


class StaffReadingQuerySet(AuditEventQuerySet):
    """Named queries over the record of what staff see and read."""

    def severe_cases_taken(self) -> Self:
        """Return when people claimed or took over cases that are hard to read."""
        taken = self.of_kind(AuditAction.CASE_CLAIMED, AuditAction.CASE_TAKEN_OVER)
        return taken.filter(data__severity__gte=constants.Severity.HIGH, actor__isnull=False)

    def conversations_read(self) -> Self:
        """Return when somebody of staff opened a conversation."""
        return self.of_kind(AuditAction.CONVERSATION_READ)

    def with_recency(self, **moments: datetime) -> Self:
        """Say of each, under each of these names, whether it was done at that moment or later."""
        return self.annotate(
            **{name: whether(Q(created_at__gte=moment)) for name, moment in moments.items()}
        )

    def with_case(self) -> Self:
        """Say of each reading of a conversation, as `is_without_case`, whether no case allowed it.

        What was read by a grant was read without one: a case may have been open and sealed, which
        lets nobody in.
        """
        cases: CaseQuerySet = apps.get_model("moderation", "Case")._default_manager.all()  # noqa: SLF001
        then = cases.open_at(OuterRef("created_at")).on_conversation(OuterRef("target_id"))
        rows = self.annotate(has_case=Exists(then))
        return rows.annotate(
            is_without_case=whether(Q(has_case=False) | Q(data__has_key="grant_id"))
        )


def opened_at_once(case: str = "pk") -> Q:
    """Return the condition of rows whose case opened only as somebody of staff decided it.

    What staff flag waits for others, with the name of whoever flagged it.

    Args:
        case: path from the row to the case's number.
    """
    waits = all_rows(FlagQuerySet, "Flag").of_case(OuterRef(case)).of_staff()
    path = "" if case == "pk" else f"{case}__"
    return Q(**{f"{path}source": constants.FlagSource.STAFF}) & ~Q(Exists(waits))


def _waiting(now: datetime, low: timedelta, high: timedelta) -> Q:
    at_least = Q(since__lte=now - low) if low else Q()
    return at_least if high == timedelta.max else at_least & Q(since__gt=now - high)


def _in_time(at_once: Q) -> Q:
    return Q(closed_at__lte=F("due_at")) & ~at_once


def _overturned(by: str, undone: Q) -> tuple[Q, Q, Q]:
    """Return the conditions of decisions overturned by an appeal, by their author, by others.

    Args:
        by: path to what took their place.
        undone: where that is an undo, whether it is of them.
    """
    changed = (Q(**{f"{by}__is_undo": True}) & undone) | (
        Q(**{f"{by}__isnull": False})
        & ~Q(**{f"{by}__verdict": F("verdict")})
        & ~Q(**{f"{by}__verdict": constants.Verdict.UNSURE})
    )
    appealed = Q(**{f"{by}__decided_appeal__isnull": False})
    same = Q(**{f"{by}__actor": F("actor")})
    return changed & appealed, changed & ~appealed & same, changed & ~appealed & ~same
