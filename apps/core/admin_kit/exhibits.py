"""Pages of figures: plots with the numbers behind them, and tiles at their head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from apps.core.plots import Figure, Plot, Unit, write
from apps.core.spreadsheets import Cell

UNIT_NAMES = {Unit.SECONDS: "seconds", Unit.SHARE: "0 to 1", Unit.DOLLARS: "dollars"}
MOST_ROWS = 8
"""So many rows are drawn; all are in the table and in the file."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of numbers: its name, and how people and files read its values."""

    title: str
    unit: Unit | None = None

    @property
    def name(self) -> str:
        """The heading in a file, with its unit."""
        name = UNIT_NAMES.get(self.unit) if self.unit else None
        return f"{self.title} ({name})" if name else self.title

    def say(self, value: Cell) -> str:
        """Write a value for people."""
        if self.unit is not None and (value is None or isinstance(value, int | float)):
            return write(value, self.unit)
        return write(None, Unit.COUNT) if value is None else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """One figure of the dashboard, before it has a place on a page.

    Attributes:
        plot: what is drawn; its name is the figure's key.
        meaning: what it says and how it is counted.
        columns: of the numbers behind it.
        rows: the numbers.
        is_empty: whether there is nothing to draw.
        empty: what to say then.
        is_wide: whether it takes the whole width.
    """

    plot: Plot
    meaning: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    is_empty: bool
    empty: str = "Nothing happened in this period."
    is_wide: bool = False

    @property
    def key(self) -> str:
        """Its name in addresses."""
        return self.plot.name

    def figure(self, download_url: str) -> Figure:
        """Return it as a page shows it."""
        return Figure(
            plot=self.plot,
            meaning=self.meaning,
            columns=[column.title for column in self.columns],
            rows=[
                [column.say(value) for column, value in zip(self.columns, row, strict=True)]
                for row in self.rows
            ],
            is_empty=self.is_empty,
            empty=self.empty,
            download_url=download_url,
            is_wide=self.is_wide,
        )


@dataclass(frozen=True, slots=True)
class Tab:
    """A link between pages of figures, or their periods."""

    label: str
    url: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Tile:
    """A number at the head of the page."""

    label: str
    value: str
    note: str
    tone: str = "neutral"
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """One page of the dashboard."""

    tiles: Sequence[Tile]
    exhibits: Sequence[Exhibit]


def day_label(day: date) -> str:
    """Write a day for an axis."""
    return f"{day.day} {day:%b}"


def counted(number: int, one: str, many: str = "") -> str:
    """Write a number with what it counts: 1 case, 1,204 cases."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def part_drawn(number: int) -> str:
    """Say that not all rows are drawn, where that is so; to be put behind a meaning."""
    return f" {MOST_ROWS} are drawn, all {number:,} are in the table." * (number > MOST_ROWS)
