from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Query

from apps.conversations import errors
from apps.conversations.routers.turns import SENT, answer_turn, current_user, token_of
from apps.conversations.schemas import (
    ConversationCreateIn,
    ConversationListParams,
    ConversationOut,
    ConversationUpdateIn,
    MessageCreateIn,
    MessageListParams,
    MessageOut,
    TurnOut,
)
from apps.conversations.services import conversations, deleting, messages, sending
from apps.conversations.services.turns import TurnRequest
from apps.core import db
from apps.core.api import sse
from apps.core.api.auth import caller_of
from apps.core.api.etags import precondition
from apps.core.api.idempotency import IDEMPOTENCY_KEY, fingerprint_of
from apps.core.api.pagination import (
    Slice,
    paginate,
    read_number_cursor,
    write_number_cursor,
)
from apps.core.api.router import ApiRouter, Endpoint
from apps.core.api.schemas import Page
from apps.llm.errors import AssistantNotFoundError
from apps.users.constants import TokenScope

router = ApiRouter(tags=["Conversations"])

LISTS = {
    "open": (conversations.list_conversations, ("-last_message_at", "-id")),
    "archived": (deleting.list_archived, ("-archived_at", "-id")),
    "deleted": (deleting.list_deleted, ("-deleted_at", "-id")),
}


async def _read_again(request: HttpRequest, answered: dict[str, Any]) -> object:
    """Answer a conversation once more, with the title that it may have now."""
    return await db.call(
        conversations.access_conversation,
        viewer=current_user(request),
        conversation_id=answered["id"],
    )


@router.operation(
    "POST",
    "",
    Endpoint(
        returns=ConversationOut,
        message="Conversation created.",
        scope=TokenScope.CHAT,
        status=201,
        errors=(AssistantNotFoundError,),
        tagged_as=ConversationOut,
        untagged=ConversationOut.moving_when_new,
        gives={"conversation_id": "/id"},
    ),
)
async def create_conversation(request: HttpRequest, payload: ConversationCreateIn) -> object:
    """Open an empty conversation."""
    return await db.call(
        conversations.create_conversation, actor=current_user(request), **payload.model_dump()
    )


@router.operation(
    "GET",
    "",
    Endpoint(
        returns=Page[ConversationOut],
        message="Conversations.",
        scope=TokenScope.CHAT,
        gives={"conversation_id": "/items/0/id"},
    ),
)
async def list_conversations(request: HttpRequest, page: Query[ConversationListParams]) -> Slice:
    """List your conversations, the last active first.

    Or those that you put away, or deleted and can still have back, the last such first.
    """
    listing, order = LISTS[page.state]
    return await paginate(listing(viewer=current_user(request)), page, order=order)


@router.operation(
    "GET",
    "{int:conversation_id}",
    Endpoint(
        returns=ConversationOut,
        message="Conversation.",
        scope=TokenScope.CHAT,
        errors=(errors.ConversationNotFoundError,),
        untagged=ConversationOut.moving,
    ),
)
async def read_conversation(request: HttpRequest, conversation_id: int) -> object:
    """Read one conversation."""
    return await db.call(
        conversations.access_conversation,
        viewer=current_user(request),
        conversation_id=conversation_id,
    )


@router.operation(
    "PATCH",
    "{int:conversation_id}",
    Endpoint(
        returns=ConversationOut,
        message="Conversation changed.",
        scope=TokenScope.CHAT,
        errors=(errors.ConversationNotFoundError,),
        is_conditional=True,
        untagged=ConversationOut.moving,
    ),
)
async def update_conversation(
    request: HttpRequest, conversation_id: int, payload: ConversationUpdateIn
) -> object:
    """Give a conversation a title of your own, put it away or back into the list."""
    return await db.call(
        conversations.update_conversation,
        actor=current_user(request),
        conversation_id=conversation_id,
        precondition=precondition(request, ConversationOut, untagged=ConversationOut.moving),
        **payload.model_dump(exclude_unset=True),
    )


@router.operation(
    "DELETE",
    "{int:conversation_id}",
    Endpoint(
        returns=None,
        message="Conversation deleted.",
        scope=TokenScope.CHAT,
        errors=(errors.ConversationNotFoundError,),
        is_conditional=True,
    ),
)
async def delete_conversation(request: HttpRequest, conversation_id: int) -> None:
    """Delete a conversation; an answer that is being written is stopped.

    It can be restored for some time, 30 days where nothing else is set, and is removed then.
    """
    await db.call(
        deleting.delete_conversation,
        actor=current_user(request),
        conversation_id=conversation_id,
        precondition=precondition(request, ConversationOut, untagged=ConversationOut.moving),
    )


@router.operation(
    "POST",
    "{int:conversation_id}/restore",
    Endpoint(
        returns=ConversationOut,
        message="Conversation restored.",
        scope=TokenScope.CHAT,
        errors=(errors.ConversationNotFoundError,),
        tagged_as=ConversationOut,
        untagged=ConversationOut.moving,
        read_again=_read_again,
    ),
)
async def restore_conversation(request: HttpRequest, conversation_id: int) -> object:
    """Have a deleted conversation back."""
    return await db.call(
        deleting.restore_conversation,
        actor=current_user(request),
        conversation_id=conversation_id,
    )


@router.operation(
    "GET",
    "{int:conversation_id}/messages",
    Endpoint(
        returns=Page[MessageOut],
        message="Messages.",
        scope=TokenScope.CHAT,
        errors=(errors.ConversationNotFoundError,),
        gives={"message_id": "/items/0/id"},
    ),
)
async def list_messages(
    request: HttpRequest, conversation_id: int, page: Query[MessageListParams]
) -> Slice:
    """List the messages of a conversation, from its beginning or from its end."""
    is_oldest = page.order == "oldest"
    number = read_number_cursor(page)
    found = await db.call(
        messages.list_messages,
        viewer=current_user(request),
        conversation_id=conversation_id,
        after=(number or 0) if is_oldest else None,
        before=None if is_oldest else number,
        limit=page.limit,
    )
    rows = found.messages if is_oldest else found.messages[::-1]
    next_cursor = write_number_cursor(rows[-1].pk, page) if found.has_more else None
    return Slice([MessageOut.of(message) for message in rows], next_cursor)


@router.operation(
    "POST",
    "{int:conversation_id}/messages",
    Endpoint(
        returns=TurnOut,
        message="Message accepted. Its answer is on the way.",
        scope=TokenScope.CHAT,
        status=202,
        errors=(
            *SENT,
            errors.ConversationNotFoundError,
            errors.MessageNotFoundError,
            errors.MessageNotEditableError,
            AssistantNotFoundError,
        ),
        has_own_key=True,
        gives={"message_id": "/reply/id"},
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
    otherwise follow it at `messages/{reply.id}/events`. With `edits_message_id` it is a new version
    of an earlier question, and what followed that one stays on its own branch.
    """
    turn = await sending.send(
        actor=current_user(request),
        request=TurnRequest(
            conversation_id=conversation_id,
            client_id=idempotency_key,
            fingerprint=fingerprint_of(request),
            allowed_models=caller_of(request).allowed_models,
            api_token_id=token_of(request),
            **payload.model_dump(),
        ),
    )
    return await answer_turn(request, turn)
