"""A conversation as staff read it: every message in order, a screen at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.audit.models import AuditEvent
from apps.conversations.admin import decisions, looks
from apps.conversations.constants import Author
from apps.conversations.models import Conversation, Message
from apps.core import redaction
from apps.core.admin_kit.actions import Button
from apps.core.admin_kit.display import KEPT, duration, moment, number
from apps.core.admin_kit.lists import ROWS_PER_PAGE
from apps.core.admin_kit.model_admin import StaffModelAdmin
from apps.core.numbers import whole_number
from apps.users.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message of a transcript, ready to be drawn."""

    id: int
    role: str
    sign: str
    author: str
    text: SafeString | str
    withheld: str
    written: SafeString | str
    state: SafeString | str
    model: str
    tokens: str
    took: str
    notice: str
    is_hidden: bool
    hidden_by: str
    hidden_why: str
    told: str
    why_not_restored: str
    is_current: bool
    url: str
    buttons: Sequence[Button]


def transcript_url(subject: StaffModelAdmin[Any], message: Message) -> str:
    """Return the address of a message in its conversation."""
    page = subject.url_of(message.conversation_id)
    return f"{page}?message={message.pk}#message-{message.pk}"


def transcript_page(request: HttpRequest, conversation: Conversation) -> Page[Message]:
    """Return one screen of a conversation: the one asked for, or the one that holds a message."""
    rows = (
        Message.objects.of_conversation(conversation)
        .select_related("reply")
        .defer("html", "context", "metadata")
        .oldest_first()
    )
    pages = Paginator(decisions.with_hold(rows, request), ROWS_PER_PAGE)
    wanted = whole_number(request.GET.get("message"))
    if wanted is not None:
        before = Message.objects.of_conversation(conversation).before_number(wanted).count()
        return pages.get_page(before // ROWS_PER_PAGE + 1)
    return pages.get_page(request.GET.get("page"))


def hide_events(request: HttpRequest, messages: Sequence[Message]) -> dict[int, AuditEvent]:
    """Return the last decision to hide each of these messages, in one query.

    Whoever looks at their own learns what its readers are told, and not by whom or why.
    """
    numbers = [message.pk for message in messages if message.is_hidden]
    if not numbers:
        return {}
    events = audit.list_events_for(viewer=cast("User", request.user))
    hiding = events.of_kind(AuditAction.MESSAGE_HIDDEN).about_any("message", numbers)
    return {event.target_id: event for event in hiding.order_by("id")}


def lines_of(
    request: HttpRequest,
    conversation: Conversation,
    messages: Sequence[Message],
    subjects: dict[str, StaffModelAdmin[Any]],
) -> list[Line]:
    """Return the messages of a screen as they are drawn, with what may be done to each."""
    events = hide_events(request, messages)
    lines = []
    for message in messages:
        message.conversation = conversation
        lines.append(_line(request, message, events.get(message.pk), subjects))
    return lines


def _line(
    request: HttpRequest,
    message: Message,
    event: AuditEvent | None,
    subjects: dict[str, StaffModelAdmin[Any]],
) -> Line:
    reply = looks.reply_of(message)
    author = Author(message.role)
    buttons = subjects["message"].buttons(request, message)
    if reply is not None:
        buttons += subjects["reply"].buttons(request, reply)
    return Line(
        id=message.pk,
        role=message.role,
        sign=looks.AUTHOR_SIGNS[author],
        author=message.conversation.owner.name if author == Author.USER else author.label,
        text=looks.text_of(message),
        withheld=redaction.how_many(message.content) if message.is_redacted else "",
        written=moment(message.created_at),
        state=looks.state_badge(reply),
        model=reply.model if reply else "",
        tokens=_tokens(reply.prompt_tokens, reply.completion_tokens) if reply else "",
        took=duration(reply.started_at, reply.finished_at) if reply else "",
        notice=_reason(message, reply.notice) if reply else "",
        is_hidden=message.is_hidden,
        hidden_by=event.actor_label if event else "",
        hidden_why=_reason(message, event.reason) if event else "",
        told=_reason(message, message.hidden_reason or message.redacted_reason),
        why_not_restored=decisions.why_not_restored(request, message),
        is_current=message.is_current,
        url=subjects["message"].url_of(message.pk),
        buttons=buttons,
    )


def _reason(message: Message, words: str) -> str:
    return KEPT if words and decisions.keeps_reasons(message) else words


def _tokens(asked: int | None, answered: int | None) -> str:
    if asked is None and answered is None:
        return ""
    return f"{number(asked)} tokens in, {number(answered)} out"
