"""The dashboard's page about the queue."""

from __future__ import annotations

from apps.core.admin_kit.exhibits import Board, Column, Exhibit, Tile, counted
from apps.core.plots import Columns, Lines, Row, Rows, Unit, write
from apps.moderation.admin.dashboard_parts import (
    MANY_DAYS,
    band_of,
    day_labels,
    in_days,
    times_by_day,
)
from apps.moderation.services.figures.intervals import wilson
from apps.moderation.services.figures.metrics import Period
from apps.moderation.services.figures.metrics_queue import BANDS, QueueFigures

NOTHING_WAITS = "Nothing waits. The queue is empty."


def queue_board(figures: QueueFigures, period: Period) -> Board:
    """Return what a lead sees of the queue."""
    return Board(
        _tiles(figures),
        [
            _age(figures),
            _bands(figures),
            _flow(figures, period),
            _first(figures, period),
            _in_time(figures, period),
            _sources(figures, period),
        ],
    )


def _tiles(figures: QueueFigures) -> list[Tile]:
    overdue = sum(part.overdue for part in figures.waiting)
    oldest = max((part.oldest for part in figures.waiting), default=None)
    closed = sum(day.closed for day in figures.flow)
    waited = sum(day.waited for day in figures.flow)
    in_time = wilson(sum(day.in_time for day in figures.flow), waited)
    came = sum(day.came for day in figures.flow)
    first = figures.first
    return [
        Tile("Waiting", f"{figures.backlog:,}", "cases that are not closed", icon="inbox"),
        Tile(
            "Overdue",
            f"{overdue:,}",
            "past the time that their policy sets",
            "danger" if overdue else "neutral",
            "alarm",
        ),
        Tile("Oldest", write(oldest, Unit.SECONDS), "has waited so long", icon="hourglass_bottom"),
        Tile(
            "First decision",
            write(first.p50, Unit.SECONDS),
            f"median of {counted(first.number, 'case')}; 95% within "
            f"{write(first.p95, Unit.SECONDS)}",
            icon="gavel",
        ),
        Tile(
            "Closed in time",
            write(in_time.value, Unit.SHARE),
            f"of {counted(waited, 'case')} that waited",
            icon="task_alt",
        ),
        Tile("Change", f"{came - closed:+,}", f"{came:,} in, {closed:,} out", icon="swap_vert"),
    ]


def _age(figures: QueueFigures) -> Exhibit:
    rows = [
        Row(
            f"{part.severity.label} · {counted(part.total, 'case')}",
            f"oldest {write(part.oldest, Unit.SECONDS)}",
            points=(part.p50, part.p95, part.oldest),
            interval=(part.p50, part.oldest),
            is_alarming=part.overdue > 0,
        )
        for part in figures.waiting
    ]
    overdue = [part for part in figures.waiting if part.overdue]
    parts = ", ".join(f"{part.overdue:,} {part.severity.label.lower()}" for part in overdue)
    words = f"Past due: {parts}." if overdue else "None is past due."
    return Exhibit(
        plot=Rows(
            "queue-age",
            "How old the waiting cases are",
            f"{counted(figures.backlog, 'case')} {_wait(figures.backlog)}. {words}",
            rows,
            Unit.SECONDS,
            ("Median", "95th percentile", "Oldest"),
            is_log=True,
        ),
        meaning="Time since each case was opened, by severity, at this moment. Red: some are past "
        "due. Each mark of the scale is several times the one before it.",
        columns=(
            Column("Severity"),
            Column("Cases", Unit.COUNT),
            Column("Past due", Unit.COUNT),
            Column("Median", Unit.SECONDS),
            Column("95th percentile", Unit.SECONDS),
            Column("Oldest", Unit.SECONDS),
        ),
        rows=[
            (part.severity.label, part.total, part.overdue, part.p50, part.p95, part.oldest)
            for part in figures.waiting
        ],
        is_empty=not figures.waiting,
        empty=NOTHING_WAITS,
    )


def _wait(number: int) -> str:
    return "waits" if number == 1 else "wait"


def _bands(figures: QueueFigures) -> Exhibit:
    labels = [label for label, _ in BANDS]
    old = sum(sum(part.bands[3:]) for part in figures.waiting)
    return Exhibit(
        plot=Columns(
            "backlog",
            "The backlog by age",
            f"{counted(old, 'case')} {'has' if old == 1 else 'have'} waited for more than a day.",
            labels,
            [(part.severity.label, part.bands) for part in figures.waiting],
            is_stacked=True,
        ),
        meaning="Cases that are not closed at this moment, by the time since they were opened.",
        columns=(Column("Severity"), *(Column(label, Unit.COUNT) for label in labels)),
        rows=[(part.severity.label, *part.bands) for part in figures.waiting],
        is_empty=not figures.waiting,
        empty=NOTHING_WAITS,
    )


