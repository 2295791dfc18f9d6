"""An operation reads the types that its document names; nothing is converted in silence."""

from enum import StrEnum
from typing import Annotated

import pytest
from pydantic import AwareDatetime, Field, ValidationError

from apps.core.api.schemas import InputSchema


class _Colour(StrEnum):
    RED = "red"


class _Wanted(InputSchema):
    is_on: bool | None = None
    count: Annotated[int, Field(ge=1)] | None = None
    share: float = 0.5
    colour: _Colour | None = None
    until: AwareDatetime | None = None
    either: int | str = 0


@pytest.mark.parametrize(
    "given",
    [
        {"is_on": 0},
        {"is_on": "true"},
        {"count": "5"},
        {"count": True},
        {"share": "0.5"},
        {"share": False},
        {"until": 0},
        {"until": 1.5},
    ],
)
def test_another_type_is_refused_and_not_converted(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as refused:
        _Wanted.model_validate(given)
    [error] = refused.value.errors()
    assert error["type"] in {"bool_type", "number_type", "moment_type"}


def test_what_json_can_say_is_taken() -> None:
    wanted = _Wanted.model_validate(
        {
            "is_on": False,
            "count": 5,
            "share": 1,
            "colour": "red",
            "until": "2026-05-01T10:00:00Z",
            "either": "5",
        }
    )
    assert (wanted.is_on, wanted.count, wanted.share, wanted.either) == (False, 5, 1.0, "5")
    assert wanted.colour is _Colour.RED
