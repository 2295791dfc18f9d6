"""A whole deployment of real processes, which the tests of the main journey share and break."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.core.development.postgres import PostgresServer
from apps.core.development.state import CHECKOUT
from apps.core.development.valkey import ValkeyServer
from tests.journey.person import Person, sign_up
from tests.support.processes import Site
from tests.support.services import private_postgres, private_redis
from tests.support.tables import Tables
from tests.support.upstream import ScriptedUpstream

SETTINGS = {
    "LLM_CONNECT_TIMEOUT_SECONDS": "1",
    "LLM_FIRST_TOKEN_TIMEOUT_SECONDS": "2",
    "LLM_IDLE_TIMEOUT_SECONDS": "1",
    "LLM_TOTAL_TIMEOUT_SECONDS": "120",
    "LLM_MAX_RETRIES": "0",
    "WORKER_DRAIN_SECONDS": "3",
}


@pytest.fixture(scope="package")
def postgres() -> Iterator[PostgresServer]:
    """PostgreSQL of this deployment alone."""
    with private_postgres() as server:
        yield server


@pytest.fixture(scope="package")
def valkey() -> Iterator[ValkeyServer]:
    """The Redis-protocol server of this deployment alone."""
    with private_redis() as server:
        yield server


@pytest.fixture(scope="package")
def upstream() -> Iterator[ScriptedUpstream]:
    """A model server that does what a message's [[directive]] says."""
    with ScriptedUpstream() as server:
        yield server


@pytest.fixture(scope="package")
def deployed(
    django_db_setup: None,
    tables: Tables | None,
    postgres: PostgresServer,
    valkey: ValkeyServer,
    upstream: ScriptedUpstream,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """Web and worker over a migrated database."""
    site = Site(
        folder=tmp_path_factory.mktemp("journey"),
        database_url=postgres.url,
        redis_url=valkey.url,
        model_url=upstream.base_url,
        **SETTINGS,
    )
    if tables is not None and tables.are_known:
        tables.copy_to(postgres.url)
    else:
        migrate(site)
    try:
        yield site
    finally:
        site.stop()


@pytest.fixture
def site(deployed: Site, postgres: PostgresServer, valkey: ValkeyServer) -> Site:
    """The deployment, with everything that an earlier test broke running again."""
    for server in (postgres, valkey):
        if not server.is_running:
            server.start()
    deployed.start()
    return deployed


@pytest.fixture(scope="package")
def someone(deployed: Site) -> Person:
    """Somebody who signed up once for all tests: passwords are slow by intention."""
    deployed.start()
    return sign_up(deployed)


@pytest.fixture
def person(site: Site, someone: Person) -> Person:
    """Somebody who chats, while everything runs."""
    del site
    return someone


def migrate(site: Site) -> None:
    """Make the tables."""
    subprocess.run(
        [sys.executable, str(Path(CHECKOUT) / "manage.py"), "migrate", "--verbosity=0"],
        env=site.environment,
        check=True,
        timeout=120,
    )
