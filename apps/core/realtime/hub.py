from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from redis.exceptions import RedisError

from apps.core.logging import log_event
from apps.core.realtime.connection import TEXT_CHANNEL, connect_redis, live_text_key
from apps.core.realtime.frames import (
    LIVE_TEXT_HEADER,
    EndFrame,
    Frame,
    StartFrame,
    decoder,
)
from apps.core.redis import RedisFailure, redis_client

logger = logging.getLogger(__name__)

RECONNECT_SECONDS = 0.5
MAX_PENDING_FRAMES = 512


class Subscription:
    """One follower of one answer: frames in order, or the word that some may be missing."""

    def __init__(self, reply_id: int) -> None:
        self.reply_id = reply_id
        self.frames: deque[Frame] = deque()
        self.has_gap = False
        self.has_ended = False
        self._wake = asyncio.Event()

    def push(self, frame: Frame) -> None:
        """Hand over a frame; a follower that is far behind gets a gap instead of a long queue."""
        if len(self.frames) >= MAX_PENDING_FRAMES:
            self.frames.clear()
            self.has_gap = True
        self.frames.append(frame)
        self._wake.set()

    def mark_gap(self) -> None:
        """Say that frames may have been missed, so that the follower reads again."""
        self.has_gap = True
        self._wake.set()

    def mark_ended(self) -> None:
        """Say that the answer's row has an end state."""
        self.has_ended = True
        self._wake.set()

    async def wait(self) -> None:
        """Return as soon as there is a frame, a gap or an end to see."""
        await self._wake.wait()
        self._wake.clear()


class TextHub:
    """The web process's side of the text channel: one subscription for all its followers."""

    def __init__(self) -> None:
        self._followers: dict[int, set[Subscription]] = {}
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self.is_connected = False

    @property
    def followed_ids(self) -> list[int]:
        """The answers that somebody in this process follows."""
        return list(self._followers)

    def followers_of(self, reply_id: int) -> list[Subscription]:
        """Return who follows an answer in this process."""
        return list(self._followers.get(reply_id, ()))

    @contextmanager
    def subscribe(self, reply_id: int) -> Iterator[Subscription]:
        """Follow an answer for as long as the block runs."""
        self._ensure_running()
        subscription = Subscription(reply_id)
        self._followers.setdefault(reply_id, set()).add(subscription)
        try:
            yield subscription
        finally:
            followers = self._followers[reply_id]
            followers.discard(subscription)
            if not followers:
                del self._followers[reply_id]

    async def wait_until_connected(self, *, timeout_seconds: float) -> bool:
        """Give a fresh subscription a moment to stand; tells whether it does."""
        self._ensure_running()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                await self._ready.wait()
        return self.is_connected

    async def read_live_text(self, reply_id: int) -> str | None:
        """Read all text that a running answer has by now; None where Redis cannot tell."""
        try:
            value = await (await redis_client()).get(live_text_key(reply_id))
        except RedisFailure:
            return None
        if value is None or not value.startswith(LIVE_TEXT_HEADER):
            return None
        return bytes(value[1:]).decode(errors="strict")

    async def aclose(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def _ensure_running(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="text-hub")

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except RedisFailure as error:
                log_event(
                    logger, "TEXT_BUS_AWAY", level=logging.WARNING, error=type(error).__name__
                )
            self.is_connected = False
            self._ready.clear()
            self._mark_gaps()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen(self) -> None:
        client = connect_redis(socket_timeout_seconds=None)
        pubsub = client.pubsub()
        try:
            await pubsub.subscribe(TEXT_CHANNEL)
            async for message in pubsub.listen():
                if message["type"] == "subscribe":
                    self.is_connected = True
                    self._ready.set()
                    self._mark_gaps()
                elif message["type"] == "message":
                    self._dispatch(decoder.decode(message["data"]))
        finally:
            with suppress(RedisError, OSError):
                await pubsub.aclose()  # type: ignore[no-untyped-call]
                await client.aclose()

    def _dispatch(self, frames: list[Frame]) -> None:
        for frame in frames:
            followers = self._followers.get(frame.reply_id)
            if not followers:
                continue
            for follower in followers:
                if isinstance(frame, EndFrame):
                    follower.mark_ended()
                else:
                    follower.push(frame)

    def _mark_gaps(self) -> None:
        for followers in self._followers.values():
            for follower in followers:
                follower.mark_gap()


_hubs: dict[asyncio.AbstractEventLoop, TextHub] = {}


def get_hub() -> TextHub:
    """Return the hub of the running event loop; makes it on first use."""
    loop = asyncio.get_running_loop()
    hub = _hubs.get(loop)
    if hub is None:
        for dead in [known for known in _hubs if known.is_closed()]:
            del _hubs[dead]
        hub = _hubs[loop] = TextHub()
    return hub


__all__ = ["StartFrame", "Subscription", "TextHub", "get_hub"]
