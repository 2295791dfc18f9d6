"""Rows of named things: a bar each, or points on one scale with their interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from apps.core.plots import axes, svg
from apps.core.plots.scales import Scale, linear, logarithmic
from apps.core.plots.svg import Key
from apps.core.plots.units import Unit

ROW = 46
TRACK = 30
LONGEST = 40
HEADROOM = 1.1
"""Beyond a level that matters there is room for its words, and for what passes it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One named thing.

    Attributes:
        label: its name.
        said: its values in words, at the right end.
        bar: the length of its bar.
        points: a value for each series of the plot.
        interval: the ends of the line through its points.
        is_alarming: drawn in the colour of danger, besides what `said` says.
    """

    label: str
    said: str
    bar: float | None = None
    points: Sequence[float | None] = ()
    interval: tuple[float, float] | None = None
    is_alarming: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """Named things under each other, on one scale.

    Attributes:
        name: unique on its page; letters, digits and hyphens.
        title: what is shown.
        summary: the same in a sentence.
        rows: from top to bottom.
        unit: what is counted.
        points: the names of the series that the rows' points belong to.
        interval_label: what the lines through points are.
        is_log: equal steps are equal factors.
        level: a value that matters, with its words.
    """

    name: str
    title: str
    summary: str
    rows: Sequence[Row]
    unit: Unit = Unit.COUNT
    points: Sequence[str] = ()
    interval_label: str = ""
    is_log: bool = False
    level: tuple[float, str] | None = None

    def svg(self) -> SafeString:
        """Draw it."""
        above = 20 if self.level is not None else 4
        bottom = above + ROW * len(self.rows)
        scale = self._scale()
        return svg.root(
            *axes.upright_lines(scale, self.unit, bottom=bottom),
            *(
                part
                for number, row in enumerate(self.rows)
                for part in self._row(row, scale, above + number * ROW)
            ),
            *self._level(scale, bottom),
            name=self.name,
            title=self.title,
            description=self.summary,
            height=bottom + axes.BELOW,
            kind="lying",
        )

    def legend(self) -> list[Key]:
        """Return what the looks mean; nothing where there are only bars."""
        keys = [
            Key(svg.swatch(svg.marker(number, "11", 7)), label)
            for number, label in enumerate(self.points)
        ]
        if self.interval_label:
            line = svg.element("line", x1=0, x2=22, y1=7, y2=7, class_="plot-interval")
            keys.append(Key(svg.swatch(line), self.interval_label))
        return keys if len(keys) > 1 else []

    def _scale(self) -> Scale:
        values: list[float | None] = [0.0] if not self.is_log else []
        for row in self.rows:
            values += [row.bar, *row.points, *(row.interval or ())]
        if self.level is not None:
            values.append(self.level[0] * HEADROOM)
        return (logarithmic if self.is_log else linear)(values, self.unit)

    def _row(self, row: Row, scale: Scale, top: float) -> list[SafeString]:
        y = top + TRACK
        label = row.label if len(row.label) <= LONGEST else row.label[: LONGEST - 1] + "…"
        tone = " plot-alarming" if row.is_alarming else ""
        parts = [
            svg.element("text", label, x="0", y=top + 16, class_="plot-label"),
            svg.element("text", row.said, x="100%", y=top + 16, class_=f"plot-said{tone}"),
            svg.element("line", x1="0", x2="100%", y1=y, y2=y, class_="plot-track"),
        ]
        if row.bar is not None:
            parts.append(
                svg.element(
                    "rect",
                    x="0",
                    y=y - 6,
                    width=svg.percent(scale.place(row.bar)),
                    height=12,
                    class_=f"plot-fill-a{tone}",
                )
            )
        if row.interval is not None:
            parts += self._interval(row.interval, scale, y)
        parts += [
            svg.marker(number, svg.percent(scale.place(value)), y)
            for number, value in enumerate(row.points)
            if value is not None
        ]
        parts.append(
            svg.element(
                "rect",
                svg.element("title", f"{row.label}\n{row.said}"),
                x="0",
                y=top,
                width="100%",
                height=ROW,
                class_="plot-hover",
            )
        )
        return parts

    def _interval(self, ends: tuple[float, float], scale: Scale, y: float) -> list[SafeString]:
        low, high = (svg.percent(scale.place(end)) for end in ends)
        return [
            svg.element("line", x1=low, x2=high, y1=y, y2=y, class_="plot-interval"),
            *(
                svg.element("line", x1=end, x2=end, y1=y - 5, y2=y + 5, class_="plot-interval")
                for end in (low, high)
            ),
        ]

    def _level(self, scale: Scale, bottom: float) -> list[SafeString]:
        if self.level is None:
            return []
        value, words = self.level
        place = scale.place(value)
        side = "end" if place > 0.5 else "start"
        return [
            svg.element(
                "line",
                x1=svg.percent(place),
                x2=svg.percent(place),
                y1=14,
                y2=bottom,
                class_="plot-level",
            ),
            svg.element(
                "text", words, x=svg.percent(place), y=11, class_=f"plot-tick plot-tick-{side}"
            ),
        ]
