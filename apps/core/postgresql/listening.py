"""Hearing what PostgreSQL announces, on a connection of its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from procrastinate.contrib.django.utils import connector_params
from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier


async def listen(channel: str, *, period_seconds: float) -> AsyncGenerator[str | None, None]:
    """Yield each announcement, and None when it is time to look for what nobody announced.

    That is once as soon as announcements arrive, and then once in each period.

    Args:
        channel: name of the channel.
        period_seconds: time between two looks.

    Raises:
        psycopg.OperationalError: the connection could not be opened, or was lost.
    """
    async with await AsyncConnection.connect(autocommit=True, **connector_params()) as connection:
        await connection.execute(SQL("LISTEN {}").format(Identifier(channel)))
        while True:
            yield None
            async for notice in connection.notifies(timeout=period_seconds):
                yield notice.payload
