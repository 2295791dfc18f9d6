from collections.abc import AsyncGenerator

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Query

from apps.conversations import errors, events
from apps.conversations.schemas import (
    ChatIn,
    ConversationCreateIn,
    ConversationOut,
    ConversationResponse,
    ConversationUpdateIn,
    MessageCreateIn,
    MessageListParams,
    MessageOut,
    ReplyOut,
    TurnOut,
)
from apps.conversations.services import (
    asking,
    conversations,
    following,
    messages,
    stopping,
    turns,
)
from apps.conversations.services.turns import Turn, TurnRequest
from apps.core import db
from apps.core.api import sse
from apps.core.api.auth import caller_of
from apps.core.api.idempotency import IDEMPOTENCY_KEY, mark_replay
from apps.core.api.pagination import Slice, paginate, read_number_cursor, write_number_cursor
from apps.core.api.router import ApiRouter, Endpoint
from apps.core.api.schemas import Page, PageParams
from apps.users.constants import TokenScope
from apps.users.errors import UserNotFoundError
from apps.users.models import User

conversations_router = ApiRouter(tags=["Conversations"])
messages_router = ApiRouter(tags=["Messages"])
chat_router = ApiRouter(tags=["Users"])

LIST_ORDER = ("-last_message_at", "-id")
CURSOR = Query(None, ge=0, le=10**9, description="Code points of the text that you have.")
SENT = (
    errors.InvalidMessageError,
    errors.ReplyInProgressError,
    errors.MessageWithheldError,
)


@conversations_router.operation(
    "POST",
    "",
    Endpoint(
        returns=ConversationOut,
        message="Conversation created.",
        scope=TokenScope.CHAT,
        status=201,
    ),
)
async def create_conversation(request: HttpRequest, payload: ConversationCreateIn) -> object:
    """Open an empty conversation."""
    return await db.call(
        conversations.create_conversation, actor=_user(request), title=payload.title
    )


@conversations_router.operation(
    "GET",
    "",
    Endpoint(returns=Page[ConversationOut], message="Conversations.", scope=TokenScope.CHAT),
)
async def list_conversations(request: HttpRequest, page: Query[PageParams]) -> Slice:
    """List your conversations, the last active first."""
    rows = conversations.list_conversations(viewer=_user(request))
    return await paginate(rows, page, order=LIST_ORDER)


@conversations_router.operation(
    "GET",
    "{int:conversation_id}",
    Endpoint(
        returns=ConversationOut,
        message="Conversation.",
        scope=TokenScope.CHAT,
        errors=(errors.ConversationNotFoundError,),
    ),
)
async def read_conversation(request: HttpRequest, conversation_id: int) -> object:
    """Read one conversation."""
    return await db.call(
        conversations.access_conversation,
        viewer=_user(request),
        conversation_id=conversation_id,
    )


@conversations_router.operation(
    "PATCH",
    "{int:conversation_id}",
    Endpoint(
        returns=ConversationOut,
        message="Conversation changed.",
        scope=TokenScope.CHAT,
        errors=(errors.ConversationNotFoundError,),
    ),
)
async def update_conversation(
    request: HttpRequest, conversation_id: int, payload: ConversationUpdateIn
) -> object:
    """Give a conversation a title of your own."""
    return await db.call(
        conversations.rename_conversation,
        actor=_user(request),
        conversation_id=conversation_id,
        title=payload.title,
    )


@conversations_router.operation(
    "DELETE",
    "{int:conversation_id}",
    Endpoint(
        returns=None,
        message="Conversation deleted.",
        scope=TokenScope.CHAT,
        errors=(errors.ConversationNotFoundError,),
    ),
)
async def delete_conversation(request: HttpRequest, conversation_id: int) -> None:
    """Delete a conversation; an answer that is being written is stopped."""
    await db.call(
        conversations.delete_conversation,
        actor=_user(request),
        conversation_id=conversation_id,
    )


@conversations_router.operation(
    "GET",
    "{int:conversation_id}/messages",
    Endpoint(
        returns=Page[MessageOut],
        message="Messages.",
        scope=TokenScope.CHAT,
        errors=(errors.ConversationNotFoundError,),
    ),
)
async def list_messages(
    request: HttpRequest, conversation_id: int, page: Query[MessageListParams]
) -> Slice:
    """List the messages of a conversation, from its beginning or from its end."""
    is_oldest = page.order == "oldest"
    salt = f"messages:{page.order}"
    number = read_number_cursor(page.cursor, salt=salt)
    found = await db.call(
        messages.list_messages,
        viewer=_user(request),
        conversation_id=conversation_id,
        after=(number or 0) if is_oldest else None,
        before=None if is_oldest else number,
        limit=page.limit,
    )
    rows = found.messages if is_oldest else found.messages[::-1]
    next_cursor = write_number_cursor(rows[-1].pk, salt=salt) if found.has_more else None
    return Slice([MessageOut.of(message) for message in rows], next_cursor)


