"""Columns over days, hours or bands: side by side, or on top of each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from apps.core.plots import axes, svg
from apps.core.plots.scales import Scale, linear
from apps.core.plots.svg import Key
from apps.core.plots.units import Unit

HEIGHT = 220


@dataclass(frozen=True, slots=True)
class Columns:
    """Values of one or more series at the same places.

    Attributes:
        name: unique on its page; letters, digits and hyphens.
        title: what is shown.
        summary: the same in a sentence.
        labels: the places, from left to right.
        series: each with its label and a value for every place; None draws nothing.
        unit: what is counted.
        is_stacked: on top of each other instead of side by side.
        level: a height that matters, with its words.
    """

    name: str
    title: str
    summary: str
    labels: Sequence[str]
    series: Sequence[tuple[str, Sequence[float | None]]]
    unit: Unit = Unit.COUNT
    is_stacked: bool = False
    level: tuple[float, str] | None = None

    def svg(self) -> SafeString:
        """Draw it."""
        bottom = HEIGHT - axes.BELOW
        scale = self._scale()
        bars = self._stacks(scale, bottom) if self.is_stacked else self._groups(scale, bottom)
        return svg.root(
            svg.patterns(self.name, len(self.series)),
            *axes.level_lines(scale, self.unit, top=axes.ABOVE, bottom=bottom),
            *bars,
            *axes.level(self.level, scale, bottom=bottom),
            *axes.labels_below(self.labels, y=HEIGHT - 6),
            *axes.hovers(self.labels, self.series, self.unit, height=bottom),
            name=self.name,
            title=self.title,
            description=self.summary,
            height=HEIGHT,
            kind="upright",
        )

    def legend(self) -> list[Key]:
        """Return what the looks mean; nothing where there is one series."""
        if len(self.series) < 2:
            return []
        return [
            Key(
                svg.swatch(
                    svg.element(
                        "rect", x=1, y=1, width=20, height=12, **svg.filling(self.name, number)
                    )
                ),
                label,
            )
            for number, (label, _) in enumerate(self.series)
        ]

    def _scale(self) -> Scale:
        columns = list(zip(*(values for _, values in self.series), strict=True))
        highest: list[float | None] = [
            sum(value or 0 for value in column)
            if self.is_stacked
            else max((value or 0 for value in column), default=0)
            for column in columns
        ]
        if self.level is not None:
            highest.append(self.level[0])
        return linear(highest, self.unit)

    def _groups(self, scale: Scale, bottom: float) -> list[SafeString]:
        band = 1 / max(len(self.labels), 1)
        width = band * 0.76 / len(self.series)
        return [
            self._bar(
                number, (place + 0.12) * band + number * width, width, (0, value), scale, bottom
            )
            for number, (_, values) in enumerate(self.series)
            for place, value in enumerate(values)
            if value
        ]

    def _stacks(self, scale: Scale, bottom: float) -> list[SafeString]:
        band = 1 / max(len(self.labels), 1)
        below = [0.0] * len(self.labels)
        bars = []
        for number, (_, values) in enumerate(self.series):
            for place, value in enumerate(values):
                if value:
                    ends = (below[place], below[place] + value)
                    left = (place + 0.14) * band
                    bars.append(self._bar(number, left, band * 0.72, ends, scale, bottom))
                    below[place] = ends[1]
        return bars

    def _bar(
        self,
        number: int,
        left: float,
        width: float,
        ends: tuple[float, float],
        scale: Scale,
        bottom: float,
    ) -> SafeString:
        height = bottom - axes.ABOVE
        top = bottom - scale.place(ends[1]) * height
        thick = max(1.0, (scale.place(ends[1]) - scale.place(ends[0])) * height)
        return svg.element(
            "rect",
            x=svg.percent(left),
            y=min(top, bottom - 1.0),
            width=svg.percent(width),
            height=thick,
            **svg.filling(self.name, number),
        )