def _flow(figures: QueueFigures, period: Period) -> Exhibit:
    came = [day.came for day in figures.flow]
    again = sum(day.reopened for day in figures.flow)
    closed = [day.closed for day in figures.flow]
    change = sum(came) - sum(closed)
    direction = (
        f"the backlog grew by {change:,}"
        if change > 0
        else f"the backlog shrank by {-change:,}"
        if change
        else "the backlog stayed the same"
    )
    shape = Lines if period.days > MANY_DAYS else Columns
    return Exhibit(
        plot=shape(
            "flow",
            "Cases in and out, by day",
            f"{in_days(period)} {sum(came):,} came in ({again:,} again) and {sum(closed):,} were "
            f"closed; {direction}.",
            day_labels(period),
            [("Opened", came), ("Closed", closed)],
        ),
        meaning="Days in UTC; the last one is today so far. A case that is opened again, by an "
        "appeal or because a decision was taken back, comes in and is closed each time.",
        columns=(
            Column("Day"),
            Column("Opened", Unit.COUNT),
            Column("Of these again", Unit.COUNT),
            Column("Closed", Unit.COUNT),
            Column("Difference", Unit.COUNT),
        ),
        rows=[
            (day.day, day.came, day.reopened, day.closed, day.came - day.closed)
            for day in figures.flow
        ],
        is_empty=not any(came) and not any(closed),
    )


def _first(figures: QueueFigures, period: Period) -> Exhibit:
    first = figures.first
    return times_by_day(
        key="first-decision",
        title="Time to the first decision",
        words=f"Half of the cases were decided within {write(first.p50, Unit.SECONDS)}, "
        f"95% within {write(first.p95, Unit.SECONDS)}.",
        meaning="From the opening of a case to the first decision of a person, on the day of the "
        "decision. Handing a case on counts; what a rule withheld by itself does not, nor a case "
        "that opened only as somebody decided it.",
        what="First decisions",
        days=figures.first_by_day,
        period=period,
        empty="Nobody decided a case for the first time in this period.",
    )


def _in_time(figures: QueueFigures, period: Period) -> Exhibit:
    shares = [wilson(day.in_time, day.waited) for day in figures.flow]
    waited, in_time = sum(s.total for s in shares), sum(s.hits for s in shares)
    return Exhibit(
        plot=Lines(
            "in-time",
            "Closed before they were due",
            f"{in_time:,} of {counted(waited, 'closed case')} in time: "
            f"{write(wilson(in_time, waited).value, Unit.SHARE)}.",
            day_labels(period),
            [("Share in time", [share.value for share in shares])],
            Unit.SHARE,
            band=band_of(shares),
            band_label="95% interval",
        ),
        meaning="A case is due after the time that its policy sets, anew where it is opened again; "
        "one that opened only as somebody decided it never waited, and is left out. The band shows "
        "how far a day's share may be chance: it is wide where few cases were closed.",
        columns=(
            Column("Day"),
            Column("Closed", Unit.COUNT),
            Column("In time", Unit.COUNT),
            Column("Share", Unit.SHARE),
        ),
        rows=[
            (day.day, day.waited, day.in_time, share.value)
            for day, share in zip(figures.flow, shares, strict=True)
        ],
        is_empty=not waited,
        empty="No case that had waited was closed in this period.",
    )


def _sources(figures: QueueFigures, period: Period) -> Exhibit:
    names = {
        "rule": "Rules",
        "user": "People",
        "staff": "Staff",
        "provider": "Model provider",
        "guard": "Failed checks",
    }
    series = [
        (label, [day.by_source[source] for day in figures.flow]) for source, label in names.items()
    ]
    totals = sorted(((sum(values), label) for label, values in series), reverse=True)
    return Exhibit(
        plot=Columns(
            "sources",
            "Who points at messages",
            f"Most cases came from: {totals[0][1].lower()} ({totals[0][0]:,}), "
            f"then {totals[1][1].lower()} ({totals[1][0]:,}).",
            day_labels(period),
            series,
            is_stacked=True,
        ),
        meaning="Cases that were opened for the first time, by what pointed at the message first; "
        "later flags join the case.",
        columns=(Column("Day"), *(Column(label, Unit.COUNT) for label in names.values())),
        rows=[(day.day, *(day.by_source[name] for name in names)) for day in figures.flow],
        is_empty=not totals[0][0],
    )
