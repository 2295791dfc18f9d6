"""One rule in figures: what it found over time, how right each version was, what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from apps.core.postgresql.percentiles import Percentile
from apps.moderation.constants import HitOutcome
from apps.moderation.errors import RuleNotFoundError
from apps.moderation.models import BackTestMatch, Rule, RuleHit
from apps.moderation.services.figures.intervals import Share
from apps.moderation.services.figures.labels import FOUND, TEXT, Judged, judged_texts, judgements
from apps.moderation.services.figures.metrics import Period, daily, monday

MAX_VERSIONS = 20


@dataclass(frozen=True, slots=True)
class OutcomeDay:
    """What came of the hits of one day."""

    day: date
    by_outcome: dict[str, int]


@dataclass(frozen=True, slots=True)
class VersionFigures:
    """How right one version was."""

    number: int
    precision: Share


@dataclass(frozen=True, slots=True)
class WeekFigures:
    """How right the hits of one week were."""

    begins: date
    precision: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorecardFigures:
    """One rule over a period."""

    rule_id: int
    name: str
    mode: str
    kind: str
    policy: str
    days: list[OutcomeDay]
    versions: list[VersionFigures]
    weeks: list[WeekFigures]
    precision: Share
    hits: int
    errors: int
    p50_ms: float | None
    p95_ms: float | None
    check_ms: float

    @property
    def looks_per_true_hit(self) -> float | None:
        """How many judgements of a person one violation costs."""
        return self.precision.total / self.precision.hits if self.precision.hits else None

    @property
    def check_ms_per_true_hit(self) -> float | None:
        """How much time of checks that found something one confirmed violation costs."""
        return self.check_ms / self.precision.hits if self.precision.hits else None


def rule_figures(rule_id: int, period: Period) -> ScorecardFigures:
    """Return the figures of one rule, from six queries.

    Raises:
        RuleNotFoundError: there is no such rule.
    """
    rule = Rule.objects.select_related("policy__current").filter(pk=rule_id).first()
    if rule is None:
        raise RuleNotFoundError
    hits: QuerySet[RuleHit] = RuleHit.objects.filter(
        rule=rule, created_at__gte=period.since, created_at__lt=period.until
    )
    days = _days(hits, period)
    versions, total = _versions(rule, hits, period)
    texts = hits.filter(FOUND).annotate(text=TEXT).order_by().values("text")
    times = texts.annotate(longest=Max("latency_us")).aggregate(
        p50=Percentile("longest", share=0.5),
        p95=Percentile("longest", share=0.95),
        number=Count("text"),
        all=Sum("longest"),
    )
    return ScorecardFigures(
        rule_id=rule.pk,
        name=rule.name,
        mode=rule.mode,
        kind=rule.kind,
        policy=rule.policy.current.title if rule.policy.current else rule.policy.code,
        days=days,
        versions=versions,
        weeks=_weeks(hits, period),
        precision=total,
        hits=times["number"],
        errors=sum(day.by_outcome[HitOutcome.ERROR] for day in days),
        p50_ms=_ms(times["p50"]),
        p95_ms=_ms(times["p95"]),
        check_ms=(times["all"] or 0) / 1_000,
    )


def _ms(microseconds: float | None) -> float | None:
    return None if microseconds is None else microseconds / 1_000


def _days(hits: QuerySet[RuleHit], period: Period) -> list[OutcomeDay]:
    counts = {outcome: Count("pk", filter=Q(outcome=outcome)) for outcome in HitOutcome.values}
    found = {row["day"]: row for row in daily(hits, "created_at", **counts)}
    nothing = dict.fromkeys(HitOutcome.values, 0)
    return [
        OutcomeDay(day, {outcome: found.get(day, nothing)[outcome] for outcome in nothing})
        for day in period.dates
    ]


def _versions(
    rule: Rule, hits: QuerySet[RuleHit], period: Period
) -> tuple[list[VersionFigures], Share]:
    matches: QuerySet[BackTestMatch] = BackTestMatch.objects.filter(
        back_test__version__rule=rule, labelled_at__gte=period.since
    )
    judged: dict[int, Judged] = judged_texts(hits, matches, by="version")
    altogether = Judged()
    for part in judged.values():
        altogether.add(part.agreed, part.total)
    newest = sorted(judged, reverse=True)[:MAX_VERSIONS]
    figures = [VersionFigures(number, judged[number].share) for number in newest]
    return figures, altogether.share


def _weeks(hits: QuerySet[RuleHit], period: Period) -> list[WeekFigures]:
    weeks: dict[date, Judged] = {week: Judged() for week in period.weeks}
    by_day = hits.annotate(day=TruncDate("created_at", tzinfo=UTC))
    for day, agreed, total in judgements(by_day, "day"):
        weeks[monday(day)].add(agreed, total)
    return [WeekFigures(week, judged.share) for week, judged in weeks.items()]
