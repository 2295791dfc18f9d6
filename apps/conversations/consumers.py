"""The chat socket: one for a page; a table of frames, each calling one service."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

import msgspec

from apps.conversations import socket_frames as frames
from apps.conversations.errors import InvalidFrameError
from apps.conversations.events import (
    ErrorEvent,
    Event,
    PageMissed,
    Pong,
    ReplyDelta,
    ReplySnapshot,
    encode,
)
from apps.conversations.services import (
    branches,
    conversations,
    following,
    retries,
    stopping,
    turns,
)
from apps.core import db
from apps.core.correlation import begin_anew, get_correlation_id
from apps.core.error_handling import report_error
from apps.core.errors import AppError
from apps.core.realtime.credit import CreditWindow
from apps.users.constants import TokenScope
from apps.users.consumers import PersonConsumer

MAX_FOLLOWED = 20
MAX_FRAME_BYTES = 65_536
MAX_CAUSES = 64
TOLD_AT_ONCE = ("message.accepted", "branch.shown")


class ChatConsumer(PersonConsumer):
    """One open page of a person, or one program."""

    scope_needed = TokenScope.CHAT
    max_frames_per_minute = 600

    async def connect(self) -> None:
        """Let a signed-in person's own page, or a program with a token, in."""
        self._follows: dict[int, asyncio.Task[None]] = {}
        self._credit = CreditWindow()
        self._own_causes: deque[str] = deque(maxlen=MAX_CAUSES)
        await super().connect()

    def tasks(self) -> list[asyncio.Task[None]]:
        """Return what passes answers on; the answers themselves go on."""
        return list(self._follows.values())

    async def tell_why(self, error: AppError) -> None:
        """Tell a page why and until when its person is suspended."""
        await self._error(error.code, error.message, None)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Do what one frame asks; a frame that cannot be done is answered with an error event."""
        begin_anew()
        if not await self.takes_frame():
            return
        client_id: str | None = None
        try:
            if text_data is None or len(text_data) > MAX_FRAME_BYTES:
                await self._error(InvalidFrameError.code, "Send one JSON object up to 64 kB.", None)
                return
            frame = frames.decode(text_data)
            client_id = getattr(frame, "client_id", None)
            if not isinstance(frame, frames.Ack | frames.Ping) and not await self.recheck():
                return
            await self._handlers[type(frame)](self, frame)
        except msgspec.MsgspecError:
            await self._error(InvalidFrameError.code, InvalidFrameError.default_message, None)
        except AppError as error:
            await self._error(error.code, error.message, client_id)
        except Exception as error:  # noqa: BLE001  the socket's own door to the error utility
            described = report_error(error, transport="socket")
            await self._error(described.code, described.message, client_id)

    async def page_event(self, message: dict[str, Any]) -> None:
        """Pass on what was announced to this person's pages."""
        event = message["event"]
        if event["type"] == "auth.revoked":
            await self.recheck()
            return
        if event["type"] in TOLD_AT_ONCE and message.get("cause") in self._own_causes:
            return
        await self.send(text_data=msgspec.json.encode(event).decode())

    async def page_missed(self, message: dict[str, Any]) -> None:
        """Have the page look again, if this person may still be here: a word may be lost."""
        del message
        if await self.recheck():
            await self._send(PageMissed())

    async def _message_send(self, frame: frames.MessageSend) -> None:
        turn = await turns.start_turn(
            actor=self.principal.user,
            request=turns.TurnRequest(
                conversation_id=frame.conversation_id,
                content=frame.content,
                client_id=frame.client_id,
                edits_message_id=frame.edits_message_id,
                allowed_models=self.principal.allowed_models,
                api_token_id=self.principal.api_token_id,
                assistant_id=frame.assistant_id,
            ),
        )
        await self._tell_at_once(turn.event or turns.accepted_event(turn))
        self._follow(turn.reply.pk, 0)

    async def _reply_follow(self, frame: frames.ReplyFollow) -> None:
        self._follow(frame.reply_id, frame.cursor)

    async def _reply_stop(self, frame: frames.ReplyStop) -> None:
        await db.call(stopping.stop_reply, actor=self.principal.user, reply_id=frame.reply_id)

    async def _reply_retry(self, frame: frames.ReplyRetry) -> None:
        turn = await retries.retry_reply(
            actor=self.principal.user,
            message_id=frame.message_id,
            assistant_id=frame.assistant_id,
            allowed_models=self.principal.allowed_models,
            api_token_id=self.principal.api_token_id,
        )
        if turn.event is not None:
            await self._tell_at_once(turn.event)
        self._follow(turn.reply.pk, 0)

    async def _branch_show(self, frame: frames.BranchShow) -> None:
        _, event = await db.call(
            branches.show_branch, actor=self.principal.user, message_id=frame.message_id
        )
        await self._tell_at_once(event)

    async def _conversation_read(self, frame: frames.ConversationRead) -> None:
        await db.call(
            conversations.mark_read,
            viewer=self.principal.user,
            conversation_id=frame.conversation_id,
        )

    async def _ack(self, frame: frames.Ack) -> None:
        self._credit.acknowledge(frame.cursors)

    async def _ping(self, frame: frames.Ping) -> None:
        del frame
        await self._send(Pong())

    _handlers: ClassVar[dict[type[Any], Callable[..., Awaitable[None]]]] = {
        frames.MessageSend: _message_send,
        frames.ReplyFollow: _reply_follow,
        frames.ReplyStop: _reply_stop,
        frames.ReplyRetry: _reply_retry,
        frames.BranchShow: _branch_show,
        frames.ConversationRead: _conversation_read,
        frames.Ack: _ack,
        frames.Ping: _ping,
    }

    def _follow(self, reply_id: int, cursor: int) -> None:
        """Follow an answer in a task of its own; asking again starts over from the new cursor."""
        running = self._follows.pop(reply_id, None)
        if running is not None:
            running.cancel()
        while len(self._follows) >= MAX_FOLLOWED:
            oldest = next(iter(self._follows))
            self._follows.pop(oldest).cancel()
        self._credit.forget(reply_id)
        self._follows[reply_id] = asyncio.create_task(self._pump(reply_id, cursor))

    async def _pump(self, reply_id: int, cursor: int) -> None:
        try:
            stream = following.follow(viewer=self.principal.user, reply_id=reply_id, cursor=cursor)
            async with contextlib.aclosing(stream) as events:
                async for event in events:
                    if isinstance(event, ReplyDelta | ReplySnapshot):
                        await self._credit.spend(reply_id, event.cursor, len(event.text))
                    await self._send(event)
        except OSError:
            return
        except Exception as error:  # noqa: BLE001  the socket's own door to the error utility
            described = report_error(error, transport="socket")
            with contextlib.suppress(OSError):
                await self._error(described.code, described.message, None)
        finally:
            if self._follows.get(reply_id) is asyncio.current_task():
                del self._follows[reply_id]
                self._credit.forget(reply_id)

    async def _error(self, code: str, message: str, client_id: str | None) -> None:
        await self._send(ErrorEvent(code, message, get_correlation_id(), client_id))

    async def _tell_at_once(self, event: Event) -> None:
        """Tell the sender of a frame what came of it; the same comes to all their pages later."""
        self._own_causes.append(get_correlation_id())
        await self._send(event)

    async def _send(self, event: Event) -> None:
        await self.send(text_data=encode(event))
