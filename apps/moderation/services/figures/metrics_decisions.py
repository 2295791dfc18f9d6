"""Decisions in figures: how many, how many did not last, how long a text stayed in view."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Count, F, Max, QuerySet
from django.db.models.functions import TruncHour

from apps.moderation.constants import ActorKind
from apps.moderation.models import Decision, Enforcement, RuleHit
from apps.moderation.services.figures.intervals import Share, wilson
from apps.moderation.services.figures.metrics import (
    Period,
    counted,
    daily,
    grouped,
    middle_and_tail,
    monday,
    seconds,
    span,
)

SHOWN_BANDS: Sequence[tuple[str, int | None]] = (
    ("none", 0),
    ("1 to 50", 50),
    ("51 to 200", 200),
    ("201 to 1,000", 1_000),
    ("over 1,000", None),
)


@dataclass(frozen=True, slots=True)
class Hour:
    """How many decisions people and rules made in one hour."""

    begins: datetime
    by_people: int
    by_rules: int


@dataclass(frozen=True, slots=True)
class Overturned:
    """How many decisions of people in some days did not last, and by whom they were undone."""

    begins: date | None
    total: int
    by_appeal: int
    by_same: int
    by_other: int

    @property
    def share(self) -> Share:
        """All of them together."""
        return wilson(self.by_appeal + self.by_same + self.by_other, self.total)


@dataclass(frozen=True, slots=True)
class InView:
    """How long texts were in view before they were taken from it, in seconds."""

    day: date | None
    who: str
    number: int
    p50: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class Shown:
    """How many characters people had seen of texts that rules withheld."""

    number: int
    bands: tuple[int, ...]
    p50: float | None
    p95: float | None
    most: int | None


@dataclass(frozen=True, slots=True)
class NoticeDay:
    """Violations of one day that did something to somebody, and those that they were told of.

    `untold_case` is the newest case of that day of which they were not.
    """

    day: date
    acted: int
    told: int
    untold_case: int | None = None


@dataclass(frozen=True, slots=True)
class DecisionFigures:
    """Everything that the dashboard says about decisions."""

    hours: list[Hour]
    overturned: list[Overturned]
    in_view: list[InView]
    in_view_by: list[InView]
    shown: Shown
    notices: list[NoticeDay]


def decision_figures(period: Period) -> DecisionFigures:
    """Return the figures of decisions, from six queries."""
    return DecisionFigures(
        hours=by_hour(period),
        overturned=overturned(period),
        in_view=in_view_by_day(period),
        in_view_by=in_view_by_actor(period),
        shown=shown(period),
        notices=notices(period),
    )


def by_hour(period: Period) -> list[Hour]:
    """Return how many decisions were made in each hour that had any; ending one early is none."""
    made = Decision.objects.since(period.since).before(period.until).without_lifts()
    by_kind: dict[datetime, Counter[str]] = defaultdict(Counter)
    hours = made.annotate(hour=TruncHour("created_at", tzinfo=UTC))
    for row in grouped(hours, "hour", "actor_kind", number=Count("pk")):
        by_kind[row["hour"]][row["actor_kind"]] = row["number"]
    return [
        Hour(hour, numbers[ActorKind.PERSON], numbers[ActorKind.RULE])
        for hour, numbers in by_kind.items()
    ]


def overturned(period: Period) -> list[Overturned]:
    """Return by week how many decisions of people were overturned since.

    Handing a case on is no verdict, so what a lead then decides overturns nothing; deciding the
    same again neither, nor lifting what a decision did to the person, which is no verdict either.
    """
    said = Decision.objects.human_verdicts().since(period.since).before(period.until)
    rows = daily(
        said.with_overturning(),
        "created_at",
        total=Count("pk"),
        appeal=counted("by_appeal"),
        same=counted("by_same"),
        other=counted("by_other"),
    )
    weeks = {week: [0, 0, 0, 0] for week in period.weeks}
    for row in rows:
        week = weeks[monday(row["day"])]
        for number, name in enumerate(("total", "appeal", "same", "other")):
            week[number] += row[name]
    return [Overturned(week, *numbers) for week, numbers in weeks.items()]


def overturned_altogether(weeks: Sequence[Overturned]) -> Overturned:
    """Return the weeks as one."""
    return Overturned(
        None,
        sum(week.total for week in weeks),
        sum(week.by_appeal for week in weeks),
        sum(week.by_same for week in weeks),
        sum(week.by_other for week in weeks),
    )


def _taken_from_view(period: Period) -> QuerySet[Enforcement]:
    """Return what was taken from view, and how long it had been in it."""
    taken = Enforcement.objects.since(period.since).out_of_view()
    return taken.annotate(window=span("message__created_at", "created_at"))


def in_view_by_day(period: Period) -> list[InView]:
    """Return for every day how long what was taken from view had been in it."""
    rows = daily(
        _taken_from_view(period), "created_at", number=Count("pk"), **middle_and_tail("window")
    )
    found = {row["day"]: row for row in rows}
    return [_in_view(day, "", found.get(day, {})) for day in period.dates]


def in_view_by_actor(period: Period) -> list[InView]:
    """Return the same over all days for what rules and what people took from view."""
    rows = grouped(
        _taken_from_view(period),
        "decision__actor_kind",
        number=Count("pk"),
        **middle_and_tail("window"),
    )
    return [_in_view(None, row["decision__actor_kind"], row) for row in rows]


def _in_view(day: date | None, who: str, row: dict[str, Any]) -> InView:
    return InView(day, who, row.get("number", 0), seconds(row.get("p50")), seconds(row.get("p95")))


def shown(period: Period) -> Shown:
    """Return how much people had seen of the texts that rules withheld, each counted once."""
    withheld = RuleHit.objects.since(period.since).enforced()
    row = withheld.shown_in_bands([highest for _, highest in SHOWN_BANDS])
    counts = tuple(row[f"band{number}"] for number in range(len(SHOWN_BANDS)))
    return Shown(row["number"], counts, row["p50"], row["p95"], row["most"])


def notices(period: Period) -> list[NoticeDay]:
    """Return for every day how many violations had effects, and of how many people were told."""
    rows = daily(
        Decision.objects.since(period.since).felt(),
        "created_at",
        acted=Count("pk"),
        told=counted("is_told"),
        untold=Max("case_id", filter=~F("is_told")),
    )
    found = {row["day"]: row for row in rows}
    nothing = {"acted": 0, "told": 0, "untold": None}
    rows_by_day = [(day, found.get(day, nothing)) for day in period.dates]
    return [NoticeDay(day, row["acted"], row["told"], row["untold"]) for day, row in rows_by_day]
