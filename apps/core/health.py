"""Named checks that tell whether this process can serve people; any app may add its own.

Add one in an AppConfig's `ready`: `health.register("worker", check_worker)`. A check is a coroutine
that raises when its part does not answer.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.core import db
from apps.core.errors import ServiceUnavailableError
from apps.core.logging import log_event
from apps.core.redis import redis_client

logger = logging.getLogger(__name__)

CHECK_TIMEOUT_SECONDS = 3.0
HEALTH_KEY = "parley:health"
Check = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How one check went; a part that is only a hint does not make the process unready."""

    name: str
    is_ok: bool
    is_required: bool


@dataclass(frozen=True, slots=True)
class _Registered:
    check: Check
    is_required: bool


_checks: dict[str, _Registered] = {}


def register(name: str, check: Check, *, is_required: bool = True) -> None:
    """Add a check under a name; the same name replaces it.

    Args:
        name: shown by /readyz.
        check: a coroutine function that raises when its part does not answer.
        is_required: whether people cannot be served without the part.
    """
    _checks[name] = _Registered(check, is_required)


async def run_checks() -> list[CheckResult]:
    """Run all checks, one after the other, each under a deadline."""
    return [await _run(name, entry) for name, entry in _checks.items()]


async def _run(name: str, entry: _Registered) -> CheckResult:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
            await entry.check()
    except Exception as error:  # noqa: BLE001
        log_event(
            logger,
            "READINESS_CHECK_FAILED",
            level=logging.WARNING,
            check=name,
            error_class=type(error).__name__,
        )
        return CheckResult(name, is_ok=False, is_required=entry.is_required)
    return CheckResult(name, is_ok=True, is_required=entry.is_required)


async def check_database() -> None:
    """Ask PostgreSQL for a row."""
    await db.call(_select_one)


async def check_redis() -> None:
    """Ask Redis for an answer."""
    client = await redis_client()
    await client.get(HEALTH_KEY)


async def check_migrations() -> None:
    """Find out whether the tables are those of this version.

    Raises:
        ServiceUnavailableError: a migration has not run.
    """
    if _migrated.is_done:
        return
    if await db.call(_unapplied_migrations):
        raise ServiceUnavailableError
    _migrated.is_done = True


async def check_worker() -> None:
    """Find out whether any worker beat within the last minute; without one, messages wait.

    Raises:
        ServiceUnavailableError: none did.
    """
    if not await db.call(_has_worker):
        raise ServiceUnavailableError


def _has_worker() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM procrastinate_workers"
            " WHERE last_heartbeat > now() - interval '60 seconds')"
        )
        row = cursor.fetchone()
    return row is not None and bool(row[0])


def _select_one() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _unapplied_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


@dataclass(slots=True)
class _Migrated:
    is_done: bool = False


_migrated = _Migrated()
register("database", check_database)
register("migrations", check_migrations)
register("redis", check_redis, is_required=False)
register("worker", check_worker, is_required=False)
