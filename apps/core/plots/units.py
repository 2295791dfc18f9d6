"""What a figure counts, and how its values are written on axes and in sentences."""

from __future__ import annotations

from enum import Enum

EMPTY = "\N{EN DASH}"
MINUTE, HOUR, DAY = 60, 3_600, 86_400


class Unit(Enum):
    """A kind of quantity."""

    COUNT = "count"
    SHARE = "share"
    SECONDS = "seconds"
    DECIMAL = "decimal"
    DOLLARS = "dollars"


def write(value: float | None, unit: Unit) -> str:
    """Write a value as people say it: 1,204; 93%; 2 h 5 min. Nothing becomes a dash."""
    if value is None:
        return EMPTY
    match unit:
        case Unit.SHARE:
            return _share(value)
        case Unit.SECONDS:
            return _span(value)
        case Unit.DECIMAL:
            return f"{value:,.2f}".rstrip("0").rstrip(".")
        case Unit.DOLLARS:
            return _dollars(value)
        case _:
            return f"{round(value):,}"


def write_short(value: float, unit: Unit) -> str:
    """Write a value for an axis: 12k, 90%, 2 h."""
    match unit:
        case Unit.SHARE:
            return f"{round(value * 100, 1):g}%"
        case Unit.SECONDS:
            return _mark(value)
        case Unit.DOLLARS:
            return f"${_thousands(value)}"
        case _:
            return _thousands(value)


def _share(value: float) -> str:
    """Write a share; only what is nothing or all of it is written as 0% or 100%."""
    percent = value * 100
    if 0 < percent < 10 or 90 < percent < 100:
        return f"{min(max(percent, 0.1), 99.9):.1f}%"
    return f"{percent:.0f}%"


def _dollars(value: float) -> str:
    """Write an amount: whole cents from a dollar on, four places below it."""
    if not value or value >= 1:
        return f"${value:,.2f}".removesuffix(".00")
    return f"${max(value, 0.0001):.4f}".rstrip("0")


def _span(seconds: float) -> str:
    if seconds < 1:
        digits = 1 if seconds < 0.01 else 0
        return "0 s" if seconds <= 0 else f"{seconds * 1000:.{digits}f}".removesuffix(".0") + " ms"
    if seconds < MINUTE:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    whole = round(seconds)
    if whole < HOUR:
        return _two(whole // MINUTE, "min", whole % MINUTE, "s")
    if whole < DAY:
        return _two(whole // HOUR, "h", whole % HOUR // MINUTE, "min")
    return _two(whole // DAY, "d", whole % DAY // HOUR, "h")


def _two(first: int, name: str, second: int, other: str) -> str:
    return f"{first} {name} {second} {other}" if second else f"{first} {name}"


def _mark(seconds: float) -> str:
    for size, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (1, "s")):
        if seconds >= size:
            return f"{seconds / size:g} {name}"
    return f"{seconds * 1000:g} ms" if seconds else "0"


def _thousands(value: float) -> str:
    for size, name in ((1_000_000, "M"), (1_000, "k")):
        if value >= size:
            return f"{value / size:g}{name}"
    return f"{value:g}"
