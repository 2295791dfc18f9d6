"""How the processes fare with each provider: told through Redis, for staff to look at.

It is a hint. Each process decides by its own breaker, see docs/decisions/0071.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast

import msgspec
from redis.exceptions import RedisError

from apps.core.correlation import begin_anew
from apps.core.redis import RedisFailure, redis_client, waiting_client

KEEP_SECONDS = 3_600
QUIET_SECONDS = 5.0
BEAT_SECONDS = 20.0
GONE_SECONDS = 60.0
"""A process that has not told for so long is none any more."""
MAX_PROCESSES = 20


class Health(msgspec.Struct):
    """How one process fares with one provider; times are seconds since 1970, 0 for never."""

    process: str = ""
    state: str = "closed"
    open_until: float = 0.0
    last_success: float = 0.0
    last_error: float = 0.0
    last_error_code: str = ""
    running: int = 0
    waiting: int = 0
    told: float = 0.0


class Reporter:
    """Tells Redis how a provider fares: at once where something changed, else every few seconds.

    What comes in between is told a moment later, so that the last word is never an old one; and a
    process that has nothing to tell says now and then that it is there.
    """

    def __init__(self, provider_id: int) -> None:
        self.health = Health(process=f"{socket.gethostname()[:24]}-{os.getpid()}")
        self._key = _key(provider_id)
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._has_news = False

    def note_success(self) -> None:
        """Note that the provider answered."""
        self.health.last_success = time.time()

    def note_error(self, code: str) -> None:
        """Note what went wrong."""
        self.health.last_error, self.health.last_error_code = time.time(), code

    def tell(self, *, is_news: bool) -> None:
        """Have what is noted told, without making anybody wait."""
        quiet = self.health.told + QUIET_SECONDS - time.time()
        if is_news or quiet <= 0:
            self._tell_now()
        else:
            self._tell_in(quiet)

    def _tell_now(self) -> None:
        self._has_news = True
        self.health.told = time.time()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_news())
        self._forget_timer()
        self._tell_in(BEAT_SECONDS)

    def _tell_in(self, seconds: float) -> None:
        """Tell in so many seconds, if nothing is to be told sooner."""
        loop = asyncio.get_running_loop()
        if self._timer is not None and self._timer.when() <= loop.time() + seconds:
            return
        self._forget_timer()
        self._timer = loop.call_later(seconds, self._tell_now)

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def aclose(self) -> None:
        """Tell nothing more, and wait for what is being told at this moment."""
        self._forget_timer()
        if self._task is not None and self._task.get_loop() is asyncio.get_running_loop():
            await asyncio.wait({self._task})

    async def _write_news(self) -> None:
        begin_anew()
        while self._has_news:
            self._has_news = False
            await self._write()

    async def _write(self) -> None:
        try:
            client = await redis_client()
            pipeline = client.pipeline(transaction=False)
            told = {self.health.process: msgspec.msgpack.encode(self.health)}
            pipeline.hset(self._key, mapping=told)
            pipeline.expire(self._key, KEEP_SECONDS)
            await pipeline.execute()
        except RedisFailure:
            return


def read_health(provider_ids: Sequence[int]) -> dict[int, list[Health]]:
    """Return what the processes that are there told of each provider, the newest word first."""
    try:
        pipeline = waiting_client().pipeline(transaction=False)
        for provider_id in provider_ids:
            pipeline.hvals(_key(provider_id))
        answers = cast("list[list[bytes]]", pipeline.execute())
    except (RedisError, OSError):
        return {}
    return {pk: _read(values) for pk, values in zip(provider_ids, answers, strict=True)}


def moment_of(seconds: float) -> datetime | None:
    """Return a told time; None for never."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _read(values: list[bytes]) -> list[Health]:
    told: list[Health] = []
    for value in values:
        try:
            told.append(msgspec.msgpack.decode(value, type=Health))
        except msgspec.MsgspecError:
            continue
    since = time.time() - GONE_SECONDS
    recent = [one for one in told if one.told > since]
    return sorted(recent, key=lambda one: -one.told)[:MAX_PROCESSES]


def _key(provider_id: int) -> str:
    return f"parley:llm:health:{provider_id}"
