from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from apps.core.correlation import begin_anew
from apps.core.logging import log_event
from apps.core.realtime.connection import connect_redis
from apps.core.redis import RedisFailure

if TYPE_CHECKING:
    from redis.asyncio.client import PubSub

logger = logging.getLogger(__name__)

RECONNECT_SECONDS = 0.5
SILENCE_SECONDS = 1.5


class RedisListener:
    """One subscription that comes back by itself, however Redis went away.

    A Redis that answers nothing, though its connection stands, counts as away as well: a silent
    line is asked for a sign of life, and given up when none comes.

    Attributes:
        is_connected: whether messages arrive at the moment.
    """

    def __init__(
        self,
        *,
        name: str,
        channels: Iterable[str],
        on_message: Callable[[str, bytes], None],
        on_change: Callable[[bool], None] = lambda _: None,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            name: of the task, for logs.
            channels: what to listen to from the beginning.
            on_message: takes the channel and the data; must not raise.
            on_change: told when the subscription stands, each time anew, and when there is none.
        """
        self.is_connected = False
        self._is_lost = False
        self._name = name
        self._channels = set(channels)
        self._on_message = on_message
        self._on_change = on_change
        self._pubsub: PubSub | None = None
        self._task: asyncio.Task[None] | None = None

    def ensure_running(self) -> None:
        """Listen in a task of the running loop, if none does."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name=self._name)

    async def subscribe(self, channel: str) -> None:
        """Listen to one more channel: now if Redis is there, otherwise once it is."""
        self._channels.add(channel)
        if self._pubsub is not None and self.is_connected:
            with suppress(*RedisFailure):
                await self._pubsub.subscribe(channel)

    async def unsubscribe(self, channel: str) -> None:
        """Listen to a channel no more."""
        self._channels.discard(channel)
        if self._pubsub is not None and self.is_connected:
            with suppress(*RedisFailure):
                await self._pubsub.unsubscribe(channel)

    async def aclose(self) -> None:
        """Stop listening."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        while True:
            begin_anew()
            try:
                await self._listen()
            except Exception as error:  # noqa: BLE001  whatever ends one subscription, another is opened
                self._lose(error)
            await asyncio.sleep(RECONNECT_SECONDS)

    def _lose(self, error: Exception) -> None:
        """Say once that Redis is away."""
        if self._is_lost:
            return
        self._is_lost = True
        self.is_connected = False
        log_event(
            logger,
            "REDIS_AWAY",
            level=logging.WARNING,
            listener=self._name,
            error=type(error).__name__,
        )
        self._on_change(False)  # noqa: FBT003

    async def _listen(self) -> None:
        client = connect_redis(socket_timeout_seconds=None)
        pubsub = self._pubsub = client.pubsub()
        known = set(self._channels)
        try:
            async with asyncio.timeout(SILENCE_SECONDS * 2):
                await pubsub.subscribe(*known)
            is_asked = False
            while True:
                message = await pubsub.get_message(timeout=SILENCE_SECONDS)
                if message is not None:
                    is_asked = False
                    if self._take(message) and self._channels - known:
                        await pubsub.subscribe(*(self._channels - known))
                elif is_asked:
                    raise TimeoutError
                else:
                    is_asked = True
                    await pubsub.ping()
        finally:
            self._pubsub = None
            with suppress(*RedisFailure):
                await pubsub.aclose()  # type: ignore[no-untyped-call]
                await client.aclose()

    def _take(self, message: dict[str, Any]) -> bool:
        """Pass a message on; tells whether it is the one by which the subscription stands."""
        if message["type"] == "message":
            self._on_message(message["channel"].decode(), message["data"])
        elif message["type"] == "subscribe" and not self.is_connected:
            self.is_connected = True
            self._is_lost = False
            log_event(logger, "REDIS_LISTENING", listener=self._name)
            self._on_change(True)  # noqa: FBT003
            return True
        return False
