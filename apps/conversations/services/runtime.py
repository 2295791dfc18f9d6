"""What one worker process has running: its answers, their checkpoints, and the ear for 'stop'."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import uuid
from contextlib import suppress
from dataclasses import dataclass, field

from django.db import DatabaseError
from redis.exceptions import RedisError

from apps.conversations import constants
from apps.conversations.services import leases
from apps.core import db
from apps.core.logging import log_event
from apps.core.realtime import bells
from apps.core.realtime.connection import CONTROL_CHANNEL, connect_redis
from apps.core.realtime.publisher import TextPublisher
from apps.llm.gateway.contract import ChatGateway

logger = logging.getLogger(__name__)

EAGER_CHECKPOINT_CHARS = 2048
RECONNECT_SECONDS = 0.5


@dataclass(slots=True)
class RunningReply:
    """An answer that this process writes at the moment."""

    reply_id: int
    task: asyncio.Task[None]
    parts: list[str] = field(default_factory=list)
    length: int = 0
    stored_length: int = 0
    stop_state: constants.ReplyState | None = None

    @property
    def text(self) -> str:
        """All text so far."""
        if len(self.parts) > 1:
            self.parts = ["".join(self.parts)]
        return self.parts[0] if self.parts else ""

    def append(self, text: str) -> None:
        """Add text that was released to the viewers."""
        self.parts.append(text)
        self.length += len(text)

    def request_stop(self, state: constants.ReplyState) -> None:
        """End the answer in this state, wherever it waits; the first request counts."""
        if self.stop_state is None:
            self.stop_state = state
            self.task.cancel()


class WorkerRuntime:
    """The shared parts of all answers that one worker process writes."""

    def __init__(self, *, gateway: ChatGateway) -> None:
        self.owner = f"{socket.gethostname()[:24]}-{os.getpid()}-{uuid.uuid4().hex[:12]}"
        self.gateway = gateway
        self.publisher = TextPublisher()
        self.running: dict[int, RunningReply] = {}
        self._eager = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to publish, to store checkpoints and to listen for stops."""
        self.publisher.start()
        self._tasks = [
            asyncio.create_task(self._checkpoint_forever(), name="checkpoints"),
            asyncio.create_task(self._listen_forever(), name="stop-listener"),
        ]

    async def aclose(self) -> None:
        """End what still runs as interrupted and let go of everything."""
        for reply in list(self.running.values()):
            reply.request_stop(constants.ReplyState.INTERRUPTED)
        if self.running:
            tasks = [reply.task for reply in self.running.values()]
            await asyncio.wait(tasks, timeout=5)
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        await self.publisher.aclose()
        await self.gateway.aclose()

    def add(self, reply_id: int) -> RunningReply:
        """Register the current task as the one that writes this answer."""
        task = asyncio.current_task()
        if task is None:
            message = "an answer is written in a task"
            raise RuntimeError(message)
        reply = self.running[reply_id] = RunningReply(reply_id, task)
        return reply

    def append(self, reply: RunningReply, text: str) -> None:
        """Show text to the viewers and have it stored with the next checkpoint."""
        reply.append(text)
        self.publisher.append(reply.reply_id, text)
        if reply.length - reply.stored_length >= EAGER_CHECKPOINT_CHARS:
            self._eager.set()

    def remove(self, reply_id: int) -> None:
        """Forget an answer that ended."""
        self.running.pop(reply_id, None)

    async def _checkpoint_forever(self) -> None:
        loop = asyncio.get_running_loop()
        last_beat = loop.time()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(constants.CHECKPOINT_SECONDS):
                    await self._eager.wait()
            self._eager.clear()
            is_beat = loop.time() - last_beat >= constants.LEASE_BEAT_SECONDS
            if not self.running:
                continue
            try:
                await self._checkpoint(is_beat=is_beat)
            except DatabaseError as error:
                log_event(
                    logger, "CHECKPOINT_FAILED", level=logging.WARNING, error=type(error).__name__
                )
                await asyncio.sleep(RECONNECT_SECONDS)
            else:
                if is_beat:
                    last_beat = loop.time()

    async def _checkpoint(self, *, is_beat: bool) -> None:
        dirty = [reply for reply in self.running.values() if reply.length > reply.stored_length]
        lengths = [reply.length for reply in dirty]
        stops = await db.call(
            leases.checkpoint,
            owner=self.owner,
            texts=[(reply.reply_id, reply.text) for reply in dirty],
            is_beat=is_beat,
        )
        for reply, length in zip(dirty, lengths, strict=True):
            reply.stored_length = length
        for reply_id, state in stops:
            self._stop(reply_id, state)

    async def _listen_forever(self) -> None:
        while True:
            try:
                await self._listen()
            except (RedisError, OSError, TimeoutError) as error:
                log_event(logger, "CONTROL_AWAY", level=logging.WARNING, error=type(error).__name__)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen(self) -> None:
        client = connect_redis(socket_timeout_seconds=None)
        pubsub = client.pubsub()
        try:
            await pubsub.subscribe(CONTROL_CHANNEL)
            async for message in pubsub.listen():
                if message["type"] == "message":
                    self._stop(*bells.parse_ring(message["data"]))
        finally:
            with suppress(RedisError, OSError):
                await pubsub.aclose()  # type: ignore[no-untyped-call]
                await client.aclose()

    def _stop(self, reply_id: int, state: str) -> None:
        reply = self.running.get(reply_id)
        if reply is not None and state in constants.ReplyState.values:
            reply.request_stop(constants.ReplyState(state))


_current: WorkerRuntime | None = None


def install(runtime: WorkerRuntime | None) -> None:
    """Make a runtime the one of this process, at the worker's start; None at its end."""
    global _current
    _current = runtime


def current() -> WorkerRuntime:
    """Return this process's runtime.

    Raises:
        RuntimeError: this process is no worker.
    """
    if _current is None:
        message = "answers are generated in a worker: start `python -m project.worker`"
        raise RuntimeError(message)
    return _current
