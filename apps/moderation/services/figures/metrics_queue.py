"""The queue in figures: what waits and for how long, what comes in and goes out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet
from django.db.models.functions import Coalesce

from apps.moderation.constants import ActorKind, CaseState, FlagSource, Severity
from apps.moderation.models import Case, CaseReopening, Decision
from apps.moderation.querysets import opened_at_once
from apps.moderation.services.figures.metrics import (
    Period,
    age,
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
    edges = [timedelta(), *(upper for _, upper in BANDS)]
    bands = {
        f"band{number}": Count("pk", filter=_between(now, edges[number], edges[number + 1]))
        for number in range(len(BANDS))
    }
    rows = grouped(
        Case.objects.not_closed()
        .annotate(since=Coalesce("reopened_at", "created_at"))
        .annotate(age=age("since", now)),
        "severity",
        total=Count("pk"),
        overdue=Count("pk", filter=Q(due_at__lt=now)),
        oldest=Min("since"),
        **middle_and_tail("age"),
        **bands,
    )
    return [
        Waiting(
            severity=Severity(row["severity"]),
            total=row["total"],
            overdue=row["overdue"],
            p50=row["p50"].total_seconds(),
            p95=row["p95"].total_seconds(),
            oldest=(now - row["oldest"]).total_seconds(),
            bands=tuple(row[name] for name in bands),
        )
        for row in reversed(rows)
    ]


def _between(now: datetime, low: timedelta, high: timedelta) -> Q:
    condition = Q(since__lte=now - low) if low else Q()
    return condition if high == timedelta.max else condition & Q(since__gt=now - high)


def flow(period: Period) -> list[FlowDay]:
    """Return what came in and went out, for every day of the period."""
    sources = {source: Count("pk", filter=Q(source=source)) for source in FlagSource.values}
    opened = {
        row["day"]: row
        for row in daily(
            Case.objects.filter(created_at__gte=period.since),
            "created_at",
            number=Count("pk"),
            **sources,
        )
    }
    again = CaseReopening.objects.filter(created_at__gte=period.since)
    reopened = {row["day"]: row for row in daily(again, "created_at", number=Count("pk"))}
    closed = closings(period)
    nothing: dict[str, int] = {}
    return [
        FlowDay(
            day=day,
            opened=opened.get(day, nothing).get("number", 0),
            by_source={name: opened.get(day, nothing).get(name, 0) for name in sources},
            reopened=reopened.get(day, nothing).get("number", 0),
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
    still = Case.objects.filter(state=CaseState.CLOSED, closed_at__gte=period.since)
    before = CaseReopening.objects.filter(closed_at__gte=period.since)
    at_once_still = opened_at_once() & Q(reopened_at__isnull=True)
    kinds: Sequence[tuple[QuerySet[Any], Q]] = (
        (still, at_once_still),
        (before, Q(was_at_once=True)),
    )
    found: dict[date, Counter[str]] = defaultdict(Counter)
    for rows, at_once in kinds:
        counts = {
            "number": Count("pk"),
            "at_once": Count("pk", filter=at_once),
            "in_time": Count("pk", filter=Q(closed_at__lte=F("due_at")) & ~at_once),
        }
        for row in daily(rows, "closed_at", **counts):
            found[row["day"]].update({name: row[name] for name in counts})
    return found


def first_decisions(period: Period) -> tuple[list[FirstDecisions], FirstDecisions]:
    """Return how long people took to decide first, by day and over all days.

    A rule that withheld a text at once decided nothing in this sense; handing a case on did. A case
    that opened only as staff decided it had no wait.
    """
    rows: QuerySet[Decision] = (
        Decision.objects.filter(
            created_at__gte=period.since, actor_kind=ActorKind.PERSON, is_undo=False
        )
        .filter(Q(supersedes=None) | ~Q(supersedes__actor_kind=ActorKind.PERSON))
        .exclude(opened_at_once("case"))
        .annotate(wait=span("case__created_at", "created_at"))
    )
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
