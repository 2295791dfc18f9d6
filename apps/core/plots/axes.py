"""Axes: lines across the plot with values beside them, labels under it."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.safestring import SafeString

from apps.core.plots.scales import Scale
from apps.core.plots.svg import chosen_ticks, element, hover, percent
from apps.core.plots.units import Unit, write, write_short

BELOW = 24
ABOVE = 10


def level_lines(scale: Scale, unit: Unit, *, top: float, bottom: float) -> list[SafeString]:
    """Return the lines of an upright axis with their values at the left."""
    parts = []
    for tick in scale.ticks:
        y = bottom - scale.place(tick) * (bottom - top)
        name = "plot-base" if tick == scale.ticks[0] else "plot-grid"
        parts.append(element("line", x1="0", x2="100%", y1=y, y2=y, class_=name))
        parts.append(
            element(
                "text", write_short(tick, unit), x=-8, y=y + 4, class_="plot-tick plot-tick-end"
            )
        )
    return parts


def labels_below(labels: Sequence[str], *, y: float) -> list[SafeString]:
    """Return as many of the labels as fit, under the middle of their places."""
    band = 1 / max(len(labels), 1)
    return [
        element(
            "text",
            labels[place],
            x=percent((place + 0.5) * band),
            y=y,
            class_="plot-tick plot-tick-middle" + ("" if is_kept else " plot-tick-wide"),
        )
        for place, is_kept in chosen_ticks(len(labels))
    ]


def upright_lines(scale: Scale, unit: Unit, *, bottom: float) -> list[SafeString]:
    """Return the lines of a lying axis with their values below."""
    parts = []
    crowded = len(scale.ticks) > 5
    for number, tick in enumerate(scale.ticks):
        x = percent(scale.place(tick))
        side = {0: "start", len(scale.ticks) - 1: "end"}.get(number, "middle")
        is_wide = crowded and number % 2 == 1 and side == "middle"
        parts.append(element("line", x1=x, x2=x, y1=0, y2=bottom, class_="plot-grid"))
        parts.append(
            element(
                "text",
                write_short(tick, unit),
                x=x,
                y=bottom + 16,
                class_=f"plot-tick plot-tick-{side}" + (" plot-tick-wide" if is_wide else ""),
            )
        )
    return parts


def level(level: tuple[float, str] | None, scale: Scale, *, bottom: float) -> list[SafeString]:
    """Return the dashed line at a height that matters, with its words over it."""
    if level is None:
        return []
    value, words = level
    y = bottom - scale.place(value) * (bottom - ABOVE)
    return [
        element("line", x1="0", x2="100%", y1=y, y2=y, class_="plot-level"),
        element("text", words, x="100%", y=y - 5, class_="plot-tick plot-tick-end"),
    ]


def hovers(
    labels: Sequence[str],
    series: Sequence[tuple[str, Sequence[float | None]]],
    unit: Unit,
    *,
    height: float,
) -> list[SafeString]:
    """Return what tells a resting pointer the values of every place."""
    band = 1 / max(len(labels), 1)
    return [
        hover(
            place * band,
            band,
            height,
            "\n".join(
                [label, *(f"{name}: {write(values[place], unit)}" for name, values in series)]
            ),
        )
        for place, label in enumerate(labels)
    ]
