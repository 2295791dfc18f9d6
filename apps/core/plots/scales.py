"""From values to places: an axis with round numbers on it, in even steps or in even factors."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.core.plots.units import DAY, HOUR, MINUTE, Unit

SMALLEST = 1e-6
WIDEST = 1e9
"""No axis of factors spans more; what is smaller lies at its low end."""
STEPS = (1, 2, 2.5, 5, 10)
SPANS = (
    *(1, 2, 5, 10, 15, 30),
    *(count * MINUTE for count in (1, 2, 5, 10, 15, 30)),
    *(count * HOUR for count in (1, 2, 3, 6, 12)),
    *(count * DAY for count in (1, 2, 3, 7, 14, 30, 60, 90, 180, 365, 730)),
)
LOG_SPANS = (
    *(0.001, 0.01, 0.1, 1, 10, MINUTE, 10 * MINUTE, HOUR, 6 * HOUR),
    *(DAY, 7 * DAY, 30 * DAY, 365 * DAY, 3650 * DAY),
)


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis: its ends, its marks, and whether equal steps are equal factors."""

    low: float
    high: float
    ticks: tuple[float, ...]
    is_log: bool = False

    def place(self, value: float) -> float:
        """Return where a value lies, from 0 at the low end to 1; what is outside lies at an end."""
        held = min(max(value, self.low), self.high)
        if self.is_log:
            return float(math.log(held / self.low) / math.log(self.high / self.low))
        return (held - self.low) / (self.high - self.low)


def linear(values: Iterable[float | None], unit: Unit, *, marks: int = 4) -> Scale:
    """Return an axis from zero to a round number above the highest value.

    Args:
        values: what it must hold; None is left out.
        unit: shares never pass 100%, spans get marks that clocks have.
        marks: about how many steps.
    """
    high = max((value for value in values if value is not None), default=0.0)
    if unit == Unit.SHARE and high >= 0.5:
        return Scale(0.0, max(1.0, high), (0.0, 0.25, 0.5, 0.75, 1.0))
    step = _step(high, unit, marks)
    count = max(1, math.ceil(high / step - 1e-9))
    return Scale(0.0, step * count, tuple(step * number for number in range(count + 1)))


def _step(high: float, unit: Unit, marks: int) -> float:
    if high <= SMALLEST:
        return 0.25 if unit == Unit.SHARE else 1.0
    rough = high / marks
    if unit == Unit.SECONDS and rough >= 1:
        return next((float(span) for span in SPANS if span >= rough), math.ceil(rough / DAY) * DAY)
    power = 10.0 ** math.floor(math.log10(rough))
    steps = [step * power for step in STEPS]
    if unit == Unit.COUNT:
        steps = [step for step in steps if step >= 1 and step == int(step)]
    return next((step for step in steps if step >= rough - 1e-12), 1.0)


def logarithmic(values: Iterable[float | None], unit: Unit) -> Scale:
    """Return an axis on which each step multiplies, for values that differ by magnitudes."""
    positive = [value for value in values if value is not None and value > 0]
    low, high = (min(positive), max(positive)) if positive else (1.0, 10.0)
    high = max(high, SMALLEST)
    low = max(low, SMALLEST, high / WIDEST)
    marks = LOG_SPANS if unit == Unit.SECONDS else _powers(low, high)
    ticks = _around(marks, low, high)
    return Scale(ticks[0], ticks[-1], tuple(ticks), is_log=True)


def _powers(low: float, high: float) -> Sequence[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1
    return tuple(10.0**power for power in range(first, last + 1))


def _around(marks: Sequence[float], low: float, high: float) -> list[float]:
    """Return the marks from the last at or below the low value to the first at or above the high.

    There are always two at least.
    """
    first = max((number for number, mark in enumerate(marks) if mark <= low), default=0)
    last = next((number for number, mark in enumerate(marks) if mark >= high), len(marks) - 1)
    if first == last:
        first, last = max(first - 1, 0), min(max(first, 1), len(marks) - 1)
    return [float(mark) for mark in marks[first : last + 1]]
