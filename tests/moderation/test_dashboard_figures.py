"""What the dashboard says in words and draws, from figures made by hand."""

from datetime import timedelta

import pytest

from apps.core.admin_kit.exhibits import Board, Column, Exhibit
from apps.core.plots import Columns, Lines, Unit
from apps.core.spreadsheets import csv_text
from apps.moderation.admin.dashboard_care import care_board
from apps.moderation.admin.dashboard_decisions import decision_board
from apps.moderation.admin.dashboard_queue import queue_board
from apps.moderation.admin.dashboard_rules import guard_board
from apps.moderation.admin.dashboard_scorecard import scorecard_board
from apps.moderation.constants import Severity
from apps.moderation.services.figures.exposure import CareFigures, Exposure, Reader, ReadingDay
from apps.moderation.services.figures.intervals import wilson
from apps.moderation.services.figures.metrics import Period
from apps.moderation.services.figures.metrics_decisions import (
    DecisionFigures,
    Hour,
    InView,
    NoticeDay,
    Overturned,
    Shown,
)
from apps.moderation.services.figures.metrics_queue import (
    FirstDecisions,
    FlowDay,
    QueueFigures,
    Waiting,
)
from apps.moderation.services.figures.metrics_rules import (
    FailureDay,
    GuardFigures,
    ModelFigures,
    RuleFigures,
)
from apps.moderation.services.figures.metrics_scorecard import ScorecardFigures
from tests.moderation.histories import NOW, period

NONE_SOURCES = {"rule": 0, "user": 0, "staff": 0, "provider": 0, "guard": 0}


def of(board: Board, key: str) -> Exhibit:
    (found,) = [exhibit for exhibit in board.exhibits if exhibit.key == key]
    return found


def tiles(board: Board) -> dict[str, tuple[str, str]]:
    return {tile.label: (tile.value, tile.note) for tile in board.tiles}


def queue_of(days: Period) -> QueueFigures:
    waiting = Waiting(Severity.HIGH, 3, 1, 3_600, 7_200, 90_000, (1, 1, 0, 1, 0, 0))
    flow = [
        FlowDay(
            day=day,
            opened=2,
            by_source={**NONE_SOURCES, "rule": 2},
            reopened=1,
            closed=2,
            at_once=1,
            in_time=1,
        )
        for day in days.dates
    ]
    first = [FirstDecisions(day, 1, 60.0, 120.0) for day in days.dates]
    return QueueFigures([waiting], flow, first, FirstDecisions(None, 7, 60.0, 120.0))


def nothing_waits(days: Period) -> QueueFigures:
    flow = [FlowDay(day, 0, NONE_SOURCES, 0, 0, 0, 0) for day in days.dates]
    first = [FirstDecisions(day, 0, None, None) for day in days.dates]
    return QueueFigures([], flow, first, FirstDecisions(None, 0, None, None))


def test_the_queue_is_told_in_tiles_and_sentences() -> None:
    board = queue_board(queue_of(period(7)), period(7))
    assert tiles(board) == {
        "Waiting": ("3", "cases that are not closed"),
        "Overdue": ("1", "past the time that their policy sets"),
        "Oldest": ("1 d 1 h", "has waited so long"),
        "First decision": ("1 min", "median of 7 cases; 95% within 2 min"),
        "Closed in time": ("100%", "of 7 cases that waited"),
        "Change": ("+7", "21 in, 14 out"),
    }
    assert of(board, "queue-age").plot.summary == "3 cases wait. Past due: 1 high."
    assert of(board, "backlog").plot.summary == "1 case has waited for more than a day."
    assert of(board, "flow").plot.summary == (
        "In the last 7 days 21 came in (7 again) and 14 were closed; the backlog grew by 7."
    )
    assert of(board, "sources").plot.summary.startswith("Most cases came from: rules (14)")


def test_a_long_period_is_drawn_in_lines_and_a_short_one_in_columns() -> None:
    assert isinstance(of(queue_board(queue_of(period(30)), period(30)), "flow").plot, Columns)
    assert isinstance(of(queue_board(queue_of(period(90)), period(90)), "flow").plot, Lines)


