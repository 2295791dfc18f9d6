"""Pooled connections are looked at for free, and replaced where they are lost."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection as suite_connection
from pytest_django import DjangoDbBlocker

from apps.core.postgresql.base import DatabaseWrapper
from apps.core.postgresql.liveness import is_alive
from tests.support.services import Services

TERMINATE = "SELECT pg_terminate_backend(%s, 5000)"


@pytest.fixture
def url(services: Services) -> str:
    assert services.postgres is not None
    return services.postgres.database_url("postgres")


@pytest.fixture
def pooled(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[DatabaseWrapper]:
    options = {**suite_connection.settings_dict["OPTIONS"], "pool": {"min_size": 1, "max_size": 1}}
    database = DatabaseWrapper(
        {**suite_connection.settings_dict, "OPTIONS": options}, alias="default"
    )
    with django_db_blocker.unblock():
        yield database
    database.close()
    database.close_pool()


def backend_of(database: DatabaseWrapper) -> int:
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def test_an_idle_connection_is_alive(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        assert is_alive(connection)


def test_a_connection_that_the_server_ended_is_not(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        with psycopg.connect(url, autocommit=True) as other:
            other.execute(TERMINATE, [connection.info.backend_pid])
        assert not is_alive(connection)


def test_a_notice_does_not_end_a_connection(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("LISTEN bench")
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("NOTIFY bench")
        assert is_alive(connection)


def test_a_pooled_connection_is_used_again(pooled: DatabaseWrapper) -> None:
    first = backend_of(pooled)
    pooled.close()
    assert backend_of(pooled) == first


def test_a_pooled_connection_that_was_lost_is_replaced(pooled: DatabaseWrapper, url: str) -> None:
    first = backend_of(pooled)
    pooled.close()
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(TERMINATE, [first])
    assert backend_of(pooled) != first
