from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import msgspec

from apps.core.logging import log_event
from apps.core.realtime.connection import TEXT_CHANNEL, live_text_key
from apps.core.realtime.frames import EndFrame, Frame, decoder, parse_live_text
from apps.core.realtime.listener import RedisListener
from apps.core.redis import RedisFailure, redis_client

logger = logging.getLogger(__name__)

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
        self._listener = RedisListener(
            name="text-hub",
            channels=[TEXT_CHANNEL],
            on_message=self._take,
            on_change=self._changed,
        )
        self._ready = asyncio.Event()
        self._lost = asyncio.Event()

    @property
    def is_connected(self) -> bool:
        """Whether text arrives as it is written; otherwise followers read the checkpoints."""
        return self._listener.is_connected

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
        self._listener.ensure_running()
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
        self._listener.ensure_running()
        if not self._lost.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_seconds):
                    await self._ready.wait()
        return self.is_connected

    async def wait_until_lost(self, *, timeout_seconds: float) -> None:
        """Wait for the loss of Redis, but no longer than this."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                await self._lost.wait()

    async def read_live_text(self, reply_id: int) -> str | None:
        """Read all text that a running answer has by now; None where Redis cannot tell."""
        if not self.is_connected:
            return None
        try:
            value = await (await redis_client()).get(live_text_key(reply_id))
        except RedisFailure:
            return None
        return parse_live_text(value)

    async def aclose(self) -> None:
        """Stop listening."""
        await self._listener.aclose()

    def _take(self, channel: str, data: bytes) -> None:
        del channel
        try:
            frames = decoder.decode(data)
        except msgspec.MsgspecError:
            log_event(logger, "TEXT_FRAME_UNREADABLE", level=logging.WARNING)
            self._mark_gaps()
            return
        for frame in frames:
            for follower in self._followers.get(frame.reply_id, ()):
                if isinstance(frame, EndFrame):
                    follower.mark_ended()
                else:
                    follower.push(frame)

    def _changed(self, is_connected: bool) -> None:  # noqa: FBT001
        if is_connected:
            self._ready.set()
            self._lost.clear()
        else:
            self._ready.clear()
            self._lost.set()
        self._mark_gaps()

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
