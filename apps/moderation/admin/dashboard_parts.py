"""What the figures of the dashboard share: days, shares with their interval, and sentences."""

from __future__ import annotations

from collections.abc import Sequence

from apps.core.admin_kit.exhibits import Column, day_label
from apps.core.plots import Unit, write
from apps.moderation.services.intervals import Share
from apps.moderation.services.metrics import Period

MANY_DAYS = 31
SHARE_COLUMNS = (
    Column("Share", Unit.SHARE),
    Column("Low", Unit.SHARE),
    Column("High", Unit.SHARE),
)


def day_labels(period: Period) -> list[str]:
    """Write the days of a period for an axis."""
    return [day_label(day) for day in period.dates]


def said(share: Share) -> str:
    """Write a share with its interval: 93% (88 to 96%)."""
    if not share.total:
        return "not known yet"
    return f"{write(share.value, Unit.SHARE)} ({share.low * 100:.0f} to {share.high * 100:.0f}%)"


def in_days(period: Period) -> str:
    """Name a period in a sentence."""
    return f"In the last {period.days} days"


def band_of(shares: Sequence[Share]) -> tuple[list[float | None], list[float | None]]:
    """Return the low and high edges of shares, with a gap where nothing was observed."""
    return (
        [share.low if share.total else None for share in shares],
        [share.high if share.total else None for share in shares],
    )
