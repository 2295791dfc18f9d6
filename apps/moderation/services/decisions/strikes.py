"""Points for what a person wrote: they expire, can be overruled, and bring consequences once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from apps.moderation import constants
from apps.moderation.models import Case, Decision, Enforcement, Strike, Threshold
from apps.users.models import User

STRIKE_LASTS = timedelta(days=constants.STRIKE_DAYS)


def active_points(subject_id: int) -> int:
    """Return what a person has at the moment, counted from the rows."""
    return Strike.objects.active().about(subject_id).total()


def next_threshold(points: int) -> Threshold | None:
    """Return the consequence that comes next for somebody with these points."""
    return Threshold.objects.above(points).order_by("points").first()


def crossed_threshold(before: int, after: int) -> Threshold | None:
    """Return the heaviest consequence that going from one total to another brings."""
    crossed = Threshold.objects.above(before).reached_by(after)
    return crossed.order_by("-points").first()


def look_ahead(case: Case, points: int) -> tuple[int, int]:
    """Return what a case's subject has, and would have if the case gave these points instead."""
    before = active_points(case.subject_id)
    return before, before - Strike.objects.active().of_case(case).total() + points


def unreached(subject_id: int, *, case: Case | None = None, points: int = 0) -> list[Enforcement]:
    """Return what a person's points brought, in whichever case, and would not have brought.

    Args:
        subject_id: whose.
        case: one that is about to give other points; None to go by what counts already.
        points: what it gives in the place of what it gave.
    """
    rows = Enforcement.objects.active().on_person(subject_id).brought_by_points()
    brought = list(rows.select_related("decision__case").order_by("id"))
    if not brought:
        return []
    strikes = _strikes_of(subject_id, case, points)
    return [
        one
        for one in brought
        if sum(_counting_at(one.created_at, strikes).values()) < one.data["threshold"]
    ]


def lesser_threshold(brought: Enforcement, case: Case, points: int) -> Threshold | None:
    """Return the heaviest consequence that points still bring, where they do not bring a former.

    Args:
        brought: a consequence of points that is not reached any more.
        case: of its subject.
        points: what the case gives in the place of what it gave.

    Returns:
        None too where points that count have brought that already.
    """
    strikes = _strikes_of(case.subject_id, case, points)
    counting = _counting_at(brought.created_at, strikes)
    total = sum(counting.values())
    lesser = Threshold.objects.reached_by(total).order_by("-points").first()
    if lesser is None:
        return None
    former = Enforcement.objects.on_person(case.subject_id).brought_by(lesser).not_reversed()
    return None if former.of_cases({*counting, case.pk}).exists() else lesser


@dataclass(frozen=True, slots=True)
class _Given:
    """Points of a case that no decision overrules: since when and until when they count."""

    case_id: int
    points: int
    since: datetime
    until: datetime


def _strikes_of(subject_id: int, case: Case | None, points: int) -> list[_Given]:
    """Return a person's points, with those of one case as if they were given now.

    A strike that took another one's place in its case counts from when that one was given.
    """
    now = timezone.now()
    begun: dict[int, datetime] = {}
    given = []
    rows = Strike.objects.about(subject_id).select_related("decision").order_by("id")
    for row in rows:
        number = row.decision.case_id
        since = begun.setdefault(number, row.created_at)
        is_replaced = case is not None and number == case.pk and row.expires_at > now
        if row.overruled_by_id is None and not is_replaced:
            given.append(_Given(number, row.points, since, row.expires_at))
    if case is not None and points > 0:
        since = begun.get(case.pk, now)
        given.append(_Given(case.pk, points, since, now + STRIKE_LASTS))
    return given


def _counting_at(moment: datetime, strikes: Iterable[_Given]) -> dict[int, int]:
    """Return the points of each case that count at a moment."""
    return {one.case_id: one.points for one in strikes if one.since <= moment < one.until}


def lock_account(case: Case, *, beside: User | None = None) -> None:
    """Lock the person whose points a case counts, so that one decision counts after the other.

    Rows that refer to an account may still be stored meanwhile: whoever opens a case of the same
    message waits for nobody who decides.

    Args:
        case: locked.
        beside: who decides about the person's rights, which locks them too: both in one order.
    """
    numbers = [case.subject_id] if beside is None else [case.subject_id, beside.pk]
    list(User.objects.select_for_update(no_key=True).filter(pk__in=numbers).order_by("pk"))


def give_strike(*, decision: Decision, case: Case, points: int) -> None:
    """Put a decision's points in the place of what its case gave before.

    Args:
        decision: violates.
        case: its case, whose subject is locked and gets them.
        points: may be none; what an earlier decision of the case gave counts no more then.
    """
    Strike.objects.active().of_case(case).update(overruled_by=decision)
    if points > 0:
        Strike.objects.create(
            subject_id=case.subject_id,
            decision=decision,
            points=points,
            expires_at=timezone.now() + STRIKE_LASTS,
        )


def overrule(*, decision: Decision, by: Decision) -> int:
    """Make a decision's points count no more; returns how many they were."""
    strike = Strike.objects.active().of_decision(decision).select_for_update().first()
    if strike is None:
        return 0
    strike.overruled_by = by
    strike.save(update_fields=["overruled_by"])
    return strike.points


def reinstate(*, by: Decision) -> Strike | None:
    """Make points that a decision had overruled count again; returns them, unless they are over."""
    rows = list(Strike.objects.overruled_by(by).select_related("decision"))
    Strike.objects.overruled_by(by).update(overruled_by=None)
    now = timezone.now()
    return next((row for row in rows if row.expires_at > now), None)
