from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from apps.core.correlation import begin_anew
from apps.core.logging import log_event
from apps.core.realtime.connection import TEXT_CHANNEL, connect_redis, live_text_key
from apps.core.realtime.frames import (
    LIVE_TEXT_HEADER,
    WITHHELD_TEXT,
    EndFrame,
    Frame,
    StartFrame,
    TextFrame,
    WaitFrame,
    encoder,
)

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.client import Pipeline

logger = logging.getLogger(__name__)

LIVE_TEXT_SECONDS = 1800
WITHHELD_SECONDS = 86_400
"""So long it is known that a text is withheld whose end could not be stored."""
OVER_SECONDS = 60
RETRY_SECONDS = 1.0
APPEND_ALL = """
local lengths = {}
for number, key in ipairs(KEYS) do
    lengths[number] = redis.call('APPEND', key, ARGV[number])
end
return lengths
"""
"""One command for all answers that gained text; one for each would cost the worker more."""


class _LiveText:
    """What Redis should hold of one answer, so that a loss there is noticed and mended."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.stored_bytes = 0
        self.pending: list[str] = []

    def take_pending(self) -> str:
        text = "".join(self.pending)
        self.pending.clear()
        return text


class TextPublisher:
    """The worker's side of the text channel: joins what many answers gained into one round trip.

    Nothing waits for Redis. While it is away text is dropped here, for followers read the
    checkpoints; when it is back each answer's live text is written whole again.
    """

    def __init__(self, *, window_seconds: float = 0.004) -> None:
        self._window_seconds = window_seconds
        self._live: dict[int, _LiveText] = {}
        self._dirty: dict[int, _LiveText] = {}
        self._notices: list[Frame] = []
        self._withheld: set[int] = set()
        self._over: set[int] = set()
        self._wake = asyncio.Event()
        self._urgent = asyncio.Event()
        self._closed = False
        self._task: asyncio.Task[None] | None = None
        self._redis: Redis | None = None

    def start(self) -> None:
        """Begin to send, in a task of its own on the running loop."""
        self._redis = connect_redis()
        self._task = asyncio.create_task(self._run(), name="text-publisher")

    async def aclose(self) -> None:
        """Send what is left and let go of the connection."""
        self._closed = True
        self._wake.set()
        self._urgent.set()
        if self._task is not None:
            await self._task
        if self._redis is not None:
            await self._redis.aclose()

    def begin(self, reply_id: int, model: str) -> None:
        """Announce that an answer is being written."""
        self._live[reply_id] = _LiveText()
        self._notices.append(StartFrame(reply_id, model))
        self._wake.set()
        self._urgent.set()

    def wait(self, reply_id: int, ahead: int) -> None:
        """Announce that an answer waits for its turn at the model."""
        self._notices.append(WaitFrame(reply_id, ahead))
        self._wake.set()

    def let_through(self, reply_id: int, model: str) -> None:
        """Announce that an answer that waited has its turn."""
        self._notices.append(StartFrame(reply_id, model))
        self._wake.set()
        self._urgent.set()

    def append(self, reply_id: int, text: str) -> None:
        """Add text to an answer; the first text leaves at once, later text with the next batch."""
        live = self._live[reply_id]
        if not live.length:
            self._urgent.set()
        live.pending.append(text)
        live.parts.append(text)
        live.length += len(text)
        self._dirty[reply_id] = live
        self._wake.set()

    def withhold(self, reply_id: int) -> None:
        """Take the live text of an answer away that policy withholds; its row says so later.

        Whoever has to end the answer instead of this worker finds out that none of it may be shown.
        """
        self._live.pop(reply_id, None)
        self._dirty.pop(reply_id, None)
        self._withheld.add(reply_id)
        self._wake.set()
        self._urgent.set()

    def end(self, reply_id: int, *, is_stored: bool = True) -> None:
        """Announce that an answer ended; its row says so already, or somebody else will end it.

        Until the row says so, what Redis holds of the answer stays.
        """
        self._live.pop(reply_id, None)
        if is_stored:
            self._over.add(reply_id)
        self._notices.append(EndFrame(reply_id))
        self._wake.set()
        self._urgent.set()

    async def _run(self) -> None:
        is_away = False
        while True:
            await self._wake.wait()
            begin_anew()
            if not self._urgent.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._window_seconds):
                        await self._urgent.wait()
            self._wake.clear()
            self._urgent.clear()
            try:
                await self._flush()
                is_away = False
            except Exception as error:  # noqa: BLE001  text that cannot be shown now is stored all the same
                if not is_away:
                    log_event(
                        logger, "TEXT_BUS_AWAY", level=logging.WARNING, error=type(error).__name__
                    )
                is_away = True
                await self._wait_to_mend()
            if self._closed and not self._wake.is_set():
                return

    async def _wait_to_mend(self) -> None:
        """Have everything written anew in a moment: what Redis held of it may be lost."""
        for live in self._live.values():
            live.stored_bytes = 0
        if not self._closed:
            if self._withheld:
                self._wake.set()
            await asyncio.sleep(RETRY_SECONDS)

    async def _flush(self) -> None:
        if self._redis is None or not (self._dirty or self._notices or self._withheld):
            return
        dirty, self._dirty = self._dirty, {}
        notices, self._notices = self._notices, []
        frames: list[Frame] = [one for one in notices if not isinstance(one, EndFrame)]
        ends = [notice for notice in notices if isinstance(notice, EndFrame)]
        pipeline = self._redis.pipeline(transaction=False)
        grown: list[_LiveText] = []
        keys: list[str] = []
        pieces: list[bytes] = []
        for reply_id, live in dirty.items():
            text = live.take_pending()
            frames.append(TextFrame(reply_id, live.length - len(text), text))
            key = live_text_key(reply_id)
            if live.stored_bytes:
                piece = text.encode()
                live.stored_bytes += len(piece)
                grown.append(live)
                keys.append(key)
                pieces.append(piece)
            else:
                whole = LIVE_TEXT_HEADER + "".join(live.parts).encode()
                pipeline.set(key, whole, ex=LIVE_TEXT_SECONDS)
                live.stored_bytes = len(whole)
        # An answer is in one of them alone, so their order does not matter; PUBLISH stays last.
        pipeline.eval(APPEND_ALL, len(keys), *keys, *pieces)
        appended = len(pipeline) - 1
        withheld = self._close_texts(pipeline)
        pipeline.publish(TEXT_CHANNEL, encoder.encode([*frames, *ends]))
        lengths = (await pipeline.execute())[appended]
        self._withheld -= withheld
        for live, length in zip(grown, lengths, strict=True):
            if length != live.stored_bytes:
                live.stored_bytes = 0

    def _close_texts(self, pipeline: Pipeline) -> set[int]:
        """Have the texts that are over or withheld go; return which are withheld."""
        withheld = set(self._withheld)
        for reply_id in withheld:
            pipeline.set(live_text_key(reply_id), WITHHELD_TEXT, ex=WITHHELD_SECONDS)
        over, self._over = self._over, set()
        for reply_id in over:
            pipeline.expire(live_text_key(reply_id), OVER_SECONDS)
        return withheld
