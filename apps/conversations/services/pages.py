"""What the chat pages show, prepared in few queries."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from django.conf import settings

from apps.conversations import constants
from apps.conversations.errors import MessageNotEditableError
from apps.conversations.models import Conversation
from apps.conversations.services import branches, choosing, messages, presenting, showing, sidebar
from apps.conversations.services.conversations import access_conversation
from apps.users.models import User

TRANSCRIPT_SIZE = 50
BEFORE_FOUND = 15
BRANCH_SIZE = 200


def new_page(*, viewer: User, after: str = "") -> dict[str, Any]:
    """Return the context of the page where a conversation begins; `after` is a place of the list.

    Raises:
        ConversationNotFoundError: this is no place of the list.
    """
    return {**_frame(viewer, None, after), "transcript": [], "older_cursor": None}


def conversation_page(
    *,
    viewer: User,
    conversation_id: int,
    before: int | None = None,
    after: int | None = None,
    around: int | None = None,
) -> dict[str, Any]:
    """Return the context of one conversation: its newest screen, or the one at a message.

    Raises:
        ConversationNotFoundError: it does not exist or belongs to somebody else.
    """
    conversation = access_conversation(viewer=viewer, conversation_id=conversation_id)
    return {
        **_frame(viewer, conversation, ""),
        **transcript_of(
            viewer=viewer,
            conversation_id=conversation_id,
            before=before,
            after=after,
            around=around,
        ),
        "conversation": _head_of(conversation),
    }


def transcript_of(
    *,
    viewer: User,
    conversation_id: int,
    before: int | None = None,
    after: int | None = None,
    around: int | None = None,
) -> dict[str, Any]:
    """Return one screen of messages, and the cursors of the screens before and after it.

    Args:
        viewer: the owner.
        conversation_id: which conversation.
        before: the screen that ends before this message.
        after: the screen that begins after this message.
        around: the screen with this message in it.

    Raises:
        ConversationNotFoundError: it does not exist or belongs to somebody else.
    """
    page = partial(messages.list_messages, viewer=viewer, conversation_id=conversation_id)
    has_older, has_newer = False, before is not None
    if around is not None:
        head = page(before=around, limit=BEFORE_FOUND)
        tail = page(after=around - 1, limit=TRANSCRIPT_SIZE)
        rows, has_older, has_newer = head.messages + tail.messages, head.has_more, tail.has_more
    elif after is not None:
        tail = page(after=after, limit=TRANSCRIPT_SIZE)
        rows, has_older, has_newer = tail.messages, True, tail.has_more
    else:
        head = page(before=before, limit=TRANSCRIPT_SIZE)
        rows, has_older = head.messages, head.has_more
    shown = showing.show_messages(rows)
    active = next((message for message in shown if message.state in constants.LIVE_STATES), None)
    return {
        "transcript": shown,
        "older_cursor": rows[0].pk if rows and has_older else None,
        "newer_cursor": rows[-1].pk if rows and has_newer else None,
        "active_reply": {"id": active.id} if active else None,
        "conversation": {"id": conversation_id},
    }


def screen_of(
    *, viewer: User, conversation_id: int, before: int | None, after: int | None
) -> dict[str, Any]:
    """Return one further screen, which goes on where an open page ends: on that side alone.

    Without a cursor it is the newest screen, as a page asks for it after a gap; what the head of
    the page shows comes with it.

    Raises:
        ConversationNotFoundError: it does not exist or belongs to somebody else.
    """
    screen = transcript_of(
        viewer=viewer, conversation_id=conversation_id, before=before, after=after
    )
    if before is None and after is None:
        conversation = access_conversation(viewer=viewer, conversation_id=conversation_id)
        screen["head"] = screen["conversation"] = _head_of(conversation)
    return {**screen, "newer_cursor" if after is None else "older_cursor": None}


def branch_of(*, viewer: User, message_id: int) -> dict[str, Any]:
    """Return what is shown from a message on, to take the place of another branch.

    Raises:
        MessageNotFoundError: no such message, or not the viewer's.
    """
    message = messages.access_message(viewer=viewer, message_id=message_id)
    page = messages.list_messages(
        viewer=viewer,
        conversation_id=message.conversation_id,
        after=message_id - 1,
        limit=BRANCH_SIZE,
    )
    return {
        "transcript": showing.show_messages(page.messages),
        "older_cursor": None,
        "is_cut": page.has_more,
        "conversation": {"id": message.conversation_id},
    }


def edit_page(*, viewer: User, message_id: int) -> dict[str, Any]:
    """Return the context of the page on which a question is edited without a script.

    Raises:
        MessageNotFoundError: no such message, or not the viewer's.
        MessageNotEditableError: it is no question that may be edited.
    """
    message = messages.access_message(viewer=viewer, message_id=message_id)
    if not branches.can_be_edited(message):
        raise MessageNotEditableError
    return {
        "message_id": message.pk,
        "conversation_id": message.conversation_id,
        "typed": message.content,
        "client_id": str(uuid.uuid4()),
        "message_limit": constants.MAX_MESSAGE_CHARS,
        "problem": "",
    }


def _head_of(conversation: Conversation) -> dict[str, Any]:
    return {
        "id": conversation.pk,
        "title": conversation.display_title,
        "is_archived": conversation.archived_at is not None,
        "locked": presenting.locked_notice(conversation),
    }


def _frame(viewer: User, conversation: Conversation | None, after: str) -> dict[str, Any]:
    current_id = conversation.pk if conversation else None
    offered = choosing.list_offered(viewer=viewer).assistants
    kept = conversation.assistant_id if conversation is not None else None
    is_kept = kept in {one.id for one in offered}
    return {
        **sidebar.sidebar_of(viewer=viewer, after=after, current_id=current_id),
        "assistants": offered,
        "assistant_id": kept if is_kept else offered[0].id if offered else None,
        "conversation": None,
        "active_reply": None,
        "client_id": str(uuid.uuid4()),
        "message_limit": constants.MAX_MESSAGE_CHARS,
        "can_share": settings.SHARING,
        "composer_text": "",
        "composer_error": "",
    }
