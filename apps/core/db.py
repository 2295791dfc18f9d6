"""The one bridge from coroutines to synchronous database work."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import connection

P = ParamSpec("P")
T = TypeVar("T")


async def call(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a synchronous service in the thread that owns this context's connection, and give the connection back.

    A stream that waits between two calls therefore holds neither a thread's work nor a pooled connection.

    Args:
        function: a synchronous function; it may open a transaction, and must not call the network inside it.
        args: passed on.
        kwargs: passed on.

    Returns:
        What the function returned.
    """

    def run() -> T:
        try:
            return function(*args, **kwargs)
        finally:
            release_connection()

    return await sync_to_async(run, thread_sensitive=True)()


def release_connection() -> None:
    """Give the thread's connection back to the pool, unless a transaction is open on it."""
    if not connection.in_atomic_block:
        connection.close()
