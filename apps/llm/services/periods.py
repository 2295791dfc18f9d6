"""The calendar of quotas and of usage: which hour, day, week and month a moment belongs to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from django.conf import settings

from apps.llm.constants import Period


def zone() -> ZoneInfo:
    """Return the time zone whose calendar counts: USAGE_TIME_ZONE."""
    return _zone(settings.USAGE_TIME_ZONE)


def day_of(moment: datetime) -> date:
    """Return the day that a moment belongs to."""
    return moment.astimezone(zone()).date()


def bounds_of(period: Period, moment: datetime) -> tuple[datetime, datetime]:
    """Return the beginning of the period that a moment belongs to, and of the next one, in UTC.

    Weeks begin on Monday. Where clocks change, a day has 23 or 25 hours.
    """
    if period == Period.HOUR:
        return _hour(moment)
    day = day_of(moment)
    if period == Period.DAY:
        return _midnight(day), _midnight(day + timedelta(days=1))
    if period == Period.WEEK:
        monday = day - timedelta(days=day.weekday())
        return _midnight(monday), _midnight(monday + timedelta(days=7))
    first = day.replace(day=1)
    return _midnight(first), _midnight((first + timedelta(days=31)).replace(day=1))


def _hour(moment: datetime) -> tuple[datetime, datetime]:
    """Return the hour that clocks show, which in some zones is half an hour away from UTC's."""
    offset = moment.astimezone(zone()).utcoffset() or timedelta()
    shown = moment.astimezone(UTC) + offset
    begin = shown.replace(minute=0, second=0, microsecond=0) - offset
    return begin, begin + timedelta(hours=1)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone()).astimezone(UTC)


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
