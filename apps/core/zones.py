"""In whose time zone a page tells days and times: that of its reader's browser.

The page's script says which one that is, in a cookie; the organisation's stands in for it. What is
kept, sent or exported is not read at one place, and says UTC.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.utils import timezone

from apps.core import languages

ZONE_COOKIE = "zone"


def zone_of(name: str) -> ZoneInfo:
    """Return the zone that a browser names, or the organisation's where none has that name."""
    return ZoneInfo(name if name in _known_names() else settings.USAGE_TIME_ZONE)


def moment(value: datetime) -> str:
    """Write a moment in the reader's zone, and which one that is: 29 November 2026, 10:05 CET."""
    local = timezone.localtime(value)
    return f"{languages.moment(local)} {_short_name(local)}"


def short_moment(value: datetime) -> str:
    """Write a moment in the reader's zone as briefly as a list needs it: 29 Nov 2026, 10:05 CET."""
    local = timezone.localtime(value)
    return f"{languages.short_moment(local)} {_short_name(local)}"


def _short_name(local: datetime) -> str:
    """Return what a zone is called at a moment; some have no letters: UTC+05:45."""
    name = local.tzname() or ""
    if not name.startswith(("+", "-")):
        return name
    minutes = f":{name[3:]}" if name[3:] else ""
    return f"UTC{name[:3]}{minutes}"


@cache
def _known_names() -> frozenset[str]:
    return frozenset(available_timezones())
