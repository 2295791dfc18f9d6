"""What whoever has a link sees: one screen of the conversation as it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import F
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from apps.conversations import constants
from apps.conversations.constants import ShareStanding
from apps.conversations.errors import ShareNotFoundError
from apps.conversations.models import Message, Share
from apps.conversations.services import presenting
from apps.conversations.services.share_standing import standing_of
from apps.conversations.services.shares import hash_token
from apps.core import redaction
from apps.users.models import User

MAX_TOKEN_CHARS = 64
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class SharedMessage:
    """One message of a snapshot, as anybody with the link sees it."""

    id: int
    role: str
    created_at: datetime
    text: SafeString | str
    html: SafeString
    is_hidden: bool
    notice: str


@dataclass(frozen=True, slots=True)
class SharedPage:
    """One screen of a snapshot; `next_place` is where the next one begins."""

    title: str
    created_at: datetime
    messages: list[SharedMessage]
    next_place: int | None


def open_share(
    *, token: str, place: int = 0, viewer: User | None = None, is_view: bool = True
) -> SharedPage:
    """Return one screen of a snapshot to anybody with the link.

    The first screen counts as a view, but not for the link's owner.

    Args:
        token: from the address.
        place: how many messages stand before this screen.
        viewer: who looks, where that is known.
        is_view: whether anybody reads it; a program that looks what is there does not.

    Raises:
        ShareNotFoundError: it leads nowhere, whatever the reason, or this place does not share.
    """
    share = _find(token)
    if share is None or not settings.SHARING or standing_of(share) != ShareStanding.OPEN:
        raise ShareNotFoundError
    if place == 0 and is_view and (viewer is None or viewer.pk != share.owner_id):
        Share.objects.filter(pk=share.pk).update(view_count=F("view_count") + 1)
    numbers = share.message_ids[place : place + PAGE_SIZE]
    rows = Message.objects.of_conversation(share.conversation_id).filter(pk__in=numbers)
    shown = [_show(message) for message in rows.oldest_first()]
    has_more = place + PAGE_SIZE < len(share.message_ids)
    next_place = place + PAGE_SIZE if has_more else None
    return SharedPage(share.display_title, share.created_at, shown, next_place)


def _find(token: str) -> Share | None:
    if len(token) > MAX_TOKEN_CHARS:
        return None
    rows = Share.objects.with_standing(Message.objects.all())
    return rows.of_token(hash_token(token)).first()


def _show(message: Message) -> SharedMessage:
    """Show a message without what is for its owner alone: how it ended, and why it is hidden."""
    is_person = message.role != constants.Author.ASSISTANT
    return SharedMessage(
        message.pk,
        message.role,
        message.created_at,
        presenting.drawn_text(message) if is_person else "",
        mark_safe(presenting.html_of(message)),  # noqa: S308  sanitised by the renderer
        message.is_hidden,
        _notice(message),
    )


def _notice(message: Message) -> str:
    if message.is_hidden:
        return gettext(constants.HIDDEN_PLACEHOLDER)
    return redaction.how_many(message.content) if message.is_redacted else ""
