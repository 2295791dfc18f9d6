"""The dashboard's page about decisions."""

from __future__ import annotations

from apps.core.admin_kit.exhibits import Board, Column, Exhibit, Tile, counted, day_label
from apps.core.plots import Columns, Lines, Row, Rows, Unit, write
from apps.moderation.admin.dashboard_parts import (
    SHARE_COLUMNS,
    band_of,
    day_labels,
    in_days,
    said,
    times_by_day,
)
from apps.moderation.services.figures.intervals import Share, wilson
from apps.moderation.services.figures.metrics import Period
from apps.moderation.services.figures.metrics_decisions import (
    SHOWN_BANDS,
    DecisionFigures,
    InView,
    Overturned,
    overturned_altogether,
)

MISSING_SHOWN = 10
WHO = {"person": "people", "rule": "rules", "system": "the product itself"}


def decision_board(figures: DecisionFigures, period: Period) -> Board:
    """Return what a lead sees of decisions."""
    return Board(
        _tiles(figures, period),
        [
            _by_day(figures, period),
            _by_hour(figures, period),
            _overturned(figures),
            _overturned_by_week(figures),
            _in_view(figures, period),
            _shown(figures),
            _notices(figures, period),
        ],
    )


def _tiles(figures: DecisionFigures, period: Period) -> list[Tile]:
    people = sum(hour.by_people for hour in figures.hours)
    share = overturned_altogether(figures.overturned).share
    acted = sum(day.acted for day in figures.notices)
    missing = acted - sum(day.told for day in figures.notices)
    shown = figures.shown
    return [
        Tile("Decisions", f"{people:,}", "by people", icon="gavel"),
        Tile("An hour", f"{people / period.hours:.1f}", "day and night, on average", icon="speed"),
        Tile(
            "Did not last",
            write(share.value, Unit.SHARE),
            f"of {counted(share.total, 'verdict')}",
            icon="undo",
        ),
        Tile(
            "Seen before withheld",
            write(shown.p50, Unit.COUNT),
            f"characters, median of {counted(shown.number, 'text')}",
            icon="visibility",
        ),
        Tile(
            "Without a notice",
            f"{missing:,}",
            f"of {counted(acted, 'violation')} with effects",
            "danger" if missing else "neutral",
            "mark_email_unread",
        ),
    ]


def _by_day(figures: DecisionFigures, period: Period) -> Exhibit:
    people = dict.fromkeys(period.dates, 0)
    rules = dict.fromkeys(period.dates, 0)
    for hour in figures.hours:
        people[hour.begins.date()] += hour.by_people
        rules[hour.begins.date()] += hour.by_rules
    return Exhibit(
        plot=Columns(
            "decisions-by-day",
            "Decisions by day",
            f"{in_days(period)} people decided {sum(people.values()):,} times and rules "
            f"{sum(rules.values()):,} times.",
            day_labels(period),
            [("People", list(people.values())), ("Rules", list(rules.values()))],
            is_stacked=True,
        ),
        meaning="Every decision counts, also one that takes another back. Days in UTC.",
        columns=(Column("Day"), Column("People", Unit.COUNT), Column("Rules", Unit.COUNT)),
        rows=[(day, people[day], rules[day]) for day in period.dates],
        is_empty=not figures.hours,
    )


def _by_hour(figures: DecisionFigures, period: Period) -> Exhibit:
    numbers = [0] * 24
    for hour in figures.hours:
        numbers[hour.begins.hour] += hour.by_people
    means = [number / period.days for number in numbers]
    busiest = max(range(24), key=numbers.__getitem__)
    return Exhibit(
        plot=Columns(
            "decisions-by-hour",
            "Decisions per hour, over the day",
            f"The busiest hour begins at {busiest:02}:00 UTC, with {means[busiest]:.1f} decisions "
            "on a usual day.",
            [f"{hour:02}:00" for hour in range(24)],
            [("Decisions", means)],
            Unit.DECIMAL,
        ),
        meaning="Decisions of people in each hour of the day (UTC), on average over the period. "
        "Beside the inflow it says when help is missing.",
        columns=(Column("Hour"), Column("All", Unit.COUNT), Column("On average", Unit.DECIMAL)),
        rows=[(f"{hour:02}:00", numbers[hour], means[hour]) for hour in range(24)],
        is_empty=not any(numbers),
    )


def _kinds(part: Overturned) -> list[tuple[str, Share]]:
    return [
        ("After an appeal", wilson(part.by_appeal, part.total)),
        ("By another person's check", wilson(part.by_other, part.total)),
        ("Taken back by the same person", wilson(part.by_same, part.total)),
        ("All together", part.share),
    ]


def _overturned(figures: DecisionFigures) -> Exhibit:
    part = overturned_altogether(figures.overturned)
    kinds = _kinds(part)
    return Exhibit(
        plot=Rows(
            "overturned",
            "Verdicts that did not last",
            f"{part.share.hits:,} of {counted(part.total, 'verdict')} were overturned since: "
            f"{said(part.share)}.",
            [
                Row(
                    label,
                    f"{share.hits:,} · {write(share.value, Unit.SHARE)}",
                    points=(share.value,),
                    interval=(share.low, share.high),
                )
                for label, share in kinds
            ],
            Unit.SHARE,
            ("Share",),
            interval_label="95% interval",
        ),
        meaning="Verdicts of people from this period for which another verdict stands today. "
        "Handing a case on is no verdict; deciding the same again overturns nothing.",
        columns=(
            Column("How"),
            Column("Overturned", Unit.COUNT),
            Column("Verdicts", Unit.COUNT),
            *SHARE_COLUMNS,
        ),
        rows=[
            (k, share.hits, share.total, share.value, share.low, share.high) for k, share in kinds
        ],
        is_empty=not part.total,
        empty="Nobody gave a verdict in this period.",
    )


