"""The lists of the dashboard's figures as tables: the same names as in JSON, a column each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import TextChoices
from pydantic import Field

from apps.core.api.schemas import InputSchema
from apps.core.spreadsheets import Cell, Row
from apps.moderation.constants import PeriodDays
from apps.moderation.schemas import figures
from apps.moderation.services.figures.metrics_queue import BANDS

NAMED_PARTS = {"bands": [label for label, _ in BANDS]}


class Figure(TextChoices):
    """A list of figures, by its place in the answer of its section."""

    WAITING = "queue.waiting", "What waits, by severity"
    FLOW = "queue.flow", "What came and went, by day"
    FIRST = "queue.first_by_day", "Times to the first decision, by day"
    HOURS = "decisions.hours", "Decisions, by hour"
    OVERTURNED = "decisions.overturned", "Verdicts that did not last, by week"
    IN_VIEW = "decisions.in_view", "Time in view, by day"
    IN_VIEW_BY = "decisions.in_view_by", "Time in view, by who found it"
    NOTICES = "decisions.notices", "People who were told, by day"
    RULES = "rules.rules", "Rules"
    FAILURES = "rules.failures", "Failed checks, by day"
    MODELS = "rules.models", "Models"
    EXPOSURES = "care.exposures", "Severe cases, by moderator"
    READINGS = "care.days", "Conversations that staff read, by day"
    READERS = "care.readers", "Conversations that staff read, by reader"


class RuleFigure(TextChoices):
    """A list of one rule's figures."""

    DAYS = "days", "Outcomes, by day"
    VERSIONS = "versions", "Precision, by version"
    WEEKS = "weeks", "Precision, by week"


class FigureParams(InputSchema):
    """Which figure, over how many days."""

    figure: Figure
    days: PeriodDays = Field(
        PeriodDays.MONTH, description="So many days in UTC, the last of them today."
    )


class RuleFigureParams(InputSchema):
    """Which figure of a rule, over how many days."""

    figure: RuleFigure
    days: PeriodDays = Field(
        PeriodDays.MONTH, description="So many days in UTC, the last of them today."
    )


SECTIONS: dict[str, type[Any]] = {
    "queue": figures.QueueFiguresOut,
    "decisions": figures.DecisionFiguresOut,
    "rules": figures.GuardFiguresOut,
    "care": figures.CareFiguresOut,
}


def table_of(found: object, returns: type[Any], name: str) -> tuple[Sequence[str], list[Row]]:
    """Return the columns and rows of one list among figures.

    Args:
        found: the figures as services return them.
        returns: how they are answered.
        name: of the list in the answer.
    """
    listed = getattr(returns.model_validate(found), name)
    rows = [dict(_cells(row.model_dump())) for row in listed]
    columns = list(rows[0]) if rows else []
    return columns, [[row[column] for column in columns] for row in rows]


def _cells(fields: dict[str, Any], above: str = "") -> Iterator[tuple[str, Cell]]:
    """Yield each cell with the name of its column; parts of a part are named after both."""
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from _cells(value, f"{above}{name}.")
        elif isinstance(value, list):
            labels = NAMED_PARTS.get(name, range(1, len(value) + 1))
            parts = {str(label): part for label, part in zip(labels, value, strict=True)}
            yield from _cells(parts, f"{above}{name}.")
        else:
            yield f"{above}{name}", value
