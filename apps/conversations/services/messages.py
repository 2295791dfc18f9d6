"""Messages of a conversation, one page at a time."""

from __future__ import annotations

from dataclasses import dataclass

from apps.conversations.errors import MessageNotFoundError
from apps.conversations.models import Message
from apps.conversations.services.conversations import access_conversation
from apps.users.models import User

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class MessagePage:
    """Messages as they were written, and whether there are more on the side that was asked."""

    messages: list[Message]
    has_more: bool


def list_messages(
    *,
    viewer: User,
    conversation_id: int,
    before: int | None = None,
    after: int | None = None,
    limit: int = PAGE_SIZE,
) -> MessagePage:
    """Return one page of the branch that is shown.

    Args:
        viewer: the owner.
        conversation_id: which conversation.
        before: only messages with a smaller number: the page that ends there.
        after: only messages with a larger number: the page that begins there.
        limit: at most this many.

    Raises:
        ConversationNotFoundError: it does not exist or belongs to somebody else.
    """
    conversation = access_conversation(viewer=viewer, conversation_id=conversation_id)
    rows = (
        Message.objects.of_conversation(conversation).on_path().select_related("reply", "feedback")
    )
    if after is not None:
        page = list(rows.after_number(after).order_by("id")[: limit + 1])
        return MessagePage(page[:limit], len(page) > limit)
    if before is not None:
        rows = rows.before_number(before)
    page = list(rows.order_by("-id")[: limit + 1])
    return MessagePage(page[:limit][::-1], len(page) > limit)


def access_message(*, viewer: User, message_id: int, includes_deleted: bool = False) -> Message:
    """Return one message of the viewer's conversations, with its conversation and reply.

    Args:
        viewer: the owner.
        message_id: which message.
        includes_deleted: also in a conversation that the viewer has deleted.

    Raises:
        MessageNotFoundError: it does not exist or belongs to somebody else.
    """
    rows = (
        Message.objects.owned_by(viewer) if includes_deleted else Message.objects.visible_to(viewer)
    )
    message = rows.select_related("conversation", "reply", "feedback").filter(pk=message_id).first()
    if message is None:
        raise MessageNotFoundError
    return message
