"""A figure as a page shows it: the plot, its meaning, a sentence, and the numbers behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from django.utils.formats import localize
from django.utils.safestring import SafeString, mark_safe

from apps.core.plots.svg import Key, escaped


class Plot(Protocol):
    """Anything that can be drawn."""

    @property
    def name(self) -> str:
        """Unique on its page."""

    @property
    def title(self) -> str:
        """What is shown."""

    @property
    def summary(self) -> str:
        """The same in a sentence."""

    def svg(self) -> SafeString:
        """Draw it."""

    def legend(self) -> list[Key]:
        """Return what the looks mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What `templates/components/figure.html` shows.

    Attributes:
        plot: drawn where there is anything to draw.
        meaning: what it says and how it is counted.
        columns: the heading of the table behind it.
        rows: its lines, written for people.
        is_empty: whether there is nothing to draw.
        empty: what to say then.
        download_url: where the numbers can be had as a file.
        is_wide: whether it takes the whole width.
    """

    plot: Plot
    meaning: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]] = field(default_factory=tuple)
    is_empty: bool = False
    empty: str = "Nothing happened in this period."
    download_url: str = ""
    is_wide: bool = False

    @property
    def body(self) -> SafeString:
        """The lines of the table as markup; a template would take ten times as long for many."""
        lines = ("".join(f"<td>{escaped(_say(cell))}</td>" for cell in row) for row in self.rows)
        return mark_safe("".join(f"<tr>{line}</tr>" for line in lines))  # noqa: S308  escaped


def _say(cell: object) -> str:
    return cell if isinstance(cell, str) else str(localize(cell))