def test_numbers_are_written_for_people_in_the_table_and_for_programs_in_the_file() -> None:
    exhibit = of(queue_board(queue_of(period(7)), period(7)), "queue-age")
    assert exhibit.figure("").rows == [["High", "3", "1", "1 h", "2 h", "1 d 1 h"]]
    columns = [column.name for column in exhibit.columns]
    assert csv_text([columns, *exhibit.rows]) == (
        '"Severity","Cases","Past due","Median (seconds)","95th percentile (seconds)",'
        '"Oldest (seconds)"\r\n"High",3,1,3600,7200,90000\r\n'
    )
    assert Column("Share", Unit.SHARE).say(None) == "\N{EN DASH}"


def decisions_of(days: Period) -> DecisionFigures:
    return DecisionFigures(
        hours=[Hour(NOW - timedelta(hours=2), 7, 2), Hour(NOW - timedelta(days=1), 14, 0)],
        overturned=[Overturned(week, 10, 1, 1, 0) for week in days.weeks],
        in_view=[InView(day, "", 1, 30.0, 60.0) for day in days.dates],
        in_view_by=[InView(None, "person", 5, 3_600.0, 7_200.0), InView(None, "rule", 2, 1.5, 2.0)],
        shown=Shown(4, (2, 1, 1, 0, 0), 25.0, 90.0, 99),
        notices=[NoticeDay(days.dates[0], 2, 1, 42), *(NoticeDay(d, 2, 2) for d in days.dates[1:])],
    )


def test_decisions_are_told_in_sentences() -> None:
    board = decision_board(decisions_of(period(7)), period(7))
    assert tiles(board)["Did not last"] == ("20%", "of 20 verdicts")
    assert tiles(board)["An hour"] == ("0.1", "day and night, on average")
    assert tiles(board)["Without a notice"] == ("1", "of 14 violations with effects")
    assert of(board, "decisions-by-hour").plot.summary == (
        "The busiest hour begins at 12:00 UTC, with 2.0 decisions on a usual day."
    )
    assert of(board, "overturned").plot.summary == (
        "4 of 20 verdicts were overturned since: 20% (8 to 42%)."
    )
    assert of(board, "in-view").plot.summary == (
        "What people took from view had been there for 1 h (median of 5); "
        "what rules took from view had been there for 1.5 s (median of 2)."
    )
    assert of(board, "shown").plot.summary == (
        "Of 4 texts, 50% were withheld before anybody saw a character. Median 25, 95th "
        "percentile 90, most 99."
    )
    assert of(board, "notices").plot.summary.endswith("(92.9%). Cases without one: #42.")


def rule_of(name: str, **fields: object) -> RuleFigures:
    values = {
        "rule_id": 1,
        "name": name,
        "mode": "flag",
        "kind": "keyword",
        "shadow_since": None,
        "precision": wilson(0, 0),
        "hits": 0,
        "acted": 0,
        "errors": 0,
        "timeouts": 0,
        "latency_ms": None,
        "slowest_ms": 0.0,
        "check_seconds": 0.0,
    }
    return RuleFigures(**{**values, **fields})  # type: ignore[arg-type]


def guard_of(days: Period) -> GuardFigures:
    rules = [
        rule_of("Insults", hits=40, precision=wilson(18, 20), latency_ms=2.0, check_seconds=0.08),
        rule_of("Threats", hits=9, precision=wilson(1, 4), errors=3, timeouts=1),
        rule_of("Keys", mode="shadow", hits=5, shadow_since=NOW - timedelta(days=12)),
    ]
    failures = [FailureDay(day, 3 if day == days.dates[-1] else 0, 1) for day in days.dates]
    models = [ModelFigures("alpha", 200, wilson(20, 200), wilson(2, 200), 0, 1)]
    return GuardFigures(rules, failures, models)


