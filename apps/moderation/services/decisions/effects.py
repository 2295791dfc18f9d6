"""What a violation brings, worked out once: the preview says it and the decision does it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone

from apps.conversations.constants import Author
from apps.conversations.models import Conversation, Message, Reply
from apps.moderation import constants
from apps.moderation.constants import EnforcementKind
from apps.moderation.models import Case, Enforcement, Policy, Threshold
from apps.moderation.services.decisions import links, strikes
from apps.moderation.services.notices.still_held import Easing, easing_of
from apps.users.models import Restriction, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What a decision is to do.

    Attributes:
        kind: which enforcement.
        spans: passages to redact, start and end in code points.
        hours: how long a restriction or suspension lasts; None for no end, and for all else.
        ends_at: when it ends, where a moment and no time is named.
        share_id: which link to revoke.
    """

    kind: EnforcementKind
    spans: tuple[tuple[int, int], ...] = ()
    hours: int | None = None
    ends_at: datetime | None = None
    share_id: int | None = None

    @property
    def has_end(self) -> bool:
        """Whether it is asked to end by itself."""
        return self.hours is not None or self.ends_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A measure that is left to be done, and when it ends by itself."""

    measure: Measure
    ends_at: datetime | None

    @property
    def kind(self) -> EnforcementKind:
        """Which enforcement."""
        return self.measure.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What follows from calling a case a violation.

    Attributes:
        planned: what is left to be done, texts before people.
        held: what holds already because of the case, such as what a rule has withheld.
        lapsed: what a decision on the case did and something else took back since.
        points: strike points that the author gets.
        former_points: what the case gave before, in whose place they come.
        keeps_points: what the case gave before counts as it did, and nothing is added.
        total: what the author has with them.
        threshold: the consequence that the total brings; None for none.
        threshold_ends_at: when that consequence ends by itself.
        unreached: what points brought, in whichever case, and do not bring any more.
        lifted: what of it was not over already.
        eased: how the author's standing gets lighter; None where it does not.
    """

    planned: Sequence[Planned] = ()
    held: Sequence[Enforcement] = ()
    lapsed: Sequence[Enforcement] = ()
    points: int = 0
    former_points: int = 0
    keeps_points: bool = False
    total: int = 0
    threshold: Threshold | None = None
    threshold_ends_at: datetime | None = None
    unreached: Sequence[Enforcement] = ()
    lifted: Sequence[Enforcement] = ()
    eased: Easing | None = None

    @property
    def is_felt(self) -> bool:
        """Whether the person is told of it."""
        changes = self.points or self.former_points or self.eased is not None
        return bool(changes or self.told())

    def told(self) -> list[tuple[EnforcementKind, datetime | None]]:
        """Return what the notice names, in its order."""
        named = [(EnforcementKind(one.kind), one.ends_at) for one in self.held]
        named += [(one.kind, one.ends_at) for one in self.planned]
        if self.threshold is not None:
            named.append((EnforcementKind(self.threshold.consequence), self.threshold_ends_at))
        return named


def effects_of(
    *,
    case: Case,
    policy: Policy | None,
    measures: Sequence[Measure] = (),
    gives_points: bool | None,
) -> Effects:
    """Work out what calling a case a violation would bring at this moment.

    What holds already because of the case is left as it is; what lapsed is done anew.
    Points are for what a person wrote, never for an answer, nor for an account that is gone; staff
    are left to their admin.

    Args:
        case: locked, where it is about to be decided.
        policy: which one it goes against.
        measures: what is asked for.
        gives_points: whether the policy's points count; None where those of before stay.
    """
    now = timezone.now()
    planned = [_planned(one, now) for one in sorted(measures, key=_turn)]
    subject = User.objects.filter(pk=case.subject_id).first()
    has_points = gives_points and subject is not None and case.target_role == Author.USER
    points = policy.strike_points if has_points and policy is not None else 0
    before, total, unreached = _points_ahead(case, points, keeps_points=gives_points is None)
    held, lapsed, lesser = _what_holds(case, points, unreached)
    lifted = [one for one in unreached if not _has_lapsed(one, case)]
    is_spared = subject is None or subject.is_staff
    threshold = None if is_spared else strikes.crossed_threshold(before, total) or lesser
    left = [one for one in planned if not any(_covers(other, one) for other in held)]
    outlasted = {one.kind for one in left}
    brings = Effects(
        planned=left,
        held=[one for one in held if one.kind not in outlasted],
        lapsed=lapsed,
        points=points,
        former_points=before - total + points,
        keeps_points=gives_points is None,
        total=total,
        threshold=threshold,
        threshold_ends_at=_end_of(now, threshold) if threshold is not None else None,
        unreached=unreached,
        lifted=lifted,
    )
    coming = [kind for kind, _ in brings.told()]
    return replace(brings, eased=easing_of(case.subject_id, ending=lifted, coming=coming))


