"""Following an answer, for socket and SSE alike: what exists, then each batch, then its one end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass

from apps.conversations import constants
from apps.conversations.errors import MessageNotFoundError
from apps.conversations.events import (
    ReplyDelta,
    ReplyEvent,
    ReplyFinished,
    ReplySnapshot,
    ReplyStarted,
    ReplyUsage,
    ReplyWaiting,
)
from apps.conversations.models import Message, Reply
from apps.conversations.services import presenting, watching
from apps.conversations.statements import answers
from apps.core import db
from apps.core.logging import log_event
from apps.core.realtime.frames import StartFrame, TextFrame, WaitFrame
from apps.core.realtime.hub import Subscription, TextHub, get_hub
from apps.llm.services import money
from apps.users.models import User

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 1.0
RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Known:
    """What PostgreSQL says of an answer: its stored text, and its end if it has one."""

    model: str
    state: str
    text: str
    is_hidden: bool
    is_redacted: bool
    finished: ReplyFinished | None


async def check_access(*, viewer: User, reply_id: int) -> None:
    """Fail before a stream begins if the viewer may not follow this answer.

    Raises:
        MessageNotFoundError: no such answer, or not the viewer's.
    """
    await db.call(_read, viewer, reply_id)


async def follow(
    *, viewer: User, reply_id: int, cursor: int = 0
) -> AsyncGenerator[ReplyEvent, None]:
    """Yield what the viewer misses of an answer since the cursor, live until its end.

    Every delta joins the one before it. Where text may have been missed it is read again: from the
    live text in Redis, or from the checkpoints in PostgreSQL while Redis is away. No database
    connection is held between events.

    Args:
        viewer: the owner of the conversation.
        reply_id: the assistant message.
        cursor: code points that the viewer has already.

    Raises:
        MessageNotFoundError: no such answer, or not the viewer's.
    """
    hub = get_hub()
    position = _Position(reply_id, cursor)
    with hub.subscribe(reply_id) as subscription:
        watching.ensure_watching()
        await hub.wait_until_connected(timeout_seconds=CONNECT_SECONDS)
        is_behind, is_admitted = True, False
        while True:
            if is_behind:
                known = await _read_anew(viewer, subscription, is_admitted=is_admitted)
                is_admitted = True
                for event in await _catch_up(hub, position, known):
                    yield event
                if known.finished is not None:
                    return
            await subscription.wait()
            for event in position.take(subscription):
                yield event
            is_behind = subscription.has_gap or subscription.has_ended


async def _read_anew(viewer: User, subscription: Subscription, *, is_admitted: bool) -> _Known:
    """Read the row; what is announced from here on asks for another look.

    A conversation that its owner deletes meanwhile is read to the end of its answer. While
    PostgreSQL is away it is tried again: whoever follows need not ask anew.
    """
    while True:
        subscription.has_gap = subscription.has_ended = False
        try:
            return await db.call(_read, viewer, subscription.reply_id, includes_deleted=is_admitted)
        except db.AWAY as error:
            log_event(logger, "FOLLOW_WAITS", level=logging.WARNING, error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)


async def _catch_up(hub: TextHub, position: _Position, known: _Known) -> list[ReplyEvent]:
    """Return what the follower misses of what is known; with its end, if it has one."""
    if known.finished is not None:
        return position.end(known.finished, known.text, is_rewritten=known.is_redacted)
    if known.is_hidden:
        return position.hide()
    events: list[ReplyEvent] = []
    if known.state == constants.ReplyState.RUNNING:
        events += position.start(known.model)
    text = await _best_text(hub, position.reply_id, known.text)
    return [*events, *position.catch_up(text)]


class _Position:
    """How much of an answer a follower has, and what it needs next."""

    def __init__(self, reply_id: int, cursor: int) -> None:
        self.reply_id = reply_id
        self.cursor = cursor
        self._asked: str | None = None
        self._is_waiting = False
        self._is_hidden = False

    def start(self, model: str) -> list[ReplyEvent]:
        """Return the event of the beginning, once for each model that is asked."""
        if self._asked == model:
            return []
        self._asked = model
        return [ReplyStarted(self.reply_id, model)]

    def wait(self, ahead: int) -> list[ReplyEvent]:
        """Tell that it waits for its turn at the model; its turn is a beginning again."""
        self._is_waiting = True
        return [ReplyWaiting(self.reply_id, ahead)]

    def let_through(self, model: str) -> list[ReplyEvent]:
        """Return the event of the beginning where it is news: also after a wait."""
        if self._is_waiting:
            self._asked, self._is_waiting = None, False
        return self.start(model)

    def hide(self) -> list[ReplyEvent]:
        """Take back what was shown, once, and show nothing more."""
        if self._is_hidden:
            return []
        self._is_hidden = True
        self.cursor = 0
        return [ReplySnapshot(self.reply_id, "", 0)]

    def take(self, subscription: Subscription) -> Iterator[ReplyEvent]:
        """Yield what the announced frames add; a frame that does not join marks a gap."""
        while subscription.frames:
            frame = subscription.frames.popleft()
            if self._is_hidden:
                continue
            if isinstance(frame, StartFrame):
                yield from self.let_through(frame.model)
            elif isinstance(frame, WaitFrame):
                yield from self.wait(frame.ahead)
            elif isinstance(frame, TextFrame):
                if frame.start > self.cursor:
                    subscription.has_gap = True
                elif frame.start + len(frame.text) > self.cursor:
                    yield self._join(frame)

    def _join(self, frame: TextFrame) -> ReplyDelta:
        text = frame.text[self.cursor - frame.start :]
        self.cursor += len(text)
        return ReplyDelta(self.reply_id, text, self.cursor)

    def catch_up(self, text: str) -> list[ReplyEvent]:
        """Return what is missing up to this text."""
        if len(text) <= self.cursor:
            return []
        missing = text[self.cursor :]
        self.cursor = len(text)
        return [ReplyDelta(self.reply_id, missing, self.cursor)]

    def end(self, finished: ReplyFinished, text: str, *, is_rewritten: bool) -> list[ReplyEvent]:
        """Return the last events: the rest of the text, or what replaces it.

        Where passages were taken out, what the follower has may be among them.
        """
        events: list[ReplyEvent]
        is_replaced = finished.state == constants.ReplyState.WITHHELD or (
            is_rewritten and self.cursor > 0
        )
        if len(text) < self.cursor or is_replaced:
            self.cursor = len(text)
            events = [ReplySnapshot(self.reply_id, text, self.cursor)]
        else:
            events = self.catch_up(text)
        return [*events, finished]


async def _best_text(hub: TextHub, reply_id: int, checkpoint: str) -> str:
    """Return the longest text that is certain: the live text where it continues the checkpoint."""
    live = await hub.read_live_text(reply_id)
    if live is not None and len(live) > len(checkpoint) and live.startswith(checkpoint):
        return live
    return checkpoint


def _read(viewer: User, reply_id: int, *, includes_deleted: bool = False) -> _Known:
    found = answers.find_answer(viewer=viewer, reply_id=reply_id, includes_deleted=includes_deleted)
    if found is None:
        raise MessageNotFoundError
    message, reply = found
    text = presenting.visible_text(message)
    finished = None if reply.is_live else finished_event(message, reply)
    return _Known(reply.model, reply.state, text, message.is_hidden, message.is_redacted, finished)


def finished_event(message: Message, reply: Reply) -> ReplyFinished:
    """Return the terminal event of an answer that has ended, as its owner may see it."""
    text = presenting.visible_text(message)
    usage = None
    if reply.prompt_tokens is not None and reply.completion_tokens is not None:
        usage = ReplyUsage(reply.prompt_tokens, reply.completion_tokens, reply.usage_source)
    return ReplyFinished(
        reply_id=reply.pk,
        state=reply.state,
        finish_reason=reply.finish_reason,
        error_code=reply.error_code,
        notice=presenting.notice_of(message, reply),
        usage=usage,
        cost=money.plain(reply.cost_nano),
        html=presenting.html_of(message),
        cursor=len(text),
        counted=presenting.counted_tokens(reply),
        correlation_id=presenting.request_id(reply),
        cost_source=presenting.cost_source(reply),
        retry_after=presenting.seconds_to_wait(reply),
    )


async def wait_for_end(
    *, viewer: User, reply_id: int, timeout_seconds: float
) -> tuple[str, ReplyFinished]:
    """Follow an answer to its end for a caller that wants it whole.

    Returns:
        The text and the terminal event.

    Raises:
        MessageNotFoundError: no such answer, or not the viewer's.
        TimeoutError: it did not end in time; it goes on all the same.
    """
    parts: list[str] = []
    async with (
        asyncio.timeout(timeout_seconds),
        aclosing(follow(viewer=viewer, reply_id=reply_id)) as events,
    ):
        async for event in events:
            if isinstance(event, ReplyDelta):
                parts.append(event.text)
            elif isinstance(event, ReplySnapshot):
                parts = [event.text]
            elif isinstance(event, ReplyFinished):
                return "".join(parts), event
    raise MessageNotFoundError
