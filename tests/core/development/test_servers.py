"""The embedded servers, as the suite and `make run` use them."""

import socket

import psycopg
import pytest
import redis

from tests.support.network import NetworkBlockedError
from tests.support.services import (
    OWNER,
    Services,
    freeze,
    make_folder,
    private_postgres,
    private_redis,
    remove_abandoned_folders,
    thaw,
)


def test_the_suite_runs_on_postgresql_18(services: Services) -> None:
    with psycopg.connect(services.database_url) as connection:
        assert connection.info.server_version // 10000 == 18


def test_text_sorts_and_folds_as_unicode(services: Services) -> None:
    with psycopg.connect(services.database_url) as connection:
        assert connection.execute("SELECT upper('straße é'), 'é' ILIKE 'É'").fetchone() == (
            "STRASSE É".replace("SS", "ß"),
            True,
        )


def test_redis_asks_for_its_password(services: Services) -> None:
    assert services.redis is not None
    client = redis.Redis(port=services.redis.port)
    with pytest.raises(redis.AuthenticationError):
        client.ping()
    client.close()


def test_a_private_redis_comes_back_on_the_same_address() -> None:
    with private_redis() as server:
        client = redis.Redis.from_url(server.url)
        assert client.ping() is True
        server.stop()
        with pytest.raises(redis.ConnectionError):
            client.ping()
        server.start()
        assert client.ping() is True
        client.close()


def test_a_frozen_redis_accepts_and_does_not_answer() -> None:
    with private_redis() as server:
        client = redis.Redis.from_url(server.url, socket_timeout=0.1)
        freeze(server)
        with pytest.raises(redis.TimeoutError):
            client.ping()
        thaw(server)
        assert client.ping() is True
        client.close()


def test_a_private_postgresql_keeps_its_rows_over_a_restart() -> None:
    with private_postgres() as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
        server.stop()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.url)
        server.start()
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT value FROM kept").fetchone() == (7,)


def test_another_account_name_is_refused(services: Services) -> None:
    with pytest.raises(psycopg.OperationalError, match="Peer authentication failed"):
        psycopg.connect(services.database_url.replace("parley@", "postgres@"))


def test_a_test_cannot_leave_this_machine() -> None:
    with (
        socket.socket() as outside,
        pytest.raises(NetworkBlockedError, match="Tests may not connect"),
    ):
        outside.connect(("192.0.2.1", 80))
    with pytest.raises(NetworkBlockedError, match="Tests may not look up"):
        socket.getaddrinfo("example.com", 443)


async def test_a_coroutine_test_is_run() -> None:
    assert socket.gethostname()


def test_what_a_killed_run_left_is_removed_and_what_runs_is_not(services: Services) -> None:
    abandoned = make_folder()
    (abandoned / OWNER).write_text('{"pid": 1, "mark": "of another process"}')
    remove_abandoned_folders()
    assert not abandoned.exists()
    assert services.folder.exists()
