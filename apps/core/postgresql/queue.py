"""How the worker reaches the job queue."""

import asyncio
from collections.abc import Iterable
from typing import Any

from procrastinate import PsycopgConnector
from procrastinate.connector import Notify
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import ConnectorException
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from apps.core.postgresql.liveness import check_connection

OPEN_SECONDS = 3.0
LISTEN_AGAIN_SECONDS = 1.0
LOOK = '{"type": "job_inserted"}'


def make_worker_connector() -> PsycopgConnector:
    """Return procrastinate's connector without its needless round trips.

    Each of its calls is one statement, so no transaction stands around it, and a connection is
    asked whether it lives only where something arrived on it.
    """
    return _QueueConnector(
        pool_factory=_make_pool, kwargs=connector_params(), configure=_commit_at_once
    )


class _QueueConnector(PsycopgConnector):
    """Goes on listening for jobs, however often PostgreSQL goes away.

    The original ends at the first connection that cannot be opened. Its worker does not notice when
    it has no periodic tasks, and from then on finds new jobs by polling alone.
    """

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        """Listen until cancelled; after a pause have the worker look for what it missed."""
        known = list(channels)
        while True:
            try:
                await super().listen_notify(on_notification, known)
            except ConnectorException:
                await asyncio.sleep(LISTEN_AGAIN_SECONDS)
                await on_notification(channel=known[0], payload=LOOK)


class _QueuePool(AsyncConnectionPool):
    """Gives up soon: whoever opened it opens another one, which asks PostgreSQL at once.

    A pool of its own accord asks less and less often, up to minutes after a long absence.
    """

    async def open(self, wait: bool = False, timeout: float = OPEN_SECONDS) -> None:  # noqa: FBT001, FBT002, ASYNC109
        await super().open(wait=wait, timeout=OPEN_SECONDS)


def _make_pool(**options: Any) -> AsyncConnectionPool:  # noqa: ANN401
    limits = {"timeout": OPEN_SECONDS, "reconnect_timeout": OPEN_SECONDS}
    return _QueuePool(**{**options, **limits, "check": check_connection})


async def _commit_at_once(connection: AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)
