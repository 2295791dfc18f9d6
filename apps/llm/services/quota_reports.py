"""Who is near the end of a quota."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import F
from django.utils import timezone

from apps.llm.models import Quota, QuotaCounter

MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """How far one holder has used a quota; `person` is None where all share it."""

    person: Any
    used: int
    reserved: int
    share: float
    ends_at: datetime


def nearest(*, quota: Quota, now: datetime | None = None) -> list[Near]:
    """Return who used most of a quota in the period that runs, at most twenty; two queries."""
    counters = list(
        QuotaCounter.objects.filter(quota=quota, ends_at__gt=now or timezone.now()).order_by(
            (F("used") + F("reserved")).desc()
        )[:MOST]
    )
    people = get_user_model().objects.in_bulk([one.holder_id for one in counters])
    amount = settings.USER_DAILY_TOKENS if quota.from_settings else quota.amount
    return [
        Near(
            person=people.get(one.holder_id),
            used=one.used,
            reserved=one.reserved,
            share=(one.used + one.reserved) / amount if amount else 1.0,
            ends_at=one.ends_at,
        )
        for one in counters
    ]
