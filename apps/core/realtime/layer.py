from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from channels.layers import get_channel_layer
from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer
from channels_redis.utils import _wrap_close

from apps.core.realtime.connection import MISSED_CHANNEL
from apps.core.realtime.listener import RedisListener
from apps.core.redis import redis_client

MISSED = {"type": "page.missed"}
"""What every consumer gets after Redis was away, or a word was lost on the way to it."""


class HintLayer(RedisPubSubChannelLayer):  # type: ignore[misc]
    """The Redis channel layer for a Redis that may be away.

    The original opens no socket without Redis, and leaves those that were open out of their groups.
    Here a socket opens at once, hears of its groups as soon as Redis is there, and is told that it
    may have missed something.
    """

    def _get_layer(self) -> _LoopLayer:
        loop = asyncio.get_running_loop()
        layer: _LoopLayer | None = self._layers.get(loop)
        if layer is None:
            layer = self._layers[loop] = _LoopLayer(*self._args, **self._kwargs, channel_layer=self)
            _wrap_close(self, loop)
        return layer

    @property
    def is_connected(self) -> bool:
        """Whether this loop hears its groups at the moment."""
        return bool(self._get_layer().connection.is_connected)

    async def wait_until_lost(self, *, timeout_seconds: float) -> None:
        """Wait for the loss of Redis, but no longer than this."""
        await self._get_layer().connection.wait_until_lost(timeout_seconds=timeout_seconds)

    def tell_here(self, channel: str, message: dict[str, Any]) -> None:
        """Put a message into a channel of this loop, without Redis; nothing where it is gone."""
        queue = self._get_layer().channels.get(channel)
        if queue is not None:
            queue.put_nowait(self.serialize(message))

    def group_channel(self, group: str) -> str:
        """Return the channel of Redis that carries a group's messages."""
        return f"{self._kwargs.get('prefix', 'asgi')}__group__{group}"


def current_layer() -> HintLayer:
    """Return the layer of this process, for services that know no channels."""
    layer: HintLayer = get_channel_layer()
    return layer


class _LoopLayer(RedisPubSubLoopLayer):  # type: ignore[misc]
    """One event loop's side of the layer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  as the original
        super().__init__(*args, **kwargs)
        self.connection = _Connection(self)
        self._shards = [self.connection]


class _Connection:
    """What the layer expects of its connection to Redis."""

    def __init__(self, layer: _LoopLayer) -> None:
        self._layer = layer
        self._listener = RedisListener(
            name="channel-layer",
            channels=[MISSED_CHANNEL],
            on_message=self._take,
            on_change=self._changed,
        )
        self._was_away = False
        self._lost = asyncio.Event()

    @property
    def is_connected(self) -> bool:
        """Whether messages arrive at the moment."""
        return self._listener.is_connected

    async def wait_until_lost(self, *, timeout_seconds: float) -> None:
        """Wait for the loss of Redis, but no longer than this."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                await self._lost.wait()

    async def publish(self, channel: str, message: bytes) -> None:
        await (await redis_client()).publish(channel, message)

    async def subscribe(self, channel: str) -> None:
        self._listener.ensure_running()
        await self._listener.subscribe(channel)

    async def unsubscribe(self, channel: str) -> None:
        await self._listener.unsubscribe(channel)

    async def flush(self) -> None:
        await self._listener.aclose()

    def _take(self, channel: str, data: bytes) -> None:
        if channel == MISSED_CHANNEL:
            self._tell_missed()
            return
        own = self._layer.channels.get(channel)
        if own is not None:
            own.put_nowait(data)
            return
        for name in self._layer.groups.get(channel, ()):
            queue = self._layer.channels.get(name)
            if queue is not None:
                queue.put_nowait(data)

    def _changed(self, is_connected: bool) -> None:  # noqa: FBT001
        if is_connected and self._was_away:
            self._tell_missed()
        self._was_away = not is_connected
        if is_connected:
            self._lost.clear()
        else:
            self._lost.set()

    def _tell_missed(self) -> None:
        data = self._layer.channel_layer.serialize(MISSED)
        for queue in self._layer.channels.values():
            queue.put_nowait(data)
