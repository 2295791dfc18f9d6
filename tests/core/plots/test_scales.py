"""Axes have round marks, and values lie where they belong."""

import pytest

from apps.core.plots.scales import linear, logarithmic
from apps.core.plots.units import Unit, write, write_short


@pytest.mark.parametrize(
    ("values", "unit", "ticks"),
    [
        ([], Unit.COUNT, (0, 1)),
        ([0, None], Unit.COUNT, (0, 1)),
        ([3], Unit.COUNT, (0, 1, 2, 3)),
        ([8], Unit.COUNT, (0, 2, 4, 6, 8)),
        ([10], Unit.COUNT, (0, 5, 10)),
        ([97], Unit.COUNT, (0, 25, 50, 75, 100)),
        ([1204], Unit.COUNT, (0, 500, 1000, 1500)),
        ([0.031], Unit.SHARE, (0, 0.01, 0.02, 0.03, 0.04)),
        ([0.62], Unit.SHARE, (0, 0.25, 0.5, 0.75, 1)),
        ([100], Unit.SECONDS, (0, 30, 60, 90, 120)),
        ([7200], Unit.SECONDS, (0, 1800, 3600, 5400, 7200)),
    ],
)
def test_an_even_axis_has_round_marks(
    values: list[float | None], unit: Unit, ticks: tuple[float, ...]
) -> None:
    scale = linear(values, unit)
    assert scale.ticks == pytest.approx(ticks)
    assert (scale.low, scale.high) == (0, pytest.approx(ticks[-1]))


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([], (1, 10)),
        ([60], (10, 60)),
        ([45, 5_000], (10, 60, 600, 3_600, 21_600)),
        ([0, None, 90_000], (86_400, 604_800)),
    ],
)
def test_an_axis_of_factors_has_the_marks_of_clocks(
    values: list[float | None], ticks: tuple[float, ...]
) -> None:
    assert logarithmic(values, Unit.SECONDS).ticks == ticks


def test_values_lie_between_the_ends() -> None:
    even = linear([100], Unit.COUNT)
    assert [even.place(value) for value in (-5, 0, 25, 100, 900)] == [0, 0, 0.25, 1, 1]
    factors = logarithmic([1, 1000], Unit.COUNT)
    assert factors.place(10) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (None, Unit.COUNT, "\N{EN DASH}"),
        (1204, Unit.COUNT, "1,204"),
        (0.934, Unit.SHARE, "93.4%"),
        (0.5, Unit.SHARE, "50%"),
        (0.004, Unit.SHARE, "0.4%"),
        (1, Unit.SHARE, "100%"),
        (0.99998, Unit.SHARE, "99.9%"),
        (0.00002, Unit.SHARE, "0.1%"),
        (0.25, Unit.SECONDS, "250 ms"),
        (0.0004, Unit.SECONDS, "0.4 ms"),
        (1.5, Unit.SECONDS, "1.5 s"),
        (60, Unit.SECONDS, "1 min"),
        (7_500, Unit.SECONDS, "2 h 5 min"),
        (90_000, Unit.SECONDS, "1 d 1 h"),
        (2.50, Unit.DECIMAL, "2.5"),
    ],
)
def test_values_are_written_as_people_say_them(value: float | None, unit: Unit, words: str) -> None:
    assert write(value, unit) == words


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (12_000, Unit.COUNT, "12k"),
        (2_500_000, Unit.COUNT, "2.5M"),
        (0.025, Unit.SHARE, "2.5%"),
        (5_400, Unit.SECONDS, "1.5 h"),
        (0, Unit.SECONDS, "0"),
    ],
)
def test_marks_are_short(value: float, unit: Unit, words: str) -> None:
    assert write_short(value, unit) == words
