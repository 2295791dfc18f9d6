"""The dashboard's page about one rule."""

from __future__ import annotations

from apps.core.admin_kit.exhibits import Board, Column, Exhibit, Tile, counted, day_label
from apps.core.plots import Columns, Lines, Row, Rows, Unit, write
from apps.moderation.admin.dashboard_parts import SHARE_COLUMNS, band_of, day_labels, in_days, said
from apps.moderation.constants import HitOutcome
from apps.moderation.services.figures.metrics import Period
from apps.moderation.services.figures.metrics_scorecard import ScorecardFigures

UNJUDGED = "Nobody has judged what this rule found in this period."
OUTCOMES = (
    ("Recorded only", (HitOutcome.RECORDED, HitOutcome.CAPPED)),
    ("Flagged", (HitOutcome.FLAGGED,)),
    ("Enforced", (HitOutcome.ENFORCED,)),
    ("Failed", (HitOutcome.ERROR,)),
)


def scorecard_board(figures: ScorecardFigures, period: Period) -> Board:
    """Return what a lead sees of one rule."""
    exhibits = [_outcomes(figures, period), _weeks(figures), _versions(figures)]
    return Board(_tiles(figures), exhibits)


def _tiles(figures: ScorecardFigures) -> list[Tile]:
    share = figures.precision
    return [
        Tile(
            "Precision",
            write(share.value, Unit.SHARE),
            f"{share.low * 100:.0f} to {share.high * 100:.0f}%, of {share.total:,} judged",
            icon="target",
        ),
        Tile("Hits", f"{figures.hits:,}", "without failures", icon="ads_click"),
        Tile(
            "Latency",
            _ms(figures.p50_ms),
            f"median; 95% within {_ms(figures.p95_ms)}",
            icon="speed",
        ),
        Tile(
            "Looks per violation",
            write(figures.looks_per_true_hit, Unit.DECIMAL),
            f"and {_ms(figures.check_ms_per_true_hit)} of checking",
            icon="payments",
        ),
        Tile(
            "Failed checks",
            f"{figures.errors:,}",
            "without an answer",
            "danger" if figures.errors else "neutral",
            "error",
        ),
    ]


def _ms(value: float | None) -> str:
    return write(None if value is None else value / 1_000, Unit.SECONDS)


def _outcomes(figures: ScorecardFigures, period: Period) -> Exhibit:
    series = [
        (label, [sum(day.by_outcome[one] for one in outcomes) for day in figures.days])
        for label, outcomes in OUTCOMES
    ]
    parts = ", ".join(f"{sum(values):,} {label.lower()}" for label, values in series)
    return Exhibit(
        plot=Columns(
            "outcomes",
            "What came of its hits",
            f"{in_days(period)}: {parts}.",
            day_labels(period),
            series,
            is_stacked=True,
        ),
        meaning="Recorded only: in shadow, or over the daily cap. Days in UTC.",
        columns=(
            Column("Day"),
            *(Column(HitOutcome(name).label, Unit.COUNT) for name in HitOutcome.values),
        ),
        rows=[
            (day.day, *(day.by_outcome[name] for name in HitOutcome.values)) for day in figures.days
        ],
        is_empty=not figures.hits and not figures.errors,
        empty="It found nothing in this period.",
        is_wide=True,
    )


def _weeks(figures: ScorecardFigures) -> Exhibit:
    shares = [week.precision for week in figures.weeks]
    return Exhibit(
        plot=Lines(
            "precision-by-week",
            "Precision over time",
            f"Over the whole period: {said(figures.precision)}.",
            [day_label(week.begins) for week in figures.weeks],
            [("Precision", [share.value for share in shares])],
            Unit.SHARE,
            band=band_of(shares),
            band_label="95% interval",
        ),
        meaning="By the week of the hit, named by its Monday. Of the messages that people judged, "
        "the share that violates the rule's policy.",
        columns=(
            Column("Week of"),
            Column("Judged", Unit.COUNT),
            Column("Violations", Unit.COUNT),
            Column("Precision", Unit.SHARE),
        ),
        rows=[
            (week.begins, share.total, share.hits, share.value)
            for week, share in zip(figures.weeks, shares, strict=True)
        ],
        is_empty=not any(share.total for share in shares),
        empty=UNJUDGED,
    )


def _versions(figures: ScorecardFigures) -> Exhibit:
    newest = figures.versions[0] if figures.versions else None
    words = f"Version {newest.number} is the newest: {said(newest.precision)}." if newest else ""
    return Exhibit(
        plot=Rows(
            "versions",
            "Precision of its versions",
            f"{counted(len(figures.versions), 'version')} with judged hits. {words}",
            [
                Row(
                    f"Version {one.number}",
                    f"{write(one.precision.value, Unit.SHARE)} of {one.precision.total:,}",
                    points=(one.precision.value,),
                    interval=(one.precision.low, one.precision.high),
                )
                for one in figures.versions
            ],
            Unit.SHARE,
            ("Precision",),
            interval_label="95% interval",
        ),
        meaning="With labels from back-tests. Intervals that do not overlap tell versions apart.",
        columns=(
            Column("Version", Unit.COUNT),
            Column("Judged", Unit.COUNT),
            Column("Violations", Unit.COUNT),
            *SHARE_COLUMNS,
        ),
        rows=[
            (
                one.number,
                one.precision.total,
                one.precision.hits,
                one.precision.value,
                one.precision.low,
                one.precision.high,
            )
            for one in figures.versions
        ],
        is_empty=not figures.versions,
        empty=UNJUDGED,
    )
