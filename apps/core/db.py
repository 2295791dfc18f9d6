"""The one bridge from coroutines to synchronous database work."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import tzinfo
from functools import cache, partial
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone, translation

P = ParamSpec("P")
T = TypeVar("T")

AWAY = (OperationalError, InterfaceError)
"""What a call raises where PostgreSQL cannot be reached or goes away meanwhile."""


async def call(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a synchronous service in a database thread, and give its connection back at once.

    The threads are fewer than the pool's connections, so a burst waits for a thread and never fails
    for want of a connection; a stream that waits between two calls holds neither. In tests, which
    wrap everything in one transaction, the work runs in the thread that has the transaction.

    Args:
        function: a synchronous function; it may open a transaction, and calls no model inside it.
        args: passed on.
        kwargs: passed on.

    Returns:
        What the function returned.
    """
    # asgiref ties language and zone to the thread that set them: they do not follow by themselves.
    reader = translation.get_language(), timezone.get_current_timezone()
    work = partial(_run, partial(function, *args, **kwargs), *reader)
    if settings.DATABASE_THREADS < 1:
        return await sync_to_async(work, thread_sensitive=True)()
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads(), copy_context().run, work)


async def release() -> None:
    """Give the connection of this context's own thread back, before it waits for something else."""
    await sync_to_async(release_connection, thread_sensitive=True)()


def release_connection() -> None:
    """Give the thread's connection back to the pool, unless a transaction is open on it."""
    if not connection.in_atomic_block:
        connection.close()


def _run(work: Callable[[], T], language: str | None, zone: tzinfo) -> T:
    try:
        with translation.override(language), timezone.override(zone):
            return work()
    finally:
        release_connection()


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(settings.DATABASE_THREADS, thread_name_prefix="database")
