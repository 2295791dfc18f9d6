"""Decisions in figures: how many, how many did not last, how long a text stayed in view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet
from django.db.models.functions import TruncHour

from apps.core.postgresql.percentiles import Percentile
from apps.moderation.constants import ActorKind, EnforcementKind, HitOutcome, Verdict
from apps.moderation.models import Decision, Enforcement, Notice, RuleHit, Strike
from apps.moderation.services.figures.intervals import Share, wilson
from apps.moderation.services.figures.labels import TEXT
from apps.moderation.services.figures.metrics import (
    Period,
    daily,
    grouped,
    middle_and_tail,
    monday,
    seconds,
    span,
)
from apps.users.models import User

OUT_OF_VIEW = (
    EnforcementKind.HIDE_MESSAGE,
    EnforcementKind.REDACT_SPAN,
    EnforcementKind.RETRACT_ANSWER,
)
SHOWN_BANDS: Sequence[tuple[str, int | None]] = (
    ("none", 0),
    ("1 to 50", 50),
    ("51 to 200", 200),
    ("201 to 1,000", 1_000),
    ("over 1,000", None),
)


def _overturned(by: str, undone: Q) -> tuple[Q, Q, Q]:
    """Return the conditions of decisions overturned by an appeal, by their author, by others.

    Args:
        by: path to what took their place.
        undone: where that is an undo, whether it is of them.
    """
    changed = (Q(**{f"{by}__is_undo": True}) & undone) | (
        Q(**{f"{by}__isnull": False})
        & ~Q(**{f"{by}__verdict": F("verdict")})
        & ~Q(**{f"{by}__verdict": Verdict.UNSURE})
    )
    appealed = Q(**{f"{by}__decided_appeal__isnull": False})
    same = Q(**{f"{by}__actor": F("actor")})
    return changed & appealed, changed & ~appealed & same, changed & ~appealed & ~same


def _ways_to_overturn() -> tuple[Q, Q, Q]:
    """Return the same for decisions of which some was lifted before, or nothing.

    A lift ends early what a decision did to the person and overturns nothing.
    """
    is_lifted = Q(superseded_by__is_lift=True)
    direct = _overturned("superseded_by", Q())
    later = _overturned(
        "superseded_by__superseded_by", Q(superseded_by__superseded_by__takes_back=F("pk"))
    )
    appeal, same, other = (
        (~is_lifted & one) | (is_lifted & two) for one, two in zip(direct, later, strict=True)
    )
    return appeal, same, other


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
    made = Decision.objects.filter(
        created_at__gte=period.since, created_at__lt=period.until, is_lift=False
    )
    rows = grouped(
        made.annotate(hour=TruncHour("created_at", tzinfo=UTC)),
        "hour",
        people=Count("pk", filter=Q(actor_kind=ActorKind.PERSON)),
        rules=Count("pk", filter=Q(actor_kind=ActorKind.RULE)),
    )
    return [Hour(row["hour"], row["people"], row["rules"]) for row in rows]


def overturned(period: Period) -> list[Overturned]:
    """Return by week how many decisions of people were overturned since.

    Handing a case on is no verdict, so what a lead then decides overturns nothing; deciding the
    same again neither, nor lifting what a decision did to the person, which is no verdict either.
    """
    appeal, same, other = _ways_to_overturn()
    rows = daily(
        Decision.objects.filter(
            created_at__gte=period.since,
            created_at__lt=period.until,
            actor_kind=ActorKind.PERSON,
            is_undo=False,
            is_lift=False,
        ).exclude(verdict=Verdict.UNSURE),
        "created_at",
        total=Count("pk"),
        appeal=Count("pk", filter=appeal),
        same=Count("pk", filter=same),
        other=Count("pk", filter=other),
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
    """Return what somebody could have seen before; what was refused at once was never in view."""
    return (
        Enforcement.objects.filter(
            created_at__gte=period.since, kind__in=OUT_OF_VIEW, message__created_at__isnull=False
        )
        .exclude(data__contains={"was_never_seen": True})
        .annotate(window=span("message__created_at", "created_at"))
    )


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
    bands = {}
    low = -1
    for number, (_, high) in enumerate(SHOWN_BANDS):
        condition = Q(seen__gt=low)
        if high is not None:
            condition &= Q(seen__lte=high)
            low = high
        bands[f"band{number}"] = Count("text", filter=condition)
    withheld = RuleHit.objects.filter(created_at__gte=period.since, outcome=HitOutcome.ENFORCED)
    texts = withheld.annotate(text=TEXT).order_by().values("text")
    row = texts.annotate(seen=Max("shown_chars")).aggregate(
        number=Count("text"),
        p50=Percentile("seen", share=0.5),
        p95=Percentile("seen", share=0.95),
        most=Max("seen"),
        **bands,
    )
    counts = tuple(row[name] for name in bands)
    return Shown(row["number"], counts, row["p50"], row["p95"], row["most"])


def _acted_on(period: Period) -> QuerySet[Any]:
    """Return violations that did something to somebody whose account is still there."""
    rows = Decision.objects.filter(
        Exists(Enforcement.objects.filter(decision=OuterRef("pk")))
        | Exists(Strike.objects.filter(decision=OuterRef("pk"))),
        Exists(User.objects.filter(pk=OuterRef("case__subject"))),
        created_at__gte=period.since,
        verdict=Verdict.VIOLATES,
    )
    return rows.annotate(is_told=Exists(Notice.objects.filter(decision=OuterRef("pk"))))


def notices(period: Period) -> list[NoticeDay]:
    """Return for every day how many violations had effects, and of how many people were told."""
    rows = daily(
        _acted_on(period),
        "created_at",
        acted=Count("pk"),
        told=Count("pk", filter=Q(is_told=True)),
        untold=Max("case_id", filter=Q(is_told=False)),
    )
    found = {row["day"]: row for row in rows}
    nothing = {"acted": 0, "told": 0, "untold": None}
    rows_by_day = [(day, found.get(day, nothing)) for day in period.dates]
    return [NoticeDay(day, row["acted"], row["told"], row["untold"]) for day, row in rows_by_day]
