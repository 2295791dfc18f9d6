"""The dashboard's page about what staff have to see, and what they read."""

from __future__ import annotations

from apps.core.admin_kit.exhibits import (
    MOST_ROWS,
    Board,
    Column,
    Exhibit,
    Tile,
    counted,
    part_drawn,
)
from apps.core.plots import Columns, Row, Rows, Unit
from apps.moderation.admin.dashboard_parts import day_labels, in_days
from apps.moderation.constants import SEVERE_A_DAY
from apps.moderation.services.figures.exposure import CareFigures
from apps.moderation.services.figures.metrics import Period


def care_board(figures: CareFigures, period: Period) -> Board:
    """Return what a lead sees of what staff see and read."""
    return Board(
        _tiles(figures),
        [
            _exposure(figures),
            _readers(figures, period),
            _readings(figures, period),
            _grants(figures, period),
        ],
    )


def _tiles(figures: CareFigures) -> list[Tile]:
    over = sum(one.is_over for one in figures.exposures)
    without = sum(day.without_case for day in figures.days)
    readings = sum(day.readings for day in figures.days)
    return [
        Tile(
            "Over the soft limit",
            f"{over:,}",
            f"took more than {SEVERE_A_DAY} severe cases in 24 hours",
            "danger" if over else "neutral",
            "self_improvement",
        ),
        Tile("Readings", f"{readings:,}", "conversations opened by staff", icon="menu_book"),
        Tile("Without a case", f"{without:,}", "of these readings", icon="no_encryption"),
        Tile(
            "Live grants",
            f"{figures.live_grants:,}",
            "to read a conversation, at this moment",
            icon="key",
        ),
    ]


def _exposure(figures: CareFigures) -> Exhibit:
    over = [one.name for one in figures.exposures if one.is_over]
    names = ", ".join(over)
    words = (
        f"Offer a break or another queue: {names}." if over else "Nobody is over the soft limit."
    )
    most = sorted(figures.exposures, key=lambda one: -one.last_day)[:MOST_ROWS]
    shown = sorted(most, key=lambda one: one.name.lower())
    return Exhibit(
        plot=Rows(
            "exposure",
            "Severe cases that each person took, last 24 hours",
            words,
            [
                Row(
                    one.name,
                    f"{one.last_day:,} in 24 h, {one.last_week:,} in 7 days",
                    bar=one.last_day,
                    is_alarming=one.is_over,
                )
                for one in shown
            ],
            level=(SEVERE_A_DAY, f"soft limit {SEVERE_A_DAY}"),
        ),
        meaning="Cases of high or critical severity, each counted once, by name. It is there to "
        "protect people. How fast anybody reads is not measured here or anywhere."
        + part_drawn(len(figures.exposures)),
        columns=(
            Column("Person"),
            Column("24 hours", Unit.COUNT),
            Column("7 days", Unit.COUNT),
            Column("Period", Unit.COUNT),
        ),
        rows=[(one.name, one.last_day, one.last_week, one.period) for one in figures.exposures],
        is_empty=not figures.exposures,
        empty="Nobody took a severe case in this period.",
    )


def _readers(figures: CareFigures, period: Period) -> Exhibit:
    without = [one for one in figures.readers if one.without_case]
    return Exhibit(
        plot=Rows(
            "readers",
            "Readings without a case, by person",
            f"{in_days(period)} {counted(len(without), 'person', 'people')} opened a conversation "
            "that had no case.",
            [
                Row(
                    one.name,
                    f"{one.without_case:,} of {counted(one.readings, 'reading')}",
                    bar=one.without_case,
                )
                for one in without[:MOST_ROWS]
            ],
        ),
        meaning="A conversation is read without a case if a grant let its reader in, or none on it "
        "was open at that moment. Each reading is in the audit record, and its owner can see those "
        "under a grant." + part_drawn(len(without)),
        columns=(
            Column("Person"),
            Column("Readings", Unit.COUNT),
            Column("Without a case", Unit.COUNT),
        ),
        rows=[(one.name, one.readings, one.without_case) for one in figures.readers],
        is_empty=not without,
        empty="Nobody opened a conversation that had no case.",
    )


def _readings(figures: CareFigures, period: Period) -> Exhibit:
    readings = sum(day.readings for day in figures.days)
    without = sum(day.without_case for day in figures.days)
    return Exhibit(
        plot=Columns(
            "readings",
            "Conversations that staff opened",
            f"{counted(readings, 'reading')}, {without:,} of them without a case.",
            day_labels(period),
            [
                ("With a case", [day.readings - day.without_case for day in figures.days]),
                ("Without a case", [day.without_case for day in figures.days]),
            ],
            is_stacked=True,
        ),
        meaning="From the audit record, where the same person's readings of a conversation count "
        "once an hour. Days in UTC.",
        columns=(
            Column("Day"),
            Column("Readings", Unit.COUNT),
            Column("Without a case", Unit.COUNT),
        ),
        rows=[(day.day, day.readings, day.without_case) for day in figures.days],
        is_empty=not readings,
        empty="Staff opened no conversation in this period.",
    )


def _grants(figures: CareFigures, period: Period) -> Exhibit:
    number = sum(day.grants for day in figures.days)
    return Exhibit(
        plot=Columns(
            "grants",
            "Grants to read a private conversation",
            f"{in_days(period)} {counted(number, 'grant')} began; {figures.live_grants:,} live.",
            day_labels(period),
            [("Grants", [day.grants for day in figures.days])],
        ),
        meaning="A grant has a reason and an end, and the conversation's owner sees it.",
        columns=(Column("Day"), Column("Grants", Unit.COUNT)),
        rows=[(day.day, day.grants) for day in figures.days],
        is_empty=not number,
        empty="No grant began in this period.",
    )
