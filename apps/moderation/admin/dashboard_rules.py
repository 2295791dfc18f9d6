"""The dashboard's page about rules, guard and models."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from apps.core.admin_kit.exhibits import (
    MOST_ROWS,
    Board,
    Column,
    Exhibit,
    Tile,
    counted,
    part_drawn,
)
from apps.core.plots import Columns, Row, Rows, Unit, write
from apps.moderation.admin.dashboard_parts import SHARE_COLUMNS, day_labels, in_days, said
from apps.moderation.constants import RuleMode
from apps.moderation.services.figures.intervals import Share
from apps.moderation.services.figures.metrics import Period
from apps.moderation.services.figures.metrics_rules import (
    GuardFigures,
    ModelFigures,
    RuleFigures,
    awaiting,
)

UNJUDGED = "Nobody has judged anything that a rule found in this period."


def guard_board(figures: GuardFigures, period: Period) -> Board:
    """Return what a lead sees of rules, guard and models."""
    return Board(
        _tiles(figures),
        [
            _precision(figures.rules),
            _cost(figures.rules),
            _awaiting(figures.rules, period.now),
            _failures(figures, period),
            _ended(
                figures.models,
                [model.stopped for model in figures.models],
                key="stopped",
                title="Answers that their readers stopped",
                meaning="Of the answers of each model that ended. Readers stop what is wrong, too "
                "long or too slow: compare models, and one model before and after a change.",
            ),
            _ended(
                figures.models,
                [model.withheld for model in figures.models],
                key="withheld",
                title="Answers that policy withheld",
                meaning="Of the answers of each model that ended: those that a rule retracted in "
                "the stream, and those that staff withheld later.",
            ),
        ],
    )


def _tiles(figures: GuardFigures) -> list[Tile]:
    live = [rule for rule in figures.rules if rule.mode != RuleMode.OFF]
    enforcing = sum(rule.mode == RuleMode.ENFORCE for rule in live)
    errors = sum(day.errors for day in figures.failures)
    timeouts = sum(day.timeouts for day in figures.failures)
    waiting = len(awaiting(figures.rules))
    return [
        Tile("Rules on", f"{len(live):,}", f"{enforcing:,} of them enforce", icon="rule"),
        Tile(
            "Hits", f"{sum(rule.hits for rule in figures.rules):,}", "found by all", icon="target"
        ),
        Tile(
            "Await a verdict",
            f"{waiting:,}",
            f"shadow {'rule' if waiting == 1 else 'rules'}",
            icon="hourglass_top",
        ),
        Tile(
            "Failed checks",
            f"{errors:,}",
            f"{timeouts:,} were given up on",
            "danger" if errors else "neutral",
            "error",
        ),
    ]


def _precision(rules: Sequence[RuleFigures]) -> Exhibit:
    judged = [rule for rule in rules if rule.precision.total]
    worst = min(judged, key=lambda rule: rule.precision.high, default=None)
    words = f" The least precise may be “{worst.name}”: {said(worst.precision)}." if worst else ""
    return Exhibit(
        plot=Rows(
            "precision",
            "How right each rule is",
            f"{counted(len(judged), 'rule')} of {len(rules):,} found something that people "
            f"judged.{words}",
            [
                Row(
                    rule.name,
                    f"{write(rule.precision.value, Unit.SHARE)} of {rule.precision.total:,}",
                    points=(rule.precision.value,),
                    interval=(rule.precision.low, rule.precision.high),
                )
                for rule in judged[:MOST_ROWS]
            ],
            Unit.SHARE,
            ("Precision",),
            interval_label="95% interval",
        ),
        meaning="Of the messages that a rule hit and people judged, the share that violates the "
        "rule's policy. A wide interval means that too few were judged to trust it with more."
        + part_drawn(len(judged)),
        columns=(
            Column("Rule"),
            Column("Mode"),
            Column("Hits", Unit.COUNT),
            Column("Judged", Unit.COUNT),
            Column("Violations", Unit.COUNT),
            *SHARE_COLUMNS,
        ),
        rows=[
            (r.name, r.mode, r.hits, r.precision.total, r.precision.hits, *_ends(r.precision))
            for r in rules
        ],
        is_empty=not judged,
        empty=UNJUDGED,
    )


def _ends(share: Share) -> tuple[float | None, float, float]:
    return share.value, share.low, share.high


def _awaiting(rules: Sequence[RuleFigures], now: datetime) -> Exhibit:
    waiting = awaiting(rules)
    days = [((now - rule.shadow_since).days if rule.shadow_since else 0) for rule in waiting]
    words = f"“{waiting[0].name}” waits the longest, for {days[0]:,} days." if waiting else ""
    return Exhibit(
        plot=Rows(
            "awaiting",
            "Shadow rules that await a verdict",
            words,
            [
                Row(
                    rule.name,
                    f"{counted(rule.hits, 'hit')}, {rule.precision.total:,} judged, {number} d",
                    bar=rule.hits,
                )
                for rule, number in list(zip(waiting, days, strict=True))[:MOST_ROWS]
            ],
        ),
        meaning="Rules that only record, with what they found in this period. Judge some of it, "
        "then give the rule more power or turn it off: a rule in shadow helps nobody."
        + part_drawn(len(waiting)),
        columns=(
            Column("Rule"),
            Column("Hits", Unit.COUNT),
            Column("Judged", Unit.COUNT),
            Column("Days in shadow", Unit.COUNT),
        ),
        rows=[
            (rule.name, rule.hits, rule.precision.total, number)
            for rule, number in zip(waiting, days, strict=True)
        ],
        is_empty=not waiting,
        empty="No shadow rule found anything that nobody has judged.",
    )


def _cost(rules: Sequence[RuleFigures]) -> Exhibit:
    costly = sorted(
        (rule for rule in rules if rule.looks_per_true_hit is not None),
        key=lambda rule: -(rule.looks_per_true_hit or 0),
    )
    words = (
        f"Most looks for one violation: “{costly[0].name}”, "
        f"{write(costly[0].looks_per_true_hit, Unit.DECIMAL)}."
        if costly
        else ""
    )
    return Exhibit(
        plot=Rows(
            "cost",
            "What one violation costs staff",
            words,
            [
                Row(
                    rule.name,
                    f"{write(rule.looks_per_true_hit, Unit.DECIMAL)} looks",
                    bar=rule.looks_per_true_hit,
                )
                for rule in costly[:MOST_ROWS]
            ],
            Unit.DECIMAL,
        ),
        meaning="How many messages people judge to find one violation: 1 is a rule that is always "
        "right. The table adds the machine's time for it." + part_drawn(len(costly)),
        columns=(
            Column("Rule"),
            Column("Looks per violation", Unit.DECIMAL),
            Column("Milliseconds per violation", Unit.DECIMAL),
            Column("Milliseconds per hit", Unit.DECIMAL),
            Column("Slowest, milliseconds", Unit.DECIMAL),
        ),
        rows=[
            (
                rule.name,
                rule.looks_per_true_hit,
                rule.check_ms_per_true_hit,
                rule.latency_ms,
                rule.slowest_ms,
            )
            for rule in rules
        ],
        is_empty=not costly,
        empty=UNJUDGED,
    )


def _failures(figures: GuardFigures, period: Period) -> Exhibit:
    errors = sum(day.errors for day in figures.failures)
    worst = max(figures.rules, key=lambda rule: rule.errors, default=None)
    words = f" Most at “{worst.name}”: {worst.errors:,}." if worst and worst.errors else ""
    return Exhibit(
        plot=Columns(
            "failures",
            "Checks that failed",
            f"{in_days(period)} {counted(errors, 'check')} failed.{words}",
            day_labels(period),
            [
                ("Given up on in time", [day.timeouts for day in figures.failures]),
                ("Failed otherwise", [day.errors - day.timeouts for day in figures.failures]),
            ],
            is_stacked=True,
        ),
        meaning="What the guard could not check: an endpoint was away, a judge answered nonsense, "
        "or the deadline passed. Such a text passed or was kept back, as its rule says.",
        columns=(
            Column("Day"),
            Column("Failed", Unit.COUNT),
            Column("of them given up on", Unit.COUNT),
        ),
        rows=[(day.day, day.errors, day.timeouts) for day in figures.failures],
        is_empty=not errors,
        empty="Every check gave an answer.",
    )


def _ended(
    models: Sequence[ModelFigures], shares: Sequence[Share], *, key: str, title: str, meaning: str
) -> Exhibit:
    pairs = list(zip(models, shares, strict=True))
    most = max(pairs, key=lambda pair: pair[1].low, default=None)
    words = f"Most often with {most[0].model}: {said(most[1])}." if most else ""
    return Exhibit(
        plot=Rows(
            key,
            title,
            words,
            [
                Row(
                    model.model,
                    f"{write(share.value, Unit.SHARE)} of {share.total:,}",
                    points=(share.value,),
                    interval=(share.low, share.high),
                )
                for model, share in pairs[:MOST_ROWS]
            ],
            Unit.SHARE,
            ("Share",),
            interval_label="95% interval",
        ),
        meaning=meaning + part_drawn(len(pairs)),
        columns=(
            Column("Model"),
            Column("Ended", Unit.COUNT),
            Column(key.capitalize(), Unit.COUNT),
            *SHARE_COLUMNS,
        ),
        rows=[(model.model, share.total, share.hits, *_ends(share)) for model, share in pairs],
        is_empty=not pairs,
        empty="No answer ended in this period.",
    )
