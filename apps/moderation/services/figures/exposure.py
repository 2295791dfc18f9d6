"""What staff have to read: severe cases for each of them. How fast they read is nobody's figure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Max

from apps.audit.models import AuditEvent
from apps.moderation.constants import SEVERE_A_DAY
from apps.moderation.models import AccessGrant
from apps.moderation.querysets import StaffReadingQuerySet
from apps.moderation.services.figures.metrics import Period, counted, daily, grouped


@dataclass(frozen=True, slots=True)
class Exposure:
    """How many severe cases one member of staff took, each counted once."""

    name: str
    last_day: int
    last_week: int
    period: int

    @property
    def is_over(self) -> bool:
        """Whether the last day went past the soft limit."""
        return self.last_day > SEVERE_A_DAY


@dataclass(frozen=True, slots=True)
class ReadingDay:
    """Conversations that staff opened on one day, those without a case, and grants that began."""

    day: date
    readings: int
    without_case: int
    grants: int


@dataclass(frozen=True, slots=True)
class Reader:
    """How many conversations one member of staff opened."""

    name: str
    readings: int
    without_case: int


@dataclass(frozen=True, slots=True)
class CareFigures:
    """Everything that the dashboard says about what staff see and read."""

    exposures: list[Exposure]
    days: list[ReadingDay]
    readers: list[Reader]
    live_grants: int


def care_figures(period: Period) -> CareFigures:
    """Return what staff had to see and what they read, from four queries."""
    days, readers = readings(period)
    live = AccessGrant.objects.live().count()
    return CareFigures(exposures(period), days, readers, live)


def exposures(period: Period) -> list[Exposure]:
    """Return how many severe cases everybody took, by name."""
    day, week = period.now - timedelta(days=1), period.now - timedelta(days=7)
    taken = StaffReadingQuerySet(AuditEvent).severe_cases_taken().since(min(period.since, week))
    rows = grouped(
        taken.with_recency(of_day=day, of_week=week, of_period=period.since),
        "actor_id",
        name=Max("actor_label"),
        last_day=counted("of_day", of="target_id", distinct=True),
        last_week=counted("of_week", of="target_id", distinct=True),
        period=counted("of_period", of="target_id", distinct=True),
    )
    figures = [
        Exposure(row["name"], row["last_day"], row["last_week"], row["period"]) for row in rows
    ]
    return sorted(figures, key=lambda figure: figure.name.lower())


def readings(period: Period) -> tuple[list[ReadingDay], list[Reader]]:
    """Return what staff opened, by day and by person, and how much of it without a case."""
    read = StaffReadingQuerySet(AuditEvent).conversations_read()
    rows = daily(
        read.since(period.since).before(period.until).with_case(),
        "created_at",
        "actor_id",
        name=Max("actor_label"),
        number=Count("pk"),
        without=counted("is_without_case"),
    )
    grants = {
        row["day"]: row["number"]
        for row in daily(
            AccessGrant.objects.for_conversations().since(period.since),
            "created_at",
            number=Count("pk"),
        )
    }
    by_day = {day: [0, 0] for day in period.dates}
    by_person: dict[int | None, list[int]] = {}
    names: dict[int | None, str] = {}
    for row in rows:
        names[row["actor_id"]] = row["name"]
        person = by_person.setdefault(row["actor_id"], [0, 0])
        for sums in (by_day[row["day"]], person):
            sums[0] += row["number"]
            sums[1] += row["without"]
    days = [
        ReadingDay(day, numbers[0], numbers[1], grants.get(day, 0))
        for day, numbers in by_day.items()
    ]
    readers = [Reader(names[key], numbers[0], numbers[1]) for key, numbers in by_person.items()]
    return days, sorted(readers, key=lambda reader: (-reader.without_case, reader.name.lower()))
