from functools import partial
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Query as Parameters
from ninja.params.functions import Body, Query

from apps.conversations import errors
from apps.conversations.constants import LIVE_STATES, ReplyState
from apps.conversations.routers.turns import (
    answer_turn,
    current_user,
    read_turn_again,
    reply_frames,
    token_of,
)
from apps.conversations.schemas import (
    FeedbackIn,
    FeedbackOut,
    MessageOut,
    RegenerateIn,
    ReplyOut,
    TurnOut,
)
from apps.conversations.services import (
    branches,
    feedback,
    following,
    messages,
    retries,
    stopping,
)
from apps.core import db
from apps.core.api import sse
from apps.core.api.auth import caller_of
from apps.core.api.pagination import Slice, paginate
from apps.core.api.responses import say
from apps.core.api.router import ApiRouter, Endpoint
from apps.core.api.schemas import Page, PageParams
from apps.llm.errors import AssistantNotFoundError
from apps.users.constants import TokenScope
from apps.users.errors import AccountRestrictedError, ModelNotAllowedError
from apps.users.services import holding

router = ApiRouter(tags=["Messages"])
CHOICE: Any = Body(RegenerateIn())
CURSOR: Any = Query(None, ge=0, le=10**9, description="Code points of the text that you have.")


@router.operation(
    "GET",
    "{int:message_id}",
    Endpoint(
        returns=MessageOut,
        message="Message.",
        scope=TokenScope.CHAT,
        errors=(errors.MessageNotFoundError,),
    ),
)
async def read_message(request: HttpRequest, message_id: int) -> MessageOut:
    """Read one message, and how the answer stands if it is one."""
    message = await db.call(
        messages.access_message, viewer=current_user(request), message_id=message_id
    )
    return MessageOut.of(message)


@router.operation(
    "GET",
    "{int:message_id}/events",
    Endpoint(
        returns=None,
        message="",
        scope=TokenScope.CHAT,
        errors=(errors.MessageNotFoundError,),
        openapi=sse.streams("The answer's events; `id:` is the cursor to resume from."),
        is_stream=True,
    ),
)
async def follow_reply(
    request: HttpRequest,
    message_id: int,
    cursor: int | None = CURSOR,
    last_event_id: str | None = sse.LAST_EVENT_ID,
) -> HttpResponseBase:
    """Follow an answer as server-sent events.

    Begins after `Last-Event-ID` or `cursor`, and ends with `reply.finished`.
    """
    position = cursor if last_event_id is None else int(last_event_id)
    await following.check_access(viewer=current_user(request), reply_id=message_id)
    frames = reply_frames(current_user(request), message_id, position or 0)
    return await sse.event_stream(frames, guard=partial(holding.stay, caller_of(request)))


@router.operation(
    "POST",
    "{int:message_id}/stop",
    Endpoint(
        returns=ReplyOut,
        message="The answer, as it stands.",
        scope=TokenScope.CHAT,
        errors=(errors.MessageNotFoundError,),
    ),
)
async def stop_reply(request: HttpRequest, message_id: int) -> ReplyOut:
    """Stop an answer; what was written is kept.

    A running one ends within a second. Stopping an ended one changes nothing and says how it ended.
    """
    reply = await db.call(stopping.stop_reply, actor=current_user(request), reply_id=message_id)
    say(request, _how_it_stands(reply.state))
    return ReplyOut.of(reply)


def _how_it_stands(state: str) -> str:
    if state in LIVE_STATES:
        return "The answer is stopping."
    if state == ReplyState.STOPPED:
        return "The answer is stopped."
    return f"There was nothing to stop: the answer had ended before, as `{state}`."


@router.operation(
    "POST",
    "{int:message_id}/regenerate",
    Endpoint(
        returns=TurnOut,
        message="The question is asked again.",
        scope=TokenScope.CHAT,
        status=202,
        errors=(
            errors.MessageNotFoundError,
            errors.ReplyInProgressError,
            errors.ReplyNotRetryableError,
            errors.MessageWithheldError,
            errors.ConversationLockedError,
            errors.ModelNotFoundError,
            AssistantNotFoundError,
            AccountRestrictedError,
            ModelNotAllowedError,
        ),
        gives={"message_id": "/reply/id"},
        read_again=read_turn_again,
        openapi=sse.may_stream("With `Accept: text/event-stream`: the new answer's events."),
    ),
)
async def regenerate_reply(
    request: HttpRequest,
    message_id: int,
    payload: RegenerateIn = CHOICE,
) -> TurnOut | HttpResponseBase:
    """Ask the same question again; the earlier answer stays as a sibling.

    Without a body whoever answered before answers once more.
    """
    turn = await retries.retry_reply(
        actor=current_user(request),
        message_id=message_id,
        assistant_id=payload.assistant_id,
        allowed_models=caller_of(request).allowed_models,
        api_token_id=token_of(request),
    )
    return await answer_turn(request, turn)


@router.operation(
    "GET",
    "{int:message_id}/versions",
    Endpoint(
        returns=Page[MessageOut],
        message="Versions.",
        scope=TokenScope.CHAT,
        errors=(errors.MessageNotFoundError,),
    ),
)
async def list_versions(
    request: HttpRequest, message_id: int, page: Parameters[PageParams]
) -> Slice:
    """List a message and its other versions, oldest first: edited questions, repeated answers."""
    rows = await db.call(
        branches.list_versions, viewer=current_user(request), message_id=message_id
    )
    found = await paginate(rows, page, order=("id",))
    return Slice([MessageOut.of(message) for message in found.items], found.next_cursor)


@router.operation(
    "PUT",
    "{int:message_id}/branch",
    Endpoint(
        returns=MessageOut,
        message="The branch of this message is shown.",
        scope=TokenScope.CHAT,
        errors=(errors.MessageNotFoundError, errors.ReplyInProgressError),
    ),
)
async def show_branch(request: HttpRequest, message_id: int) -> MessageOut:
    """Show the branch of this message: what is listed and what the model reads goes through it."""
    message, _ = await db.call(
        branches.show_branch, actor=current_user(request), message_id=message_id
    )
    return MessageOut.of(message)


@router.operation(
    "PUT",
    "{int:message_id}/feedback",
    Endpoint(
        returns=FeedbackOut | None,
        message="Feedback kept.",
        scope=TokenScope.CHAT,
        errors=(errors.MessageNotFoundError, errors.FeedbackNotPossibleError),
    ),
)
async def rate_answer(request: HttpRequest, message_id: int, payload: FeedbackIn) -> object:
    """Say what you think of an answer; saying it again changes it, without a rating it is gone."""
    return await db.call(
        feedback.rate_answer,
        actor=current_user(request),
        message_id=message_id,
        rating=payload.rating,
        reason=payload.reason,
    )