@conversations_router.operation(
    "POST",
    "{int:conversation_id}/messages",
    Endpoint(
        returns=TurnOut,
        message="Message accepted. Its answer is on the way.",
        scope=TokenScope.CHAT,
        status=202,
        errors=(*SENT, errors.ConversationNotFoundError, errors.ClientIdReusedError),
        openapi=sse.may_stream(
            "With `Accept: text/event-stream`: `message.accepted`, then the answer's events."
        ),
    ),
)
async def send_message(
    request: HttpRequest,
    conversation_id: int,
    payload: MessageCreateIn,
    idempotency_key: str | None = IDEMPOTENCY_KEY,
) -> TurnOut | HttpResponseBase:
    """Send a message to the model.

    The answer is written by a worker. With `Accept: text/event-stream` it streams at once;
    otherwise follow it at `messages/{reply.id}/events`.
    """
    turn = await turns.start_turn(
        actor=_user(request),
        request=TurnRequest(
            conversation_id=conversation_id, client_id=idempotency_key, **payload.model_dump()
        ),
    )
    return await _answer_turn(request, turn)


@messages_router.operation(
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
    message = await db.call(messages.access_message, viewer=_user(request), message_id=message_id)
    return MessageOut.of(message)


@messages_router.operation(
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
    await following.check_access(viewer=_user(request), reply_id=message_id)
    return await sse.event_stream(_reply_frames(_user(request), message_id, position or 0))


@messages_router.operation(
    "POST",
    "{int:message_id}/stop",
    Endpoint(
        returns=ReplyOut,
        message="The answer is stopping.",
        scope=TokenScope.CHAT,
        errors=(errors.MessageNotFoundError,),
    ),
)
async def stop_reply(request: HttpRequest, message_id: int) -> ReplyOut:
    """Stop an answer; what was written is kept. Stopping an ended one changes nothing."""
    reply = await db.call(stopping.stop_reply, actor=_user(request), reply_id=message_id)
    return ReplyOut.of(reply)


@messages_router.operation(
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
        ),
        openapi=sse.may_stream("With `Accept: text/event-stream`: the new answer's events."),
    ),
)
async def regenerate_reply(request: HttpRequest, message_id: int) -> TurnOut | HttpResponseBase:
    """Ask the same question again; the earlier answer stays as a sibling."""
    turn = await turns.retry_reply(actor=_user(request), message_id=message_id)
    return await _answer_turn(request, turn)


@chat_router.operation(
    "POST",
    "{int:user_id}/chat",
    Endpoint(
        returns=ConversationResponse,
        message="Answer.",
        scope=TokenScope.CHAT,
        errors=(
            *SENT,
            errors.ClientIdReusedError,
            errors.ConversationNotFoundError,
            UserNotFoundError,
            errors.ReplyFailedError,
            errors.ReplyNotReadyError,
        ),
    ),
)
async def chat(
    request: HttpRequest,
    user_id: int,
    payload: ChatIn,
    idempotency_key: str | None = IDEMPOTENCY_KEY,
) -> ConversationResponse:
    """Send a message and wait for the whole answer.

    An answer that ended otherwise than well is an error with the code of its end.
    """
    answered = await asking.ask(
        actor=_user(request),
        user_id=user_id,
        request=TurnRequest(
            conversation_id=payload.conversation_id,
            content=payload.message,
            client_id=idempotency_key,
            context=payload.context,
            metadata=payload.metadata,
        ),
    )
    turn = answered.turn
    if not turn.created:
        mark_replay(request)
    return ConversationResponse(
        id=turn.reply.pk,
        user_id=user_id,
        message=turn.message.content,
        response=answered.text,
        conversation_id=turn.conversation.pk,
        created_at=turn.message.created_at,
        metadata=turn.message.metadata,
    )


async def _answer_turn(request: HttpRequest, turn: Turn) -> TurnOut | HttpResponseBase:
    if not turn.created:
        mark_replay(request)
    if sse.is_wanted(request):
        return await sse.event_stream(_turn_frames(_user(request), turn))
    return TurnOut(message=MessageOut.of(turn.message), reply=ReplyOut.of(turn.reply))


async def _turn_frames(viewer: User, turn: Turn) -> AsyncGenerator[sse.ServerSentEvent, None]:
    yield _frame(turn.event or turns.accepted_event(turn))
    async for frame in _reply_frames(viewer, turn.reply.pk, 0):
        yield frame


async def _reply_frames(
    viewer: User, reply_id: int, cursor: int
) -> AsyncGenerator[sse.ServerSentEvent, None]:
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


def _user(request: HttpRequest) -> User:
    user: User = caller_of(request).user
    return user
