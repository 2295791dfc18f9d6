"""Points for what a person wrote: they expire, can be overruled, and bring consequences once."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Sum
from django.utils import timezone

from apps.moderation import constants
from apps.moderation.models import Case, Decision, Strike, Threshold
from apps.users.models import User


def active_points(subject_id: int) -> int:
    """Return what a person has at the moment, counted from the rows."""
    total = Strike.objects.active().filter(subject_id=subject_id).aggregate(sum=Sum("points"))
    return total["sum"] or 0


def next_threshold(points: int) -> Threshold | None:
    """Return the consequence that comes next for somebody with these points."""
    return Threshold.objects.filter(points__gt=points).order_by("points").first()


def crossed_threshold(before: int, after: int) -> Threshold | None:
    """Return the heaviest consequence that going from one total to another brings."""
    crossed = Threshold.objects.filter(points__gt=before, points__lte=after)
    return crossed.order_by("-points").first()


def points_in_case(case: Case) -> int:
    """Return the points that a case's decisions give at the moment."""
    rows = Strike.objects.active().filter(decision__case=case)
    return rows.aggregate(sum=Sum("points"))["sum"] or 0


def points_at(subject_id: int, moment: datetime) -> int:
    """Return what a person had at a moment, by the decisions that still hold.

    A strike that took another one's place in its case counts from when that one was given.
    """
    begun: dict[int, datetime] = {}
    rows = Strike.objects.filter(subject_id=subject_id).select_related("decision").order_by("id")
    strikes = list(rows)
    for row in strikes:
        begun.setdefault(row.decision.case_id, row.created_at)
    return sum(
        row.points
        for row in strikes
        if row.overruled_by_id is None
        and row.expires_at > moment
        and begun[row.decision.case_id] <= moment
    )


def give_strike(*, decision: Decision, case: Case, points: int) -> Threshold | None:
    """Put a decision's points in the place of what its case gave before, one person at a time.

    Args:
        decision: violates.
        case: its case, whose subject gets them.
        points: may be none; what an earlier decision of the case gave counts no more then.

    Returns:
        The consequence that the new total brings, for the caller to apply; None for none.
    """
    subject = User.objects.select_for_update(no_key=True).filter(pk=case.subject_id).first()
    if subject is None:
        return None
    before = active_points(subject.pk)
    Strike.objects.active().filter(decision__case=case).update(overruled_by=decision)
    if points > 0:
        Strike.objects.create(
            subject=subject,
            decision=decision,
            points=points,
            expires_at=timezone.now() + timedelta(days=constants.STRIKE_DAYS),
        )
    return crossed_threshold(before, active_points(subject.pk))


def overrule(*, decision: Decision, by: Decision) -> int:
    """Make a decision's points count no more; returns how many they were."""
    strike = Strike.objects.active().filter(decision=decision).select_for_update().first()
    if strike is None:
        return 0
    strike.overruled_by = by
    strike.save(update_fields=["overruled_by"])
    return strike.points


def reinstate(*, by: Decision) -> int:
    """Make points that a decision had overruled count again; returns how many strikes these are."""
    return Strike.objects.filter(overruled_by=by).update(overruled_by=None)