def _points_ahead(
    case: Case, points: int, *, keeps_points: bool
) -> tuple[int, int, list[Enforcement]]:
    """Return what the subject has, what they would have, and what would not be reached then."""
    if keeps_points:
        total = strikes.active_points(case.subject_id)
        return total, total, []
    before, total = strikes.look_ahead(case, points)
    return before, total, strikes.unreached(case.subject_id, case=case, points=points)


def _planned(measure: Measure, now: datetime) -> Planned:
    ends_at = measure.ends_at or _end(now, measure.kind, measure.hours)
    return Planned(measure=measure, ends_at=ends_at)


def _turn(measure: Measure) -> int:
    """Return when a measure has its turn: redacting needs the text, persons come last."""
    if measure.kind in constants.ENFORCED_BY_PERSONS:
        return 2
    return 0 if measure.kind == EnforcementKind.REDACT_SPAN else 1


def _what_holds(
    case: Case, points: int, unreached: Collection[Enforcement]
) -> tuple[list[Enforcement], list[Enforcement], Threshold | None]:
    """Sort what is active because of a case, if the case gave these points.

    Returns:
        What holds; what lapsed; and the lesser consequence of points that takes the place of one
        that they do not bring any more, which is neither.
    """
    held: list[Enforcement] = []
    lapsed: list[Enforcement] = []
    lesser: list[Threshold] = []
    gone = {one.pk for one in unreached}
    active = Enforcement.objects.active().of_case(case)
    for one in active.not_of_kind(EnforcementKind.REDACT_SPAN).order_by("id"):
        if _has_lapsed(one, case):
            lapsed.append(one)
        elif one.pk not in gone:
            held.append(one)
        else:
            instead = strikes.lesser_threshold(one, case, points)
            lesser += [instead] if instead is not None else []
    return held, lapsed, max(lesser, key=lambda one: one.points, default=None)


def _covers(held: Enforcement, planned: Planned) -> bool:
    """Tell whether what holds makes a measure needless: of the same kind, ending no earlier."""
    if held.kind != planned.kind:
        return False
    return held.ends_at is None or (planned.ends_at is not None and held.ends_at >= planned.ends_at)


def _has_lapsed(enforcement: Enforcement, case: Case) -> bool:
    """Tell whether its target is there and does not show it any more."""
    match enforcement.kind:
        case EnforcementKind.HIDE_MESSAGE:
            return Message.objects.not_hidden().filter(pk=case.text_number).exists()
        case EnforcementKind.RETRACT_ANSWER:
            return Reply.objects.not_withheld().filter(pk=case.text_number).exists()
        case EnforcementKind.LOCK_CONVERSATION:
            return Conversation.objects.not_locked().filter(pk=case.talk_number).exists()
        case EnforcementKind.REVOKE_SHARE:
            return links.is_given_back(enforcement)
        case _:
            number = enforcement.data.get("restriction_id")
            return Restriction.objects.lifted().filter(pk=number).exists()


def _end_of(now: datetime, threshold: Threshold) -> datetime | None:
    return _end(now, EnforcementKind(threshold.consequence), threshold.hours)


def _end(now: datetime, kind: EnforcementKind, hours: int | None) -> datetime | None:
    return now + timedelta(hours=hours) if hours and kind in constants.ENDED_BY_TIME else None
