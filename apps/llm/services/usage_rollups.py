"""Days and weeks that are over are summed once, in the background; the figures of usage read that.

Whatever has not been summed yet is read day by day, so that figures are the same with and without.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from apps.llm.services.periods import day_of
from apps.llm.statements import rollups

DAYS_SUMMED = 105
"""The longest stretch that figures are read of, and the two weeks that it may begin and end in."""
DAYS_AT_ONCE = 30
SETTLES_AFTER = timedelta(hours=1)
"""So long after its end the last line of a day is surely there."""
SUNDAY = 6


def sum_up(*, now: datetime | None = None) -> int:
    """Sum some of the days that are over, each in its own transaction; returns how many."""
    last = day_of((now or timezone.now()) - SETTLES_AFTER) - timedelta(days=1)
    first = last - timedelta(days=DAYS_SUMMED)
    missing = rollups.missing_days(first=first, last=last, most=DAYS_AT_ONCE)
    for day in missing:
        with transaction.atomic():
            rollups.add_totals(day=day)
            if day.weekday() == SUNDAY:
                rollups.add_week(week=day - timedelta(days=SUNDAY))
    if missing:
        rollups.remove_weeks(before=first - timedelta(days=SUNDAY + 1))
    return len(missing)
