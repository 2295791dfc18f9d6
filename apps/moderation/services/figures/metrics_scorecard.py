"""One rule in figures: what it found over time, how right each version was, what it costs."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Max, Sum

from apps.core.postgresql.percentiles import Percentile
from apps.moderation.constants import HitOutcome
from apps.moderation.errors import RuleNotFoundError
from apps.moderation.models import BackTestMatch, Rule
from apps.moderation.querysets import RuleHitQuerySet
from apps.moderation.services.figures.intervals import Share
from apps.moderation.services.figures.labels import JUDGED, Judged, judged_texts
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
    hits = rule.hits.since(period.since).before(period.until)
    days = _days(hits, period)
    versions, total = _versions(rule, hits, period)
    times = (
        hits.found()
        .texts()
        .annotate(longest=Max("latency_us"))
        .aggregate(
            p50=Percentile("longest", share=0.5),
            p95=Percentile("longest", share=0.95),
            number=Count("text"),
            all=Sum("longest"),
        )
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


def _days(hits: RuleHitQuerySet, period: Period) -> list[OutcomeDay]:
    found: dict[date, Counter[str]] = defaultdict(Counter)
    for row in daily(hits, "created_at", "outcome", number=Count("pk")):
        found[row["day"]][row["outcome"]] = row["number"]
    return [
        OutcomeDay(day, {outcome: found[day][outcome] for outcome in HitOutcome.values})
        for day in period.dates
    ]


def _versions(
    rule: Rule, hits: RuleHitQuerySet, period: Period
) -> tuple[list[VersionFigures], Share]:
    matches = BackTestMatch.objects.of_rule(rule).labelled_since(period.since)
    judged: dict[int, Judged] = judged_texts(hits, matches, by="version")
    altogether = Judged()
    for part in judged.values():
        altogether.add(part.agreed, part.total)
    newest = sorted(judged, reverse=True)[:MAX_VERSIONS]
    figures = [VersionFigures(number, judged[number].share) for number in newest]
    return figures, altogether.share


def _weeks(hits: RuleHitQuerySet, period: Period) -> list[WeekFigures]:
    weeks: dict[date, Judged] = {week: Judged() for week in period.weeks}
    for row in daily(hits.judged(), "created_at", **JUDGED):
        weeks[monday(row["day"])].add(row["agreed"], row["total"])
    return [WeekFigures(week, judged.share) for week, judged in weeks.items()]
