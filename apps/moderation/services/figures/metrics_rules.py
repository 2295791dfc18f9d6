"""Rules, guard and models in figures."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import Count

from apps.conversations.constants import ReplyState
from apps.conversations.models import Reply
from apps.moderation import statements
from apps.moderation.constants import RuleMode
from apps.moderation.models import BackTestMatch, Rule, RuleHit
from apps.moderation.services.figures.intervals import Share, wilson
from apps.moderation.services.figures.labels import Judged, judged_texts
from apps.moderation.services.figures.metrics import Period, counted, daily, grouped

TIMEOUT_US = 3_000_000
"""A failed check that took at least as long was given up on."""
MAX_RULES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFigures:
    """One rule over a period.

    Attributes:
        precision: messages that people judged, and those of them that violate its policy.
        hits: texts in which it found something.
        acted: texts that it flagged or withheld.
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


class _Sums(NamedTuple):
    """What one rule did; see `statements.texts_of_rules`."""

    hits: int = 0
    acted: int = 0
    errors: int = 0
    timeouts: int = 0
    latency_us: int = 0
    slowest_us: int = 0


def guard_figures(period: Period) -> GuardFigures:
    """Return the figures of rules, guard and models, from six queries."""
    rows = statements.texts_of_rules(since=period.since, timeout_us=TIMEOUT_US)
    sums = {rule_id: _Sums(*map(int, numbers)) for rule_id, *numbers in rows}
    judged = judged_texts(
        RuleHit.objects.since(period.since),
        BackTestMatch.objects.labelled_since(period.since),
        by="rule",
    )
    failures = daily(
        RuleHit.objects.failed().since(period.since).with_timeouts(TIMEOUT_US),
        "created_at",
        errors=Count("pk"),
        timeouts=counted("is_timeout"),
    )
    return GuardFigures(_rules(sums, judged), _failures(failures, period), models(period))


def _rules(sums_of: Mapping[int, _Sums], judged: Mapping[int, Judged]) -> list[RuleFigures]:
    """Return the rules that are on, or did something, the busiest first."""
    rules = Rule.objects.live() | Rule.objects.filter(pk__in=list(sums_of))
    figures = []
    for rule in rules.order_by("pk")[:MAX_RULES]:
        sums = sums_of.get(rule.pk, _Sums())
        figures.append(
            RuleFigures(
                rule_id=rule.pk,
                name=rule.name,
                mode=rule.mode,
                kind=rule.kind,
                shadow_since=rule.mode_changed_at if rule.mode == RuleMode.SHADOW else None,
                precision=judged.get(rule.pk, Judged()).share,
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


def models(period: Period) -> list[ModelFigures]:
    """Return how the answers that models were asked for ended, of each the most used first."""
    ended: dict[str, Counter[str]] = defaultdict(Counter)
    rows = grouped(
        Reply.objects.queued_since(period.since).begun().ended(),
        "model",
        "state",
        number=Count("pk"),
    )
    for row in rows:
        ended[row["model"]][row["state"]] = row["number"]
    figures = [
        ModelFigures(
            model=model,
            ended=states.total(),
            stopped=wilson(states[ReplyState.STOPPED], states.total()),
            withheld=wilson(states[ReplyState.WITHHELD], states.total()),
            halted=states[ReplyState.HALTED],
            failed=states[ReplyState.FAILED],
        )
        for model, states in ended.items()
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
