"""What one worker process has running: its answers, their checkpoints, and the ear for 'stop'."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import uuid
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field

from django.conf import settings

from apps.conversations import constants
from apps.conversations.services import leases
from apps.conversations.statements.leases import Asked
from apps.core import db
from apps.core.correlation import begin_anew
from apps.core.logging import log_event
from apps.core.realtime import bells
from apps.core.realtime.connection import CONTROL_CHANNEL
from apps.core.realtime.listener import RedisListener
from apps.core.realtime.publisher import TextPublisher
from apps.llm.gateway.contract import (
    Answering,
    ChatGateway,
    Finished,
    GenerationRequest,
    Progress,
    Usage,
)
from apps.llm.gateway.estimates import prompt_tokens, thought_tokens
from apps.llm.services.usage import Call

logger = logging.getLogger(__name__)

EAGER_CHECKPOINT_CHARS = 2048
RETRY_SECONDS = 0.5
END_SECONDS = 5.0


@dataclass(slots=True)
class RunningReply:
    """An answer that this process writes at the moment."""

    reply_id: int
    task: asyncio.Task[None]
    progress: Progress
    prompt_tokens: int = 0
    parts: list[str] = field(default_factory=list)
    length: int = 0
    stored_length: int = 0
    stop_state: constants.ReplyState | None = None
    answering: Answering | None = None
    call: Call | None = None
    finished: Finished | None = None
    reported: Usage | None = None
    is_unspent: bool = False
    is_unanswered: bool = False
    stored_asked: Asked | None = None

    @property
    def asked(self) -> Asked:
        """What whoever finds this worker lost is to know of the model's call, beside the text."""
        is_asked = bool(self.progress.model)
        sent = self.prompt_tokens if is_asked else 0
        return Asked(self.reply_id, is_asked, sent, thought_tokens(self.progress))

    @property
    def is_cut_by_quota(self) -> bool:
        """Whether the model would have gone on, and only a quota kept it from that."""
        is_cut = self.finished is not None and self.finished.finish_reason == "length"
        return is_cut and self.answering is not None and self.answering.is_held_short

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
        self._ending: dict[int, RunningReply] = {}
        self.slots = asyncio.Semaphore(settings.WORKER_CONCURRENCY)
        self._writers: set[asyncio.Task[None]] = set()
        self._eager = asyncio.Event()
        self._checkpoints: asyncio.Task[None] | None = None
        self._stops = RedisListener(
            name="stop-listener", channels=[CONTROL_CHANNEL], on_message=self._take_ring
        )

    def start(self) -> None:
        """Begin to publish, to store checkpoints and to listen for stops."""
        self.publisher.start()
        self._stops.ensure_running()
        self._checkpoints = asyncio.create_task(self._checkpoint_forever(), name="checkpoints")

    def carry(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Do the work of one slot in a task of its own, which gives the slot back at its end."""
        task = asyncio.create_task(work)
        self._writers.add(task)
        task.add_done_callback(self._end_carrying)
        return task

    async def drain(self, *, seconds: float) -> None:
        """Let what is being written come to its end, but no longer than this."""
        if self._writers:
            await asyncio.wait(self._writers, timeout=seconds)

    async def aclose(self) -> None:
        """End what still runs as interrupted and let go of everything."""
        for reply in list(self.running.values()):
            reply.request_stop(constants.ReplyState.INTERRUPTED)
        tasks = {reply.task for reply in self.running.values()} | self._writers
        if tasks:
            await asyncio.wait(tasks, timeout=END_SECONDS)
        if self._checkpoints is not None:
            self._checkpoints.cancel()
            with suppress(asyncio.CancelledError):
                await self._checkpoints
        await self._stops.aclose()
        await self.publisher.aclose()
        await self.gateway.aclose()

    def _end_carrying(self, task: asyncio.Task[None]) -> None:
        self._writers.discard(task)
        self.slots.release()
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log_event(logger, "REPLY_BROKEN", level=logging.ERROR, error=type(error).__name__)

    def add(self, reply_id: int, request: GenerationRequest) -> RunningReply:
        """Register the current task as the one that writes this answer.

        Args:
            reply_id: which answer.
            request: what a model is asked, with what is known of its call while it runs.
        """
        task = asyncio.current_task()
        if task is None:
            message = "an answer is written in a task"
            raise RuntimeError(message)
        reply = self.running[reply_id] = RunningReply(
            reply_id,
            task,
            request.progress,
            prompt_tokens=prompt_tokens(request),
            stored_asked=Asked(reply_id),
        )
        return reply

    def append(self, reply: RunningReply, text: str) -> None:
        """Show text to the viewers and have it stored with the next checkpoint."""
        reply.append(text)
        self.publisher.append(reply.reply_id, text)
        if reply.length - reply.stored_length >= EAGER_CHECKPOINT_CHARS:
            self._eager.set()

    def end(self, reply_id: int) -> None:
        """Take no more stops and texts for an answer whose end is being stored."""
        reply = self.running.pop(reply_id, None)
        if reply is not None:
            self._ending[reply_id] = reply

    def remove(self, reply_id: int) -> None:
        """Forget an answer; from here on nobody renews its lease."""
        self.running.pop(reply_id, None)
        self._ending.pop(reply_id, None)

    async def _checkpoint_forever(self) -> None:
        loop = asyncio.get_running_loop()
        last_beat = loop.time()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(constants.CHECKPOINT_SECONDS):
                    await self._eager.wait()
            self._eager.clear()
            begin_anew()
            if not self.running and not self._ending:
                continue
            try:
                if loop.time() - last_beat >= constants.LEASE_BEAT_SECONDS:
                    await self._beat()
                    last_beat = loop.time()
                await self._checkpoint()
            except Exception as error:  # noqa: BLE001  without checkpoints every answer would be lost
                log_event(
                    logger, "CHECKPOINT_FAILED", level=logging.WARNING, error=type(error).__name__
                )
                await asyncio.sleep(RETRY_SECONDS)

    async def _beat(self) -> None:
        in_hand = [*self.running, *self._ending]
        for reply_id in await db.call(leases.beat, owner=self.owner, reply_ids=in_hand):
            self._stop(reply_id, constants.ReplyState.INTERRUPTED)

    async def _checkpoint(self) -> None:
        dirty = [reply for reply in self.running.values() if reply.length > reply.stored_length]
        lengths, asked = [reply.length for reply in dirty], self._news_of_calls()
        stops = await db.call(
            leases.checkpoint,
            owner=self.owner,
            texts=[(reply.reply_id, reply.text) for reply in dirty],
            asked=[news for _, news in asked],
        )
        for reply, news in asked:
            reply.stored_asked = news
        for reply, length in zip(dirty, lengths, strict=True):
            reply.stored_length = length
        for reply_id, state in stops:
            self._stop(reply_id, state)

    def _news_of_calls(self) -> list[tuple[RunningReply, Asked]]:
        """Return what became of models' calls since that was stored last."""
        in_hand = [*self.running.values(), *self._ending.values()]
        known = [(reply, reply.asked) for reply in in_hand]
        return [(reply, news) for reply, news in known if news != reply.stored_asked]

    def _take_ring(self, channel: str, data: bytes) -> None:
        del channel
        with suppress(ValueError):
            self._stop(*bells.parse_ring(data))

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
