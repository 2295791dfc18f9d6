"""Versions below these have known holes, or break what we rely on."""

from importlib.metadata import version

import pytest

FLOORS = {
    "django": (5, 2, 19),
    "daphne": (4, 2, 2),
    "channels": (4, 3, 2),
    "channels-redis": (4, 3, 0),
    "django-ninja": (1, 7, 1),
    "langchain-core": (1, 2, 5),
    "langchain-openai": (1, 7, 3),
    "nh3": (0, 3, 8),
}
CEILINGS = {"redis": (8,)}


def parts(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version(name).split(".") if part.isdecimal())


@pytest.mark.parametrize("name", FLOORS)
def test_no_version_is_too_old(name: str) -> None:
    assert parts(name) >= FLOORS[name]


@pytest.mark.parametrize("name", CEILINGS)
def test_no_version_is_too_new(name: str) -> None:
    assert parts(name) < CEILINGS[name]
