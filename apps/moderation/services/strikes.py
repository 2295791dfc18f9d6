"""Points for what a person wrote: they expire, can be overruled, and bring consequences once."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Sum
from django.utils import timezone

from apps.moderation import constants
from apps.moderation.models import Decision, Strike, Threshold
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


def give_strike(*, decision: Decision, subject_id: int, points: int) -> Threshold | None:
    """Add a decision's points to a person, one person at a time.

    Returns:
        The consequence that these points bring, for the caller to apply; None for none.
    """
    subject = User.objects.select_for_update(no_key=True).filter(pk=subject_id).first()
    if subject is None or points <= 0:
        return None
    before = active_points(subject.pk)
    Strike.objects.create(
        subject=subject,
        decision=decision,
        points=points,
        expires_at=timezone.now() + timedelta(days=constants.STRIKE_DAYS),
    )
    return crossed_threshold(before, before + points)


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
