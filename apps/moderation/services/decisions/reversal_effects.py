"""What calling a case no violation takes back, worked out before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.moderation.constants import EnforcementKind
from apps.moderation.models import Case, Enforcement
from apps.moderation.services.decisions import strikes
from apps.moderation.services.notices import notices, still_held
from apps.moderation.services.notices.still_held import Easing


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalEffects:
    """What follows from calling a case no violation.

    Attributes:
        ending: what holds because of the case and is taken back.
        unreached: what points of other cases brought and would not without this one's.
        points: what the case gave and does not count any more.
        total: what its subject has without them.
        holding: what stays out of view or not allowed for another reason.
        eased: how the subject's standing gets lighter; None where it does not.
        is_told: whether the subject is told.
    """

    ending: Sequence[Enforcement]
    unreached: Sequence[Enforcement]
    points: int
    total: int
    holding: Sequence[tuple[EnforcementKind, datetime | None]]
    eased: Easing | None
    is_told: bool


def effects_of_no_violation(case: Case) -> ReversalEffects:
    """Work out what calling a case no violation would do at this moment."""
    ending = list(Enforcement.objects.active().of_case(case).order_by("id"))
    own = {one.pk for one in ending}
    brought = strikes.unreached(case.subject_id, case=case)
    unreached = [one for one in brought if one.pk not in own]
    before, total = strikes.look_ahead(case, 0)
    taken = [*ending, *unreached]
    return ReversalEffects(
        ending=ending,
        unreached=unreached,
        points=before - total,
        total=total,
        holding=still_held.held_on(case, ending=taken),
        eased=still_held.easing_of(case.subject_id, ending=taken),
        is_told=bool(ending or before > total) and notices.was_told(case),
    )
