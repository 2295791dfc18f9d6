"""Markup of plots: elements whose text and values are escaped, in series that need no colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString, mark_safe

LETTERS = "abcde"
WIDTH = 1_000
"""How wide a stretched part counts itself; its height is in pixels."""


@dataclass(frozen=True, slots=True)
class Key:
    """One line of the legend."""

    swatch: SafeString
    label: str


def element(name: str, *children: str, **attributes: str | float | None) -> SafeString:
    """Return one element; `class_` and `stroke_width` stand for class and stroke-width."""
    written = "".join(
        f' {_attribute(key)}="{escape(_number(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(map(escaped, children))
    return mark_safe(f"<{name}{written}>{inner}</{name}>")  # noqa: S308  all parts are escaped


def escaped(text: str) -> str:
    """Return a text as markup; what is markup stays.

    A page of figures does this ten thousand times, which Django's own function, made for texts that
    are not translated yet, takes three times as long for.
    """
    return text if isinstance(text, SafeString) else escape(text)


def _attribute(key: str) -> str:
    words = key.removesuffix("_")
    return words if words in KEPT else words.replace("_", "-")


KEPT = {"viewBox", "preserveAspectRatio", "patternUnits", "patternTransform"}


def _number(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")


def percent(share: float) -> str:
    """Write a place along the width, from 0 to 1."""
    return f"{_number(share * 100.0)}%"


def letter(series: int) -> str:
    """Return the name of a series' look; the sixth looks like the first again."""
    return LETTERS[series % len(LETTERS)]


def stretched(height: float, *children: str) -> SafeString:
    """Return a part whose width follows the plot's while its lines keep their thickness."""
    return element(
        "svg",
        *children,
        x="0",
        y="0",
        width="100%",
        height=height,
        viewBox=f"0 0 {WIDTH} {_number(height)}",
        preserveAspectRatio="none",
        class_="plot-stretched",
    )


def patterns(name: str, count: int) -> SafeString:
    """Return the fillings of the series of one plot: plain, stripes, dots, lines, checks."""
    shapes = {
        "b": element("rect", width=3, height=6, class_="plot-fill-b"),
        "c": element("circle", cx=3, cy=3, r=1.6, class_="plot-fill-c"),
        "d": element("rect", width=6, height=2, class_="plot-fill-d"),
        "e": element("path", d="M0 0H3V3H0ZM3 3H6V6H3Z", class_="plot-fill-e"),
    }
    made = [
        element(
            "pattern",
            element("rect", width=6, height=6, class_=f"plot-tint-{key}"),
            shape,
            id=f"{name}-{key}",
            width=6,
            height=6,
            patternUnits="userSpaceOnUse",
            patternTransform="rotate(45)" if key == "b" else None,
        )
        for key, shape in shapes.items()
        if LETTERS.index(key) < count
    ]
    return element("defs", *made) if made else SafeString()


def filling(name: str, series: int) -> dict[str, str]:
    """Return the attributes that fill a shape as its series looks."""
    key = letter(series)
    if key == "a":
        return {"class_": "plot-fill-a"}
    return {"class_": f"plot-edge-{key}", "fill": f"url(#{name}-{key})"}


def marker(series: int, x: str, y: float) -> SafeString:
    """Return a point whose shape tells its series: disc, diamond, upright bar, square, triangle."""
    key = letter(series)
    shapes = {
        "a": element("circle", r=5, class_="plot-point plot-fill-a"),
        "b": element("path", d="M0-6.5 6.5 0 0 6.5-6.5 0Z", class_="plot-point plot-fill-b"),
        "c": element("rect", x=-2, y=-8, width=4, height=16, class_="plot-point plot-fill-c"),
        "d": element("rect", x=-5, y=-5, width=10, height=10, class_="plot-point plot-fill-d"),
        "e": element("path", d="M0-7 6.5 5-6.5 5Z", class_="plot-point plot-fill-e"),
    }
    return element("svg", shapes[key], x=x, y=y, class_="plot-mark")


def swatch(*shapes: str) -> SafeString:
    """Return the small picture of a series beside its name."""
    return element(
        "svg",
        *shapes,
        class_="plot-swatch",
        width=22,
        height=14,
        aria_hidden="true",
        focusable="false",
    )


def root(
    *children: str, name: str, title: str, description: str, height: float, kind: str
) -> SafeString:
    """Return the whole picture, named and described for those who do not see it."""
    return element(
        "svg",
        element("title", title, id=f"{name}-title"),
        element("desc", description, id=f"{name}-desc"),
        *children,
        class_=f"plot-svg plot-{kind}",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        width="100%",
        height=height,
    )


def hover(place: float, width: float, height: float, text: str) -> SafeString:
    """Return a column that tells its values to a resting pointer."""
    return element(
        "rect",
        element("title", text),
        x=percent(place),
        y=0,
        width=percent(width),
        height=height,
        class_="plot-hover",
    )


def chosen_ticks(count: int, *, most: int = 8) -> list[tuple[int, bool]]:
    """Return which places along the width get a label, and whether a narrow screen keeps it."""
    if count <= 0:
        return []
    step = max(1, -(-count // most))
    places: Sequence[int] = range(0, count, step)
    keeps_all = len(places) <= most // 2
    return [(place, keeps_all or number % 2 == 0) for number, place in enumerate(places)]
