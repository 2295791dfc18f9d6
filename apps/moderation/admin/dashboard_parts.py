"""What the figures of the dashboard share: days, shares with their interval, and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from apps.core.admin_kit.exhibits import Column, Exhibit, day_label
from apps.core.plots import Lines, Unit, write
from apps.moderation.services.figures.intervals import Share
from apps.moderation.services.figures.metrics import Period

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


class DayOfTimes(Protocol):
    """How long something took on one day: how often it happened, the middle and the tail."""

    @property
    def day(self) -> date | None:
        """The day."""

    @property
    def number(self) -> int:
        """How often."""

    @property
    def p50(self) -> float | None:
        """The median in seconds."""

    @property
    def p95(self) -> float | None:
        """The 95th percentile in seconds."""


def times_by_day(  # noqa: PLR0913  a figure with all its words
    *,
    key: str,
    title: str,
    words: str,
    meaning: str,
    what: str,
    days: Sequence[DayOfTimes],
    period: Period,
    empty: str,
) -> Exhibit:
    """Return the median and the 95th percentile of how long something took, by day.

    Args:
        key: the figure's name.
        title: its heading.
        words: what it says, in a sentence.
        meaning: how it is counted.
        what: the heading of how often it happened.
        days: each day of the period.
        period: the days.
        empty: said where it never happened.
    """
    return Exhibit(
        plot=Lines(
            key,
            title,
            words,
            day_labels(period),
            [
                ("Median", [day.p50 for day in days]),
                ("95th percentile", [day.p95 for day in days]),
            ],
            Unit.SECONDS,
            is_log=True,
        ),
        meaning=meaning,
        columns=(
            Column("Day"),
            Column(what, Unit.COUNT),
            Column("Median", Unit.SECONDS),
            Column("95th percentile", Unit.SECONDS),
        ),
        rows=[(day.day, day.number, day.p50, day.p95) for day in days],
        is_empty=not any(day.number for day in days),
        empty=empty,
    )
