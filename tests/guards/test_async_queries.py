"""Operations reach the database through the bridge only; see docs/decisions/0030."""

from django.db.models import Model, QuerySet

from tests.guards.sources import attributes, python_files, relative

ASYNC_NAMES = {
    name
    for kind in (QuerySet, Model)
    for name in dir(kind)
    if name.startswith("a") and hasattr(kind, name[1:]) and callable(getattr(kind, name))
}


def test_the_names_are_djangos() -> None:
    assert {"aget", "afirst", "acount", "acreate", "asave", "adelete"} <= ASYNC_NAMES


def test_no_code_uses_djangos_asynchronous_queries() -> None:
    offenders = [
        f"{relative(path)}:{line} {name}"
        for path in python_files()
        for line, name in attributes(path)
        if name in ASYNC_NAMES
    ]
    assert offenders == []
