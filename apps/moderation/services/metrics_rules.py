"""Rules, guard and models in figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum

from apps.conversations.constants import LIVE_STATES, ReplyState
from apps.conversations.models import Reply
from apps.moderation.constants import ActorKind, HitOutcome, RuleMode, Verdict
from apps.moderation.models import BackTestMatch, Decision, Rule, RuleHit
from apps.moderation.services.intervals import Share, wilson
from apps.moderation.services.metrics import Period, daily, grouped

TIMEOUT_US = 3_000_000
"""A failed check that took at least as long was given up on."""
MAX_RULES = 200
FOUND = ~Q(outcome=HitOutcome.ERROR)
FAILED = Q(outcome=HitOutcome.ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFigures:
    """One rule over a period.

    Attributes:
        precision: messages that people judged, and those of them that violate its policy.
        hits: what it found.
        acted: what it flagged or withheld.
        errors: checks that failed; `timeouts` of them were given up on.
        latency_ms: the mean time of a check that found something.
        slowest_ms: the longest.
        check_seconds: the time of all of them.
    """

    rule_id: int
    name: str
    mode: str
    kind: str
    shadow_since: datetime | None
    precision: Share
    hits: int
    acted: int
    errors: int
    timeouts: int
    latency_ms: float | None
    slowest_ms: float
    check_seconds: float

    @property
    def looks_per_true_hit(self) -> float | None:
        """How many judgements of a person one violation costs."""
        return self.precision.total / self.precision.hits if self.precision.hits else None

    @property
    def check_ms_per_true_hit(self) -> float | None:
        """How much time of checks that found something one confirmed violation costs."""
        return self.check_seconds * 1_000 / self.precision.hits if self.precision.hits else None

    @property
    def awaits_verdict(self) -> bool:
        """Whether it is in shadow and found what nobody has judged."""
        return self.mode == RuleMode.SHADOW and self.hits > self.precision.total


@dataclass(frozen=True, slots=True)
class FailureDay:
    """Checks of one day that failed, and those of them that were given up on."""

    day: date
    errors: int
    timeouts: int


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """How the answers of one model ended."""

    model: str
    ended: int
    stopped: Share
    withheld: Share
    halted: int
    failed: int


@dataclass(frozen=True, slots=True)
class GuardFigures:
    """Everything that the dashboard says about rules, guard and models."""

    rules: list[RuleFigures]
    failures: list[FailureDay]
    models: list[ModelFigures]


@dataclass(slots=True)
class _Sums:
    hits: int = 0
    acted: int = 0
    errors: int = 0
    timeouts: int = 0
    latency_us: int = 0
    slowest_us: int = 0

    def add(self, row: dict[str, Any]) -> None:
        self.hits += row["hits"]
        self.acted += row["acted"]
        self.errors += row["errors"]
        self.timeouts += row["timeouts"]
        self.latency_us += row["latency"] or 0
        self.slowest_us = max(self.slowest_us, row["slowest"] or 0)


@dataclass(slots=True)
class Judged:
    """Messages that people judged, as they sum up."""

    agreed: int = 0
    total: int = 0

    def add(self, agreed: int, total: int) -> None:
        """Take in more of them."""
        self.agreed += agreed
        self.total += total

    @property
    def share(self) -> Share:
        """How many were violations."""
        return wilson(self.agreed, self.total)


@dataclass(slots=True)
class _ByRule:
    sums: dict[int, _Sums] = field(default_factory=lambda: defaultdict(_Sums))
    judged: dict[int, Judged] = field(default_factory=lambda: defaultdict(Judged))


def guard_figures(period: Period) -> GuardFigures:
    """Return the figures of rules, guard and models, from five queries."""
    rows = daily(
        RuleHit.objects.filter(created_at__gte=period.since),
        "created_at",
        "rule_id",
        hits=Count("pk", filter=FOUND),
        acted=Count("pk", filter=Q(outcome__in=(HitOutcome.FLAGGED, HitOutcome.ENFORCED))),
        errors=Count("pk", filter=FAILED),
        timeouts=Count("pk", filter=FAILED & Q(latency_us__gte=TIMEOUT_US)),
        latency=Sum("latency_us", filter=FOUND),
        slowest=Max("latency_us", filter=FOUND),
    )
    found = _ByRule()
    for row in rows:
        found.sums[row["rule_id"]].add(row)
    for rule_id, agreed, total in judgements(RuleHit.objects.filter(created_at__gte=period.since)):
        found.judged[rule_id].add(agreed, total)
    for rule_id, agreed, total in labels(
        BackTestMatch.objects.filter(labelled_at__gte=period.since)
    ):
        found.judged[rule_id].add(agreed, total)
    return GuardFigures(_rules(found), _failures(rows, period), models(period))


def _rules(found: _ByRule) -> list[RuleFigures]:
    """Return the rules that are on, or did something, the busiest first."""
    rules = Rule.objects.filter(~Q(mode=RuleMode.OFF) | Q(pk__in=list(found.sums)))
    figures = []
    for rule in rules.order_by("pk")[:MAX_RULES]:
        sums = found.sums[rule.pk]
        figures.append(
            RuleFigures(
                rule_id=rule.pk,
                name=rule.name,
                mode=rule.mode,
                kind=rule.kind,
                shadow_since=rule.mode_changed_at if rule.mode == RuleMode.SHADOW else None,
                precision=found.judged[rule.pk].share,
                hits=sums.hits,
                acted=sums.acted,
                errors=sums.errors,
                timeouts=sums.timeouts,
                latency_ms=sums.latency_us / sums.hits / 1_000 if sums.hits else None,
                slowest_ms=sums.slowest_us / 1_000,
                check_seconds=sums.latency_us / 1_000_000,
            )
        )
    return sorted(figures, key=lambda figure: (-figure.hits, figure.name))


def _failures(rows: Iterable[dict[str, Any]], period: Period) -> list[FailureDay]:
    errors: dict[date, int] = defaultdict(int)
    timeouts: dict[date, int] = defaultdict(int)
    for row in rows:
        errors[row["day"]] += row["errors"]
        timeouts[row["day"]] += row["timeouts"]
    return [FailureDay(day, errors[day], timeouts[day]) for day in period.dates]


def judgements(hits: QuerySet[RuleHit], by: str = "rule_id") -> list[tuple[Any, int, int]]:
    """Return for each group of hits how many of their messages violate, and how many are judged.

    The judgement is the one of a person that holds now. What violates another policy than the
    rule's says nothing of it and is not counted; each message counts once.
    """
    standing = Decision.objects.filter(
        case__message=OuterRef("message"),
        actor_kind=ActorKind.PERSON,
        superseded_by=None,
        is_undo=False,
    )
    same_policy = Q(verdict=Verdict.VIOLATES, policy_version__policy=OuterRef("rule__policy"))
    rows = grouped(
        hits.filter(FOUND, message__isnull=False)
        .filter(Exists(standing.filter(same_policy | Q(verdict=Verdict.NO_VIOLATION))))
        .annotate(is_true=Exists(standing.filter(same_policy))),
        by,
        agreed=Count("message", distinct=True, filter=Q(is_true=True)),
        total=Count("message", distinct=True),
    )
    return [(row[by], row["agreed"], row["total"]) for row in rows]


def labels(
    matches: QuerySet[BackTestMatch], by: str = "back_test__version__rule_id"
) -> list[tuple[Any, int, int]]:
    """Return the same for what was labelled in back-tests and decided by nobody."""
    decided = Decision.objects.filter(
        case__message=OuterRef("message"), actor_kind=ActorKind.PERSON, superseded_by=None
    )
    rows = grouped(
        matches.filter(~Exists(decided), by_tried=True, is_violation__isnull=False),
        by,
        agreed=Count("message", distinct=True, filter=Q(is_violation=True)),
        total=Count("message", distinct=True),
    )
    return [(row[by], row["agreed"], row["total"]) for row in rows]


def models(period: Period) -> list[ModelFigures]:
    """Return how the answers of each model ended, the most used first."""
    states = (ReplyState.STOPPED, ReplyState.WITHHELD, ReplyState.HALTED, ReplyState.FAILED)
    counts = {str(state): Count("pk", filter=Q(state=state)) for state in states}
    rows = grouped(
        Reply.objects.filter(queued_at__gte=period.since).exclude(state__in=LIVE_STATES),
        "model",
        ended=Count("pk"),
        **counts,
    )
    figures = [
        ModelFigures(
            model=row["model"],
            ended=row["ended"],
            stopped=wilson(row["stopped"], row["ended"]),
            withheld=wilson(row["withheld"], row["ended"]),
            halted=row["halted"],
            failed=row["failed"],
        )
        for row in rows
    ]
    return sorted(figures, key=lambda figure: (-figure.ended, figure.model))


def awaiting(rules: Sequence[RuleFigures]) -> list[RuleFigures]:
    """Return the shadow rules that found what nobody has judged, the longest in shadow first."""
    waiting = [(rule.shadow_since, rule) for rule in rules if rule.shadow_since is not None]
    return [
        rule
        for _, rule in sorted(waiting, key=lambda pair: (pair[0], pair[1].rule_id))
        if rule.awaits_verdict
    ]