def test_rules_and_models_are_told_in_sentences() -> None:
    board = guard_board(guard_of(period(7)), period(7))
    assert of(board, "precision").plot.summary == (
        "2 rules of 3 found something that people judged. "
        "The least precise may be “Threats”: 25% (5 to 70%)."
    )
    assert of(board, "awaiting").plot.summary == "“Keys” waits the longest, for 12 days."
    assert of(board, "cost").plot.summary == "Most looks for one violation: “Threats”, 4."
    assert of(board, "failures").plot.summary == (
        "In the last 7 days 3 checks failed. Most at “Threats”: 3."
    )
    assert of(board, "stopped").plot.summary == "Most often with alpha: 10% (7 to 15%)."


def care_of(days: Period) -> CareFigures:
    return CareFigures(
        exposures=[Exposure("Mia", 41, 60, 90), Exposure("Mo", 3, 9, 20)],
        days=[ReadingDay(day, 4, 1, 0) for day in days.dates],
        readers=[Reader("Mo", 20, 7), Reader("Mia", 8, 0)],
        live_grants=2,
    )


def test_care_names_who_should_rest_and_ranks_nobody_by_speed() -> None:
    board = care_board(care_of(period(7)), period(7))
    exposure = of(board, "exposure")
    assert exposure.plot.summary == "Offer a break or another queue: Mia."
    assert [row[0] for row in exposure.rows] == ["Mia", "Mo"]
    assert of(board, "readers").plot.summary == (
        "In the last 7 days 1 person opened a conversation that had no case."
    )
    assert tiles(board)["Without a case"] == ("7", "of these readings")
    assert of(board, "grants").is_empty


def test_a_scorecard_is_told_in_tiles() -> None:
    figures = ScorecardFigures(
        rule_id=1,
        name="Insults",
        mode="flag",
        kind="keyword",
        policy="No insults",
        days=[],
        versions=[],
        weeks=[],
        precision=wilson(1, 2),
        hits=8,
        errors=0,
        p50_ms=0.4,
        p95_ms=1.5,
        check_ms=4.0,
    )
    board = scorecard_board(figures, period(7))
    assert tiles(board)["Precision"] == ("50%", "9 to 91%, of 2 judged")
    assert tiles(board)["Latency"] == ("0.4 ms", "median; 95% within 1.5 ms")
    assert tiles(board)["Looks per violation"] == ("2", "and 4 ms of checking")


def test_every_page_can_be_drawn_when_nothing_ever_happened() -> None:
    days = period(30)
    empty = [
        queue_board(nothing_waits(days), days),
        decision_board(
            DecisionFigures(
                [],
                [Overturned(week, 0, 0, 0, 0) for week in days.weeks],
                [],
                [],
                Shown(0, (0, 0, 0, 0, 0), None, None, None),
                [NoticeDay(day, 0, 0) for day in days.dates],
            ),
            days,
        ),
        guard_board(GuardFigures([], [FailureDay(day, 0, 0) for day in days.dates], []), days),
        care_board(CareFigures([], [ReadingDay(day, 0, 0, 0) for day in days.dates], [], 0), days),
    ]
    for board in empty:
        assert all(exhibit.is_empty for exhibit in board.exhibits)
        assert all(exhibit.empty.endswith(".") for exhibit in board.exhibits)


@pytest.mark.parametrize("number", [7, 30, 90])
def test_every_figure_can_be_drawn_and_says_what_it_means(number: int) -> None:
    days = period(number)
    boards = [
        queue_board(queue_of(days), days),
        decision_board(decisions_of(days), days),
        guard_board(guard_of(days), days),
        care_board(care_of(days), days),
    ]
    keys = [exhibit.key for board in boards for exhibit in board.exhibits]
    assert len(keys) == len(set(keys)) == 23
    for board in boards:
        for exhibit in board.exhibits:
            assert exhibit.plot.svg().startswith("<svg")
            assert exhibit.meaning.endswith(".")
            assert exhibit.is_empty or exhibit.plot.summary.endswith(".")
            assert all(len(row) == len(exhibit.columns) for row in exhibit.rows)
