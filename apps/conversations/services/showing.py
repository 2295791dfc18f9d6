"""A stored message in the shape that the templates draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString, mark_safe

from apps.conversations import constants
from apps.conversations.models import Feedback, Message, Reply
from apps.conversations.services import branches, feedback, presenting
from apps.conversations.services.turn_requests import may_be_asked_again
from apps.core.realtime import bells


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMessage:
    """One message as its owner sees it."""

    id: int
    role: str
    created_at: datetime
    state: str
    is_hidden: bool
    is_redacted: bool
    text: str
    html: SafeString
    notice: str
    counted: str
    correlation_id: str
    cursor: int
    client_id: str
    can_retry: bool
    can_ask_again: bool
    is_question: bool
    can_edit: bool
    can_rate: bool
    rating: str
    rating_reason: str
    versions: branches.Versions


def show_messages(messages: Sequence[Message]) -> list[ShownMessage]:
    """Return messages of one conversation as they are drawn, with their versions."""
    versions = branches.versions_of(messages)
    again = _asked_again(messages)
    live = _live_texts(messages)
    return [
        _show(
            message,
            versions.get(message.pk, branches.ALONE),
            text=live.get(message.pk, presenting.visible_text(message)),
            can_ask_again=message.pk in again,
        )
        for message in messages
    ]


def _asked_again(messages: Sequence[Message]) -> set[int]:
    """Return the answers whose question may be asked once more, as the service would have it.

    Only a question that is not among the messages costs a query.
    """
    questions = {message.pk: message for message in messages}
    answers = [message for message in messages if message.role == constants.Author.ASSISTANT]
    elsewhere = {message.parent_id for message in answers} - {None, *questions}
    if elsewhere:
        questions |= Message.objects.in_bulk(elsewhere)
    asked = ((message.pk, questions.get(message.parent_id or 0)) for message in answers)
    return {pk for pk, question in asked if question and may_be_asked_again(question)}


def _live_texts(messages: Sequence[Message]) -> dict[int, str]:
    """Return the text of answers that are being written as far as it goes on after the row's.

    So a page that is loaded anew begins with no less than what stood on the screen before. Only
    where there is such an answer does it cost anything: one look into Redis.
    """
    running = {message.pk: message.content for message in messages if _is_written(message)}
    live = bells.read_live_texts([*running]).texts if running else {}
    return {pk: text for pk, text in live.items() if text.startswith(running[pk])}


def _is_written(message: Message) -> bool:
    reply: Reply | None = getattr(message, "reply", None)
    return reply is not None and reply.is_live and not message.is_hidden


def _show(
    message: Message, versions: branches.Versions, *, text: str, can_ask_again: bool
) -> ShownMessage:
    reply: Reply | None = getattr(message, "reply", None)
    rated: Feedback | None = getattr(message, "feedback", None)
    state = reply.state if reply else constants.ReplyState.COMPLETE.value
    is_live = reply is not None and reply.is_live
    has_failed = state in constants.RETRYABLE_STATES
    return ShownMessage(
        id=message.pk,
        role=message.role,
        created_at=message.created_at,
        state=state,
        is_hidden=message.is_hidden,
        text=text,
        html=mark_safe("" if is_live else presenting.html_of(message)),  # noqa: S308  sanitised by the renderer
        notice=presenting.notice_of(message, reply),
        is_redacted=bool(presenting.redaction_notice(message)),
        counted=presenting.counted_tokens(reply) if reply else "",
        correlation_id=presenting.request_id(reply) if reply else "",
        cursor=len(text),
        client_id="" if message.is_hidden else message.client_id or "",
        can_retry=can_ask_again and has_failed and not message.is_hidden,
        can_ask_again=can_ask_again,
        is_question=branches.is_question(message),
        can_edit=branches.can_be_edited(message),
        can_rate=feedback.can_be_rated(message),
        rating=rated.rating if rated else "",
        rating_reason=rated.reason if rated else "",
        versions=versions,
    )
