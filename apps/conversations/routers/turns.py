"""What the routers share: answering a turn, at once or as a stream."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import partial
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.conversations import errors, events
from apps.conversations.schemas import MessageOut, ReplyOut, TurnOut
from apps.conversations.services import following, retries, turns
from apps.conversations.services.turns import Turn
from apps.core import db
from apps.core.api import sse
from apps.core.api.auth import caller_of
from apps.core.api.idempotency import keep_for_stream, mark_replay
from apps.users.errors import AccountRestrictedError, ModelNotAllowedError
from apps.users.services import holding

if TYPE_CHECKING:
    from apps.users.models import User

SENT = (
    errors.InvalidMessageError,
    errors.ReplyInProgressError,
    errors.MessageWithheldError,
    errors.ConversationLockedError,
    AccountRestrictedError,
    ModelNotAllowedError,
)


async def answer_turn(request: HttpRequest, turn: Turn) -> TurnOut | HttpResponseBase:
    """Answer a turn as the caller asks for it: as a stream at once, or as accepted."""
    if not turn.created:
        mark_replay(request)
    accepted = TurnOut(message=MessageOut.of(turn.message), reply=ReplyOut.of(turn.reply))
    if sse.is_wanted(request):
        keep_for_stream(request, accepted)
        frames = turn_frames(current_user(request), turn)
        return await sse.event_stream(frames, guard=partial(holding.stay, caller_of(request)))
    return accepted


async def read_turn_again(request: HttpRequest, answered: dict[str, Any]) -> TurnOut:
    """Answer an accepted turn once more, as its owner may see it now."""
    turn = await db.call(
        retries.read_turn, viewer=current_user(request), reply_id=answered["reply"]["id"]
    )
    return TurnOut(message=MessageOut.of(turn.message), reply=ReplyOut.of(turn.reply))


async def turn_frames(viewer: User, turn: Turn) -> AsyncGenerator[sse.ServerSentEvent, None]:
    """Yield that the message was accepted, then its answer."""
    yield _frame(turn.event or turns.accepted_event(turn))
    async for frame in reply_frames(viewer, turn.reply.pk, 0):
        yield frame


async def reply_frames(
    viewer: User, reply_id: int, cursor: int
) -> AsyncGenerator[sse.ServerSentEvent, None]:
    """Yield what the viewer misses of an answer, live until its end."""
    stream = following.follow(viewer=viewer, reply_id=reply_id, cursor=cursor)
    try:
        async for event in stream:
            yield _frame(event)
    finally:
        await stream.aclose()


def _frame(event: events.Event) -> sse.ServerSentEvent:
    position = getattr(event, "cursor", None)
    return sse.ServerSentEvent(
        events.type_of(event),
        events.encode(event).encode(),
        None if position is None else str(position),
    )


def token_of(request: HttpRequest) -> int | None:
    """Return the number of the token that came with the request."""
    number: int | None = caller_of(request).api_token_id
    return number


def current_user(request: HttpRequest) -> User:
    """Return whose token came with the request."""
    user: User = caller_of(request).user
    return user
