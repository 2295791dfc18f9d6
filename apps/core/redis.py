"""One Redis client for each event loop: a hint that may be away, so it never waits for long."""

import asyncio
from collections.abc import AsyncGenerator
from functools import cache
from weakref import WeakKeyDictionary

from django.conf import settings
from redis import Redis as WaitingRedis
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry as WaitingRetry

TIMEOUT_SECONDS = 0.5
MAX_CONNECTIONS = 32

RedisFailure = (RedisError, OSError, asyncio.TimeoutError)

_holders: WeakKeyDictionary[
    asyncio.AbstractEventLoop, tuple[Redis, AsyncGenerator[Redis, None]]
] = WeakKeyDictionary()


async def redis_client() -> Redis:
    """Return the running loop's client.

    It is closed when its loop ends: the client lives in an asynchronous generator, and every loop
    closes its generators when it shuts down.
    """
    loop = asyncio.get_running_loop()
    held = _holders.get(loop)
    if held is None:
        generator = _hold_client()
        held = (await anext(generator), generator)
        _holders[loop] = held
    return held[0]


def waiting_client() -> WaitingRedis:
    """Return the client of synchronous code, which waits for its answers; hardly, though."""
    return _waiting_client(settings.REDIS_URL)


@cache
def _waiting_client(url: str) -> WaitingRedis:
    return WaitingRedis.from_url(
        url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=WaitingRetry(NoBackoff(), 0),
    )


async def _hold_client() -> AsyncGenerator[Redis, None]:
    pool = BlockingConnectionPool.from_url(
        settings.REDIS_URL,
        max_connections=MAX_CONNECTIONS,
        timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    client = Redis.from_pool(pool)
    loop = asyncio.get_running_loop()
    try:
        yield client
    finally:
        _holders.pop(loop, None)
        await client.aclose()
