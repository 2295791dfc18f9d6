"""What the chat pages show, prepared in few queries."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from apps.conversations import constants
from apps.conversations.errors import MessageNotEditableError
from apps.conversations.models import Conversation, Reply
from apps.conversations.services import branches, messages, presenting, showing
from apps.conversations.services.conversations import access_conversation, list_conversations
from apps.users.models import User

SIDEBAR_SIZE = 50
TRANSCRIPT_SIZE = 50
BRANCH_SIZE = 200


@dataclass(frozen=True, slots=True)
class SidebarItem:
    """One conversation in the list."""

    id: int
    title: str
    is_current: bool
    is_answering: bool


@dataclass(frozen=True, slots=True)
class SidebarGroup:
    """Conversations of one span of days."""

    label: str
    conversations: list[SidebarItem]


def new_page(*, viewer: User, before: int | None = None) -> dict[str, Any]:
    """Return the context of the page where a conversation begins."""
    return {**_frame(viewer, None, before), "transcript": [], "older_cursor": None}


def conversation_page(
    *, viewer: User, conversation_id: int, before: int | None = None
) -> dict[str, Any]:
    """Return the context of one conversation: the newest screen of it, or the one before a message.

    Raises:
        ConversationNotFoundError: it does not exist or belongs to somebody else.
    """
    conversation = access_conversation(viewer=viewer, conversation_id=conversation_id)
    return {
        **_frame(viewer, conversation, None),
        **transcript_of(viewer=viewer, conversation_id=conversation_id, before=before),
        "conversation": {
            "id": conversation.pk,
            "title": conversation.display_title,
            "locked": presenting.locked_notice(conversation),
        },
    }


def transcript_of(
    *, viewer: User, conversation_id: int, before: int | None = None
) -> dict[str, Any]:
    """Return one screen of messages and the cursor of the screen before it.

    Raises:
        ConversationNotFoundError: it does not exist or belongs to somebody else.
    """
    page = messages.list_messages(
        viewer=viewer, conversation_id=conversation_id, before=before, limit=TRANSCRIPT_SIZE
    )
    shown = showing.show_messages(page.messages)
    active = next((message for message in shown if message.state in constants.LIVE_STATES), None)
    return {
        "transcript": shown,
        "older_cursor": page.messages[0].pk if page.has_more else None,
        "active_reply": {"id": active.id} if active else None,
        "conversation": {"id": conversation_id},
    }


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


def _frame(viewer: User, conversation: Conversation | None, before: int | None) -> dict[str, Any]:
    listed = list_conversations(viewer=viewer)
    if before is not None:
        edge = access_conversation(viewer=viewer, conversation_id=before)
        listed = listed.filter(last_message_at__lt=edge.last_message_at)
    rows = list(listed[: SIDEBAR_SIZE + 1])
    has_more, rows = len(rows) > SIDEBAR_SIZE, rows[:SIDEBAR_SIZE]
    answering = set(
        Reply.objects.live()
        .filter(conversation__in=[row.pk for row in rows])
        .values_list("conversation_id", flat=True)
    )
    return {
        "sidebar_groups": _grouped(rows, conversation, answering),
        "sidebar_more_url": f"/?before={rows[-1].pk}" if has_more else None,
        "conversation": None,
        "active_reply": None,
        "client_id": str(uuid.uuid4()),
        "message_limit": constants.MAX_MESSAGE_CHARS,
        "composer_text": "",
        "composer_error": "",
    }


def _grouped(
    rows: list[Conversation], current: Conversation | None, answering: set[int]
) -> list[SidebarGroup]:
    today = timezone.localdate()
    groups: dict[str, list[SidebarItem]] = {}
    for row in rows:
        label = _day_label(timezone.localdate(row.last_message_at), today)
        item = SidebarItem(
            row.pk,
            row.display_title,
            current is not None and row.pk == current.pk,
            row.pk in answering,
        )
        groups.setdefault(label, []).append(item)
    return [SidebarGroup(label, items) for label, items in groups.items()]


def _day_label(day: date, today: date) -> str:
    if day >= today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    if day > today - timedelta(days=7):
        return "Last 7 days"
    if day > today - timedelta(days=30):
        return "Last 30 days"
    return day.strftime("%B %Y")
