"""Following an answer, for socket and SSE alike: what exists, then each batch, then its one end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
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
)
from apps.conversations.models import Message, Reply
from apps.conversations.services import presenting, watching
from apps.conversations.services.messages import access_message
from apps.core import db
from apps.core.realtime.frames import StartFrame, TextFrame
from apps.core.realtime.hub import Subscription, TextHub, get_hub
from apps.users.models import User

CONNECT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Known:
    """What PostgreSQL says of an answer: its stored text, and its end if it has one."""

    model: str
    state: str
    text: str
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
    with hub.subscribe(reply_id) as subscription:
        watching.ensure_watching()
        await hub.wait_until_connected(timeout_seconds=CONNECT_SECONDS)
        known = await db.call(_read, viewer, reply_id)
        position = _Position(reply_id, cursor)
        if known.finished is not None:
            for event in position.end(known.finished, known.text):
                yield event
            return
        if known.state == constants.ReplyState.RUNNING:
            yield ReplyStarted(reply_id, known.model)
        async for event in _follow_live(viewer, hub, subscription, position, known.text):
            yield event


async def _follow_live(
    viewer: User, hub: TextHub, subscription: Subscription, position: _Position, checkpoint: str
) -> AsyncGenerator[ReplyEvent, None]:
    for event in position.catch_up(await _best_text(hub, position.reply_id, checkpoint)):
        yield event
    subscription.has_gap = False
    while True:
        await subscription.wait()
        for event in position.take(subscription):
            yield event
        if not (subscription.has_ended or subscription.has_gap):
            continue
        subscription.has_gap = False
        known = await db.call(_read, viewer, position.reply_id)
        if known.finished is not None:
            for event in position.end(known.finished, known.text):
                yield event
            return
        subscription.has_ended = False
        text = await _best_text(hub, position.reply_id, known.text)
        for event in position.catch_up(text):
            yield event


class _Position:
    """How much of an answer a follower has, and what it needs next."""

    def __init__(self, reply_id: int, cursor: int) -> None:
        self.reply_id = reply_id
        self.cursor = max(cursor, 0)

    def take(self, subscription: Subscription) -> list[ReplyEvent]:
        """Return what waits for the follower, and mark a gap where a frame does not join."""
        events: list[ReplyEvent] = []
        while subscription.frames:
            frame = subscription.frames.popleft()
            if isinstance(frame, StartFrame):
                events.append(ReplyStarted(frame.reply_id, frame.model))
            elif isinstance(frame, TextFrame):
                if frame.start > self.cursor:
                    subscription.has_gap = True
                delta = self.join(frame)
                if delta is not None:
                    events.append(delta)
        return events

    def join(self, frame: TextFrame) -> ReplyDelta | None:
        """Return the part of a frame that is new, None if it is old or does not join."""
        end = frame.start + len(frame.text)
        if frame.start > self.cursor or end <= self.cursor:
            return None
        text = frame.text[self.cursor - frame.start :]
        self.cursor = end
        return ReplyDelta(self.reply_id, text, end)

    def catch_up(self, text: str) -> list[ReplyEvent]:
        """Return what is missing up to this text."""
        if len(text) <= self.cursor:
            return []
        missing = text[self.cursor :]
        self.cursor = len(text)
        return [ReplyDelta(self.reply_id, missing, self.cursor)]

    def end(self, finished: ReplyFinished, text: str) -> list[ReplyEvent]:
        """Return the last events: the rest of the text, or what replaces it."""
        events: list[ReplyEvent]
        if len(text) < self.cursor or finished.state == constants.ReplyState.WITHHELD:
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


def _read(viewer: User, reply_id: int) -> _Known:
    message = access_message(viewer=viewer, message_id=reply_id)
    reply = Reply.objects.filter(pk=message.pk).first()
    if reply is None:
        raise MessageNotFoundError
    text = presenting.visible_text(message)
    finished = None if reply.is_live else finished_event(message, reply)
    return _Known(reply.model, reply.state, text, finished)


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
        notice=presenting.hidden_notice(message) or presenting.reply_notice(reply),
        usage=usage,
        cost=None,
        html=presenting.html_of(message),
        cursor=len(text),
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
    async with asyncio.timeout(timeout_seconds):
        async for event in follow(viewer=viewer, reply_id=reply_id):
            if isinstance(event, ReplyDelta):
                parts.append(event.text)
            elif isinstance(event, ReplySnapshot):
                parts = [event.text]
            elif isinstance(event, ReplyFinished):
                return "".join(parts), event
    raise MessageNotFoundError
