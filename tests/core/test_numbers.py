"""A number that comes in an address is a number of a row, or none."""

import pytest

from apps.core.numbers import whole_number
from tests.guards.sources import ROOT


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("12", 12),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, None),
        ("9" * 4301, None),
        ("-1", None),
        ("1.0", None),
        (" 1", None),
        ("٣", None),
        ("²", None),
        ("", None),
        (None, None),
    ],
)
def test_only_digits_that_fit_are_a_number(text: str | None, number: int | None) -> None:
    assert whole_number(text) == number


def test_doors_read_numbers_in_no_other_way() -> None:
    doors = [*ROOT.glob("apps/*/admin/*.py"), *ROOT.glob("apps/*/views*/*.py")]
    doors += [*ROOT.glob("apps/*/views.py"), *ROOT.glob("apps/core/admin_kit/*.py")]
    own = [
        path.relative_to(ROOT)
        for path in doors
        if ".isdecimal()" in (source := path.read_text(encoding="utf-8")) or ".isdigit()" in source
    ]
    assert own == []
