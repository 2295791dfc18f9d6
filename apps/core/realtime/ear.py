from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from channels.layers import get_channel_layer

from apps.core.realtime.groups import user_group
from apps.core.realtime.layer import HintLayer


class Ear:
    """Hears what is announced to a person's pages, for what is no page.

    Attributes:
        channel: of the layer, by which it hears.
    """

    def __init__(self, layer: HintLayer, channel: str) -> None:
        self._layer = layer
        self.channel = channel
        self._next = self._receive()

    async def hear(self, *, timeout_seconds: float) -> dict[str, Any] | None:
        """Return the next announcement, or None where there was none in time."""
        done, _ = await asyncio.wait({self._next}, timeout=max(timeout_seconds, 0))
        if not done:
            return None
        heard = self._next.result()
        self._next = self._receive()
        return heard

    async def close(self) -> None:
        """Hear nothing more."""
        self._next.cancel()
        await asyncio.wait({self._next})

    def _receive(self) -> asyncio.Task[dict[str, Any]]:
        return asyncio.create_task(self._layer.receive(self.channel))


@asynccontextmanager
async def ear_of(user_id: int) -> AsyncIterator[Ear]:
    """Hear what is announced to a person for as long as the block runs."""
    layer: HintLayer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(user_group(user_id), channel)
    ear = Ear(layer, channel)
    try:
        yield ear
    finally:
        await layer.group_discard(user_group(user_id), channel)
        await ear.close()
