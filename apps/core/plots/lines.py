"""Lines over days, with the band between two of them, or around an estimate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from apps.core.plots import axes, svg
from apps.core.plots.scales import Scale, linear, logarithmic
from apps.core.plots.svg import Key
from apps.core.plots.units import Unit

HEIGHT = 220
FEW = 45
"""Up to here every point is marked."""

Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Lines:
    """Values of one or more series at the same places, joined by lines.

    Attributes:
        name: unique on its page; letters, digits and hyphens.
        title: what is shown.
        summary: the same in a sentence.
        labels: the places, from left to right.
        series: each with its label and a value for every place; None breaks the line.
        unit: what is counted.
        band: the low and the high edge of a shaded part, such as an interval.
        band_label: what the shaded part is.
        is_log: equal steps up are equal factors.
        level: a height that matters, with its words.
    """

    name: str
    title: str
    summary: str
    labels: Sequence[str]
    series: Sequence[tuple[str, Values]]
    unit: Unit = Unit.COUNT
    band: tuple[Values, Values] | None = None
    band_label: str = ""
    is_log: bool = False
    level: tuple[float, str] | None = None

    def svg(self) -> SafeString:
        """Draw it."""
        bottom = HEIGHT - axes.BELOW
        scale = self._scale()
        shapes = [
            *self._band(scale, bottom),
            *(
                svg.element(
                    "path",
                    d=self._path(values, scale, bottom),
                    class_=f"plot-line plot-line-{svg.letter(number)}",
                )
                for number, (_, values) in enumerate(self.series)
            ),
        ]
        return svg.root(
            *axes.level_lines(scale, self.unit, top=axes.ABOVE, bottom=bottom),
            svg.stretched(HEIGHT, *shapes),
            *self._points(scale, bottom),
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
        """Return what the looks mean; nothing where there is one line alone."""
        keys = [
            Key(
                svg.swatch(
                    svg.element(
                        "line",
                        x1=0,
                        x2=22,
                        y1=7,
                        y2=7,
                        class_=f"plot-line plot-line-{svg.letter(number)}",
                    )
                ),
                label,
            )
            for number, (label, _) in enumerate(self.series)
        ]
        if self.band is not None:
            shape = svg.element("rect", x=1, y=1, width=20, height=12, class_="plot-band")
            keys.append(Key(svg.swatch(shape), self.band_label))
        return keys if len(keys) > 1 else []

    def _scale(self) -> Scale:
        values = [value for _, series in self.series for value in series]
        for edge in self.band or ():
            values.extend(edge)
        if self.level is not None:
            values.append(self.level[0])
        return (logarithmic if self.is_log else linear)(values, self.unit)

    def _x(self, place: int) -> float:
        return (place + 0.5) / max(len(self.labels), 1)

    def _y(self, value: float, scale: Scale, bottom: float) -> float:
        return bottom - scale.place(value) * (bottom - axes.ABOVE)

    def _path(self, values: Values, scale: Scale, bottom: float) -> str:
        parts = []
        is_down = False
        for place, value in enumerate(values):
            if value is not None:
                x, y = self._x(place) * svg.WIDTH, self._y(value, scale, bottom)
                parts.append(f"{'L' if is_down else 'M'}{x:.1f} {y:.1f}")
            is_down = value is not None
        return "".join(parts)

    def _band(self, scale: Scale, bottom: float) -> list[SafeString]:
        """Draw each unbroken stretch of the shaded part."""
        if self.band is None:
            return []
        shapes = []
        stretch: list[tuple[float, float, float]] = []
        for place, (low, high) in enumerate([*zip(*self.band, strict=True), (None, None)]):
            if low is not None and high is not None:
                x = self._x(place) * svg.WIDTH
                stretch.append((x, self._y(low, scale, bottom), self._y(high, scale, bottom)))
                continue
            if len(stretch) > 1:
                there = [f"{x:.1f} {high:.1f}" for x, _, high in stretch]
                back = [f"{x:.1f} {low:.1f}" for x, low, _ in reversed(stretch)]
                path = f"M{'L'.join([*there, *back])}Z"
                shapes.append(svg.element("path", d=path, class_="plot-band"))
            stretch = []
        return shapes

    def _points(self, scale: Scale, bottom: float) -> list[SafeString]:
        if len(self.labels) > FEW:
            return []
        return [
            svg.element(
                "circle",
                cx=svg.percent(self._x(place)),
                cy=self._y(value, scale, bottom),
                r=2.5,
                class_=f"plot-fill-{svg.letter(number)}",
            )
            for number, (_, values) in enumerate(self.series)
            for place, value in enumerate(values)
            if value is not None
        ]
