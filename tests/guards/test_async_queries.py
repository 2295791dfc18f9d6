"""Operations reach the database through the bridge only; see docs/decisions/0030."""

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import SynchronousOnlyOperation
from django.db.models import Model, QuerySet

from apps.core import db
from apps.users.models import User
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


def read_somebody() -> list[int]:
    return list(User.objects.values_list("pk", flat=True)[:1])


@pytest.mark.django_db
async def test_rows_that_are_read_on_the_event_loop_fail_a_test_as_they_fail_a_request() -> None:
    with pytest.raises(SynchronousOnlyOperation):
        read_somebody()
    assert await db.call(read_somebody) == []


@pytest.mark.django_db
def test_they_fail_it_too_where_a_synchronous_test_calls_a_coroutine() -> None:
    async def answer() -> list[int]:
        return read_somebody()

    with pytest.raises(SynchronousOnlyOperation):
        async_to_sync(answer)()