def _overturned_by_week(figures: DecisionFigures) -> Exhibit:
    shares = [week.share for week in figures.overturned]
    weeks = [week.begins for week in figures.overturned if week.begins is not None]
    known = [share for share in shares if share.total]
    trend = (
        f"From {write(known[0].value, Unit.SHARE)} in the first week to "
        f"{write(known[-1].value, Unit.SHARE)} in the last; young verdicts may yet be overturned."
        if len(known) > 1
        else "There is one week with verdicts only; choose a longer period to see a trend."
    )
    return Exhibit(
        plot=Lines(
            "overturned-by-week",
            "Overturned verdicts, by week",
            trend,
            [day_label(week) for week in weeks],
            [("Share overturned", [share.value for share in shares])],
            Unit.SHARE,
            band=band_of(shares),
            band_label="95% interval",
        ),
        meaning="By the week in which the verdict was given, named by its Monday.",
        columns=(
            Column("Week of"),
            Column("Verdicts", Unit.COUNT),
            Column("Appeal", Unit.COUNT),
            Column("Other person", Unit.COUNT),
            Column("Same person", Unit.COUNT),
            Column("Share", Unit.SHARE),
        ),
        rows=[
            (week.begins, week.total, week.by_appeal, week.by_other, week.by_same, share.value)
            for week, share in zip(figures.overturned, shares, strict=True)
        ],
        is_empty=not known,
        empty="Nobody gave a verdict in this period.",
    )


def _who(part: InView) -> str:
    middle = f"{write(part.p50, Unit.SECONDS)} (median of {part.number:,})"
    return f"what {WHO[part.who]} took from view had been there for {middle}"


def _in_view(figures: DecisionFigures, period: Period) -> Exhibit:
    words = "; ".join(_who(part) for part in figures.in_view_by)
    return times_by_day(
        key="in-view",
        title="How long texts stayed in view",
        words=f"{words[:1].upper()}{words[1:]}.",
        meaning="From the writing of a message to its hiding, redaction or withholding, on the day "
        "that it was taken from view; also where that was undone later.",
        what="Texts",
        days=figures.in_view,
        period=period,
        empty="Nothing was taken from view in this period.",
    )


def _shown(figures: DecisionFigures) -> Exhibit:
    shown = figures.shown
    unseen = wilson(shown.bands[0], shown.number)
    return Exhibit(
        plot=Columns(
            "shown",
            "Characters seen before a rule withheld the text",
            f"Of {counted(shown.number, 'text')}, {write(unseen.value, Unit.SHARE)} were withheld "
            f"before anybody saw a character. Median {write(shown.p50, Unit.COUNT)}, 95th "
            f"percentile {write(shown.p95, Unit.COUNT)}, most {write(shown.most, Unit.COUNT)}.",
            [label for label, _ in SHOWN_BANDS],
            [("Texts", shown.bands)],
        ),
        meaning="Hits of enforcing rules by how many characters of the text viewers had been sent "
        "when it was stopped. The stream's hold-back is there to keep this small.",
        columns=(Column("Characters"), Column("Texts", Unit.COUNT)),
        rows=[(label, number) for (label, _), number in zip(SHOWN_BANDS, shown.bands, strict=True)],
        is_empty=not shown.number,
        empty="No rule withheld a text in this period.",
    )


def _notices(figures: DecisionFigures, period: Period) -> Exhibit:
    told = sum(day.told for day in figures.notices)
    acted = sum(day.acted for day in figures.notices)
    missing = [day.untold_case for day in figures.notices if day.untold_case is not None]
    cases = ", ".join(f"#{case}" for case in missing[-MISSING_SHOWN:])
    words = f" Cases without one: {cases}." if cases else ""
    return Exhibit(
        plot=Columns(
            "notices",
            "People who were told what was done, and why",
            f"{told:,} of {counted(acted, 'violation')} with effects have their notice "
            f"({write(wilson(told, acted).value, Unit.SHARE)}).{words}",
            day_labels(period),
            [
                ("With a notice", [day.told for day in figures.notices]),
                ("Without", [day.acted - day.told for day in figures.notices]),
            ],
            is_stacked=True,
        ),
        meaning="Violations that hid, withheld, restricted or gave points, and the statement of "
        "reasons that belongs to each. Less than 100% is a fault. Deleted accounts are left out.",
        columns=(
            Column("Day"),
            Column("With effects", Unit.COUNT),
            Column("With a notice", Unit.COUNT),
            Column("Newest case without"),
        ),
        rows=[(day.day, day.acted, day.told, day.untold_case) for day in figures.notices],
        is_empty=not acted,
        empty="No violation had an effect on anybody in this period.",
        is_wide=True,
    )
