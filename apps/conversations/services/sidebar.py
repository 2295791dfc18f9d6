"""The list of conversations beside every page: by day, a page at a time, with what is unread."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from apps.conversations.errors import ConversationNotFoundError
from apps.conversations.models import Conversation, Reply
from apps.conversations.services.conversations import list_conversations
from apps.users.models import User

SIDEBAR_SIZE = 50
_PLACE = re.compile(r"(\d{1,17})-(\d{1,18})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class SidebarItem:
    """One conversation in the list."""

    id: int
    title: str
    is_current: bool
    is_answering: bool
    is_unread: bool


@dataclass(frozen=True, slots=True)
class SidebarGroup:
    """Conversations of one span of days."""

    label: str
    conversations: list[SidebarItem]


def sidebar_of(*, viewer: User, after: str = "", current_id: int | None = None) -> dict[str, Any]:
    """Return one page of the viewer's list, the last active first.

    Args:
        viewer: whose list.
        after: the place where the page before ended; empty for the first page.
        current_id: the conversation that is open.

    Raises:
        ConversationNotFoundError: this is no place of a list.
    """
    listed = list_conversations(viewer=viewer)
    if after:
        listed = listed.below(*_read_place(after))
    rows = list(listed[: SIDEBAR_SIZE + 1])
    has_more, rows = len(rows) > SIDEBAR_SIZE, rows[:SIDEBAR_SIZE]
    answering = set(
        Reply.objects.live()
        .of_conversations([row.pk for row in rows])
        .values_list("conversation_id", flat=True)
    )
    place = _write_place(rows[-1]) if has_more else ""
    return {
        "sidebar_groups": _grouped(rows, current_id, answering),
        "sidebar_more_url": f"{reverse('chat:index')}?after={place}" if place else None,
        "sidebar_next_url": f"{reverse('chat:listing')}?after={place}" if place else None,
    }


def _grouped(
    rows: list[Conversation], current_id: int | None, answering: set[int]
) -> list[SidebarGroup]:
    today = timezone.localdate()
    groups: dict[str, list[SidebarItem]] = {}
    for row in rows:
        label = day_label(timezone.localdate(row.last_message_at), today)
        is_current, is_answering = row.pk == current_id, row.pk in answering
        is_unread = row.is_unread and not is_current and not is_answering
        item = SidebarItem(row.pk, row.display_title, is_current, is_answering, is_unread)
        groups.setdefault(label, []).append(item)
    return [SidebarGroup(label, items) for label, items in groups.items()]


def day_label(day: date, today: date) -> str:
    """Return the heading of the group that a day belongs to."""
    if day >= today:
        return gettext("Today")
    if day == today - timedelta(days=1):
        return gettext("Yesterday")
    if day > today - timedelta(days=7):
        return gettext("Last 7 days")
    if day > today - timedelta(days=30):
        return gettext("Last 30 days")
    return date_format(day, "YEAR_MONTH_FORMAT")


def _write_place(row: Conversation) -> str:
    return f"{(row.last_message_at - _EPOCH) // _MICROSECOND}-{row.pk}"


def _read_place(text: str) -> tuple[datetime, int]:
    place = _PLACE.fullmatch(text)
    if place is None:
        raise ConversationNotFoundError
    try:
        moment = _EPOCH + int(place.group(1)) * _MICROSECOND
    except OverflowError:
        raise ConversationNotFoundError from None
    return moment, int(place.group(2))
