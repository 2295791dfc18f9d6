"""The figures of the dashboard for whoever may see them: the pages' and the programs' way in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from apps.moderation.services.figures import (
    exposure,
    metrics,
    metrics_decisions,
    metrics_queue,
    metrics_rules,
    metrics_scorecard,
)
from apps.moderation.services.figures.exposure import CareFigures
from apps.moderation.services.figures.metrics import Period
from apps.moderation.services.figures.metrics_decisions import DecisionFigures
from apps.moderation.services.figures.metrics_queue import QueueFigures
from apps.moderation.services.figures.metrics_rules import GuardFigures
from apps.moderation.services.figures.metrics_scorecard import ScorecardFigures
from apps.users.models import User


def of_queue(*, viewer: User, period: Period) -> QueueFigures:
    """Return the figures of the queue, at most a minute old, as all of them are.

    Raises:
        ForbiddenError: the viewer may not see figures.
    """
    metrics.require_view(viewer)
    return metrics.remembered("queue", period, lambda: metrics_queue.queue_figures(period))


def of_decisions(*, viewer: User, period: Period) -> DecisionFigures:
    """Return the figures of decisions.

    Raises:
        ForbiddenError: the viewer may not see figures.
    """
    metrics.require_view(viewer)
    return metrics.remembered(
        "decisions", period, lambda: metrics_decisions.decision_figures(period)
    )


def of_rules(*, viewer: User, period: Period) -> GuardFigures:
    """Return the figures of rules, of checks that failed, and of how models' answers ended.

    Raises:
        ForbiddenError: the viewer may not see figures.
    """
    metrics.require_view(viewer)
    return metrics.remembered("rules", period, lambda: metrics_rules.guard_figures(period))


def of_care(*, viewer: User, period: Period) -> CareFigures:
    """Return what staff had to see, and what they read of others.

    Raises:
        ForbiddenError: the viewer may not see figures.
    """
    metrics.require_view(viewer)
    return metrics.remembered("care", period, lambda: exposure.care_figures(period))


SectionFigures = QueueFigures | DecisionFigures | GuardFigures | CareFigures
SECTIONS: Mapping[str, Callable[..., SectionFigures]] = {
    "queue": of_queue,
    "decisions": of_decisions,
    "rules": of_rules,
    "care": of_care,
}


def of_section(*, viewer: User, section: str, period: Period) -> SectionFigures:
    """Return the figures of one page of the dashboard.

    Args:
        viewer: who asks.
        section: `queue`, `decisions`, `rules` or `care`.
        period: the days.

    Raises:
        ForbiddenError: the viewer may not see figures.
    """
    return SECTIONS[section](viewer=viewer, period=period)


def of_rule(*, viewer: User, rule_id: int, period: Period) -> ScorecardFigures:
    """Return the figures of one rule.

    Raises:
        ForbiddenError: the viewer may not see figures.
        RuleNotFoundError: there is no such rule.
    """
    metrics.require_view(viewer)
    return metrics.remembered(
        f"rule:{rule_id}", period, lambda: metrics_scorecard.rule_figures(rule_id, period)
    )
