"""How a rule does: precision with its interval, hits, time, and what finding one costs staff."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Min
from django.db.models.functions import TruncHour
from django.utils import timezone

from apps.core.logging import log_event
from apps.moderation.constants import RuleMode
from apps.moderation.models import Rule, RuleDayPerson
from apps.moderation.services.figures.intervals import Share, wilson
from apps.moderation.services.figures.labels import RecentHits, precision_of, recent_hits
from apps.moderation.services.rules import rule_modes

logger = logging.getLogger(__name__)

DAYS = 7
A_DAY = timedelta(days=1)
MIN_LABELS = 10
MIN_HISTORY = timedelta(hours=24)
MIN_UNUSUAL_PEOPLE = 20
UNUSUAL_TIMES = 5
LOWER = {RuleMode.ENFORCE: RuleMode.FLAG, RuleMode.FLAG: RuleMode.SHADOW}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """The figures of a rule's present version over a week.

    Attributes:
        precision: judged hits that were violations.
        hits: texts in which it found something in a week.
        hits_of_day: those of the last 24 hours.
        acted: texts in a week that it flagged or withheld.
        errors: checks in a week that failed.
        latency_ms: median and 95th percentile of the last hits, in milliseconds.
        looks_per_true_hit: how many hits a person looks at to find one violation.
    """

    precision: Share
    hits: int
    hits_of_day: int
    acted: int
    errors: int
    latency_ms: tuple[float, float] | None
    looks_per_true_hit: float | None


def scorecard(rule: Rule) -> Scorecard:
    """Return the figures of a rule, from a bounded number of rows."""
    now = timezone.now()
    week = rule.hits.since(now - timedelta(days=DAYS))
    counts = week.summed_up(day=now - A_DAY)
    recent = recent_hits(rule.current) if rule.current else RecentHits((), ())
    precision = precision_of(rule.current, recent) if rule.current else wilson(0, 0)
    return Scorecard(
        precision=precision,
        hits=counts["hits"],
        hits_of_day=counts["hits_of_day"],
        acted=counts["acted"],
        errors=counts["errors"],
        latency_ms=_latency(recent.latencies),
        looks_per_true_hit=precision.total / precision.hits if precision.hits else None,
    )


def sweep() -> list[Rule]:
    """Take power from rules whose figures say so, and turn off those that have expired.

    Whom a rule acted on is forgotten when its day is over.

    Returns:
        The rules that changed.
    """
    changed = []
    now = timezone.now()
    for rule in Rule.objects.live().select_related("current__rule"):
        if rule.expires_at is not None and rule.expires_at <= now:
            mode, why = RuleMode.OFF, "It reached the end that was set for it."
        else:
            mode, why = LOWER.get(RuleMode(rule.mode), RuleMode.OFF), reason_to_demote(rule, now)
        demoted = rule_modes.demote(seen=rule, mode=mode, why=why) if why else None
        if demoted is not None:
            changed.append(demoted)
            log_event(
                logger, "RULE_DEMOTED", level=logging.WARNING, rule_id=rule.pk, mode=mode.value
            )
    RuleDayPerson.objects.of_days_before((now - A_DAY).date()).delete()
    return changed


def reason_to_demote(rule: Rule, now: datetime) -> str:
    """Say why a rule should lose power; empty if it should not, or has none.

    Where somebody overrode the gate, only what people said since then speaks against it.
    """
    if rule.mode not in LOWER or rule.current is None:
        return ""
    precision = precision_of(rule.current, since=rule.overridden_at)
    limit = settings.RULE_DEMOTE_PRECISION
    if precision.total >= MIN_LABELS and precision.high < limit:
        return f"People disagreed with it too often: precision is {precision}, below {limit:.0%}."
    return _unusual(rule, now)


def _unusual(rule: Rule, now: datetime) -> str:
    """Compare the last hour with the hours of the week before it.

    People are counted and not hits, so that nobody can take power from a rule by running into it
    again and again; an hour counts once, so that it does not take power from a rule twice.
    """
    hits = rule.hits.found()
    hour_ago, week_ago = now - timedelta(hours=1), now - timedelta(days=DAYS, hours=1)
    since = max(hour_ago, rule.mode_changed_at or hour_ago)
    of_hour = hits.since(since).until(now)
    recent = of_hour.aggregate(people=Count("subject_id", distinct=True))["people"]
    if recent < MIN_UNUSUAL_PEOPLE:
        return ""
    before = hits.since(week_ago).before(hour_ago)
    began = before.aggregate(first=Min("created_at"))["first"] or hour_ago
    if hour_ago - began < MIN_HISTORY:
        return ""
    hours = before.annotate(hour=TruncHour("created_at")).values("subject_id", "hour")
    usual = hours.distinct().count() / ((hour_ago - began).total_seconds() / 3600)
    highest = max(UNUSUAL_TIMES * usual, usual + 6 * usual**0.5)
    if recent <= highest:
        return ""
    return f"It hit {recent} people in an hour; {usual:.1f} an hour were usual for a week."


def _latency(latencies: Sequence[int]) -> tuple[float, float] | None:
    times = sorted(latencies)
    if not times:
        return None
    return times[len(times) // 2] / 1000, times[min(len(times) * 95 // 100, len(times) - 1)] / 1000
