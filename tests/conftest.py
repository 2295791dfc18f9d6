"""Fixtures that every test may use."""

import logging
import os
import shutil
from collections.abc import Iterator

import pytest
import redis
from django.db import connection

from apps.core.constants import UNDECLARED_ERROR
from apps.llm.services import catalogue
from apps.moderation.services.rules import rule_sets
from tests.support.chromium import Chromium
from tests.support.flush import flush_with_care
from tests.support.network import block_network
from tests.support.plugin import SERVICES
from tests.support.services import Services
from tests.support.tables import Tables


@pytest.fixture(scope="session", autouse=True)
def _only_this_machine() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        block_network(patch)
        flush_with_care(patch)
        yield


@pytest.fixture(scope="session")
def services(request: pytest.FixtureRequest) -> Services:
    """The suite's own PostgreSQL and Redis-protocol server."""
    return request.config.stash[SERVICES]


@pytest.fixture(scope="session")
def tables(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Tables | None:
    """The migrated tables, which all processes of a run share, or None where no server is ours."""
    if services.postgres is None:
        return None
    folder = tmp_path_factory.getbasetemp()
    is_one_of_many = "PYTEST_XDIST_WORKER" in os.environ
    return Tables(folder.parent if is_one_of_many else folder, services.postgres)


@pytest.fixture(scope="session")
def django_db_keepdb(tables: Tables | None) -> bool:
    """Whether pytest-django goes on with a database that is there; ours goes with its server."""
    return tables is not None


@pytest.fixture(scope="session")
def _copied_tables(tables: Tables | None, django_db_modify_db_settings: None) -> None:
    """Make the test database of what another process has migrated, if one has."""
    if tables is not None:
        tables.copy_or_claim(connection.creation._get_test_db_name())


@pytest.fixture(scope="session")
def django_db_setup(tables: Tables | None, _copied_tables: None, django_db_setup: None) -> None:
    """Have the test database, and write down its tables where this process migrated them.

    A run in which no test asks for it has none.
    """
    name = str(connection.settings_dict["NAME"])
    if tables is None:
        return
    if name == connection.creation._get_test_db_name():
        tables.keep(name)
    else:
        tables.leave()


@pytest.fixture(scope="session")
def redis_url(services: Services) -> str:
    """The address of the suite's Redis-protocol server."""
    return services.redis_url


@pytest.fixture(scope="session")
def _redis_client(redis_url: str) -> Iterator["redis.Redis"]:
    client = redis.Redis.from_url(redis_url)
    yield client
    client.close()


@pytest.fixture(autouse=True)
def _empty_redis(_redis_client: "redis.Redis", services: Services) -> Iterator[None]:
    """Leave nothing in Redis for the next test; a server that is not ours loses one database."""
    yield
    if services.owns_redis:
        _redis_client.flushall()
    else:
        _redis_client.flushdb()


@pytest.fixture(autouse=True)
def _read_catalogue_and_rules_anew() -> None:
    """Know nothing of the rows of another test."""
    catalogue.forget()
    rule_sets._Known.current = None
    rule_sets.forget()


@pytest.fixture(autouse=True)
def _every_error_is_declared() -> Iterator[None]:
    """Fail a test in which an operation answers an error that its description does not name."""
    seen: list[object] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage() == UNDECLARED_ERROR:
                seen.append(record.__dict__["fields"])

    collector = Collector()
    logger = logging.getLogger("apps.core.api.router")
    logger.addHandler(collector)
    yield
    logger.removeHandler(collector)
    assert seen == [], "Name these errors in their operation's Endpoint."


BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""Without a window a test costs a third less: the others draw one that nobody sees."""


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser's program; tests that need it are left out where there is none, but not in CI."""
    for name in (os.environ.get("PARLEY_CHROMIUM", ""), *BROWSERS):
        path = shutil.which(name) if name else None
        if path:
            return path
    advice = "Install Chromium, or name it in PARLEY_CHROMIUM."
    if os.environ.get("CI"):
        pytest.fail(f"CI must test in a browser. {advice}")
    pytest.skip(f"There is no browser here. {advice}")


@pytest.fixture(scope="session")
def chromium(chromium_path: str) -> Iterator[Chromium]:
    """The browser that all tests of this process share; a coroutine that asks for it runs there."""
    browser = Chromium(chromium_path)
    yield browser
    browser.close()
