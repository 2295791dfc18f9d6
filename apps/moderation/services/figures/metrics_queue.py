"""The queue in figures: what waits and for how long, what comes in and goes out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Min

from apps.moderation.constants import FlagSource, Severity
from apps.moderation.models import Case, CaseReopening, Decision
from apps.moderation.services.figures.metrics import (
    Period,
    counted,
    daily,
    grouped,
    middle_and_tail,
    seconds,
    span,
)

BANDS: Sequence[tuple[str, timedelta]] = (
    ("under 1 h", timedelta(hours=1)),
    ("1 to 4 h", timedelta(hours=4)),
    ("4 to 24 h", timedelta(days=1)),
    ("1 to 3 d", timedelta(days=3)),
    ("3 to 7 d", timedelta(days=7)),
    ("over 7 d", timedelta.max),
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The cases of one severity that are not closed: how many, how old, by age band."""

    severity: Severity
    total: int
    overdue: int
    p50: float
    p95: float
    oldest: float
    bands: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FlowDay:
    """One day of the queue.

    Attributes:
        opened: cases that were opened, and those of them by whom they were pointed at.
        reopened: closed cases that were opened again.
        closed: how often cases were closed, also such as were opened again since.
        at_once: those of them that opened only as staff decided them, and never waited.
        in_time: those of the others that were closed before they were due.
    """

    day: date
    opened: int
    by_source: dict[str, int]
    reopened: int
    closed: int
    at_once: int
    in_time: int

    @property
    def came(self) -> int:
        """How many cases came in, for the first time or again."""
        return self.opened + self.reopened

    @property
    def waited(self) -> int:
        """How many of the closed cases could be late."""
        return self.closed - self.at_once


@dataclass(frozen=True, slots=True)
class FirstDecisions:
    """How long the first decision of a person took, in seconds; `day` is None for all days."""

    day: date | None
    number: int
    p50: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """Everything that the dashboard says about the queue."""

    waiting: list[Waiting]
    flow: list[FlowDay]
    first_by_day: list[FirstDecisions]
    first: FirstDecisions

    @property
    def backlog(self) -> int:
        """How many cases are not closed."""
        return sum(part.total for part in self.waiting)


def queue_figures(period: Period) -> QueueFigures:
    """Return the figures of the queue, from seven queries."""
    by_day, overall = first_decisions(period)
    return QueueFigures(waiting(period.now), flow(period), by_day, overall)


def waiting(now: datetime) -> list[Waiting]:
    """Return what is not closed, the heaviest first; a severity without cases is left out.

    The age of a case counts from when it was opened last, as the time to decide it does.
    """
    numbers = range(len(BANDS))
    rows = grouped(
        Case.objects.not_closed().with_age(now, bands=[highest for _, highest in BANDS]),
        "severity",
        total=Count("pk"),
        overdue=counted("is_overdue"),
        oldest=Min("since"),
        **middle_and_tail("age"),
        **{f"band{number}": counted(f"is_in_band{number}") for number in numbers},
    )
    return [
        Waiting(
            severity=Severity(row["severity"]),
            total=row["total"],
            overdue=row["overdue"],
            p50=row["p50"].total_seconds(),
            p95=row["p95"].total_seconds(),
            oldest=(now - row["oldest"]).total_seconds(),
            bands=tuple(row[f"band{number}"] for number in numbers),
        )
        for row in reversed(rows)
    ]


def flow(period: Period) -> list[FlowDay]:
    """Return what came in and went out, for every day of the period."""
    opened: dict[date, Counter[str]] = defaultdict(Counter)
    cases = Case.objects.since(period.since)
    for row in daily(cases, "created_at", "source", number=Count("pk")):
        opened[row["day"]][row["source"]] = row["number"]
    again = CaseReopening.objects.since(period.since)
    reopened = {row["day"]: row["number"] for row in daily(again, "created_at", number=Count("pk"))}
    closed = closings(period)
    return [
        FlowDay(
            day=day,
            opened=opened[day].total(),
            by_source={source: opened[day][source] for source in FlagSource.values},
            reopened=reopened.get(day, 0),
            closed=closed[day]["number"],
            at_once=closed[day]["at_once"],
            in_time=closed[day]["in_time"],
        )
        for day in period.dates
    ]


def closings(period: Period) -> dict[date, Counter[str]]:
    """Return how often cases were closed on a day, at once and in time among them.

    A case that is closed knows of its last time only; the times before are with its reopenings.
    """
    counts = {
        "number": Count("pk"),
        "at_once": counted("is_at_once"),
        "in_time": counted("is_in_time"),
    }
    still = Case.objects.closed_since(period.since).with_timeliness()
    before = CaseReopening.objects.closed_since(period.since).with_timeliness()
    found: dict[date, Counter[str]] = defaultdict(Counter)
    for rows in (daily(still, "closed_at", **counts), daily(before, "closed_at", **counts)):
        for row in rows:
            found[row["day"]].update({name: row[name] for name in counts})
    return found


def first_decisions(period: Period) -> tuple[list[FirstDecisions], FirstDecisions]:
    """Return how long people took to decide first, by day and over all days.

    A case that opened only as staff decided it had no wait.
    """
    first = Decision.objects.since(period.since).first_by_people()
    rows = first.annotate(wait=span("case__created_at", "created_at"))
    by_day = daily(rows, "created_at", number=Count("pk"), **middle_and_tail("wait"))
    found = {row["day"]: row for row in by_day}
    days = [_first(day, found.get(day, {})) for day in period.dates]
    overall = rows.aggregate(number=Count("pk"), **middle_and_tail("wait"))
    return days, _first(None, overall)


def _first(day: date | None, row: dict[str, Any]) -> FirstDecisions:
    return FirstDecisions(
        day=day,
        number=row.get("number", 0),
        p50=seconds(row.get("p50")),
        p95=seconds(row.get("p95")),
    )
