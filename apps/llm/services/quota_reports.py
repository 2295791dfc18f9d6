"""Who is near the end of a quota."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import F, QuerySet
from django.utils import timezone

from apps.core.rights import Actor, require
from apps.llm.models import Quota, QuotaCounter

VIEW = "llm.view_quota"
MOST = 20
MOST_NEAR = 200
SHARES = (50, 80, 90, 100)
USUAL_SHARE = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """How far one holder has used a quota in the period that runs.

    `person` is None where all share it; `amount` is what it allows.
    """

    quota: Quota
    person: Any
    amount: int
    used: int
    reserved: int
    ends_at: datetime

    @property
    def left(self) -> int:
        """What is neither used nor reserved."""
        return max(0, self.amount - self.used - self.reserved)

    @property
    def share(self) -> float:
        """Which part of it is used or reserved; 1 for one of nothing."""
        return (self.used + self.reserved) / self.amount if self.amount else 1.0


@dataclass(frozen=True, slots=True)
class NearLimits:
    """The holders who are near an end, the nearest first; `has_more` where not all are listed."""

    rows: Sequence[Near]
    has_more: bool


def share_of(text: str) -> int:
    """Return the share in percent that an address names; the usual one for anything else."""
    return next((share for share in SHARES if text == str(share)), USUAL_SHARE)


def nearest(*, quota: Quota, now: datetime | None = None) -> list[Near]:
    """Return who used most of a quota in the period that runs, at most twenty; two queries."""
    running = QuotaCounter.objects.of_quota(quota).running(now or timezone.now())
    counters = running.counting(Quota.objects.all())
    return _near(counters.order_by((F("used") + F("reserved")).desc())[:MOST])


def near_limits(*, viewer: Actor, share: int, now: datetime | None = None) -> NearLimits:
    """Return all who have used a share of a quota that holds; two queries, 200 rows at most.

    Only counters of periods that run are read, by the index of their ends. A quota of nothing is
    left out: everybody is at its end.

    Args:
        viewer: a member of staff.
        share: from so many per cent on, what is reserved included.
        now: the moment.

    Raises:
        ForbiddenError: the viewer may not see quotas.
    """
    require(viewer, VIEW)
    running = QuotaCounter.objects.running(now or timezone.now()).of_open_quotas()
    counters = running.counting(Quota.objects.all()).used_from(
        share, of_settings=max(0, settings.USER_DAILY_TOKENS)
    )
    rows = _near(counters[: MOST_NEAR + 1])
    return NearLimits(rows[:MOST_NEAR], len(rows) > MOST_NEAR)


def _near(counters: QuerySet[QuotaCounter]) -> list[Near]:
    related = ("quota__user", "quota__group", "quota__api_token__user")
    found = list(counters.select_related(*related))
    people = get_user_model().objects.in_bulk({one.holder_id for one in found if one.holder_id})
    return [
        Near(
            quota=one.quota,
            person=people.get(one.holder_id) or one.quota.user,
            amount=settings.USER_DAILY_TOKENS if one.quota.from_settings else one.quota.amount,
            used=one.used,
            reserved=one.reserved,
            ends_at=one.ends_at,
        )
        for one in found
    ]
