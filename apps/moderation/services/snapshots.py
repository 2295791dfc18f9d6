"""What a case was decided on: the text as it was, and what stood around it."""

from __future__ import annotations

import hashlib
from typing import Any

from apps.conversations.models import Message, Reply
from apps.moderation import constants
from apps.moderation.models import Case, CaseSnapshot


def take_snapshot(
    *, case: Case, message: Message, text: str | None = None, shown_chars: int | None = None
) -> CaseSnapshot:
    """Keep a message as it is now, with the messages around it.

    Args:
        case: the case that it is kept for.
        message: the message.
        text: what it says, where the row does not hold it: an answer that policy withheld.
        shown_chars: how much of that text viewers had seen, in code points; None for all.
    """
    replies = Reply.objects.select_related("assistant_version__assistant")
    reply = replies.filter(pk=message.pk).first()
    return CaseSnapshot.objects.create(
        case=case,
        subject_id=case.subject_id,
        text=message.content if text is None else text,
        shown_chars=shown_chars,
        exchange=_exchange(message),
        model=reply.model if reply else "",
        parameters=_parameters(reply) if reply else {},
        system_prompt_hash=_prompt_hash(reply) if reply else "",
    )


def _parameters(reply: Reply) -> dict[str, Any]:
    """Return what the model was asked with, in the words that the page of the case shows."""
    asked: dict[str, Any] = {"temperature": reply.temperature}
    version = reply.assistant_version
    if version is not None:
        asked["assistant"] = f"{version.assistant.name}, version {version.number}"
        if version.max_completion_tokens:
            asked["longest answer in tokens"] = version.max_completion_tokens
    return asked


def _prompt_hash(reply: Reply) -> str:
    """Return a hash of the system prompt; empty where a program brought its own."""
    if reply.assistant_version is None:
        return ""
    return hashlib.sha256(reply.assistant_version.system_prompt.encode()).hexdigest()[:16]


def newest_snapshot(*, case: Case, message: Message) -> CaseSnapshot:
    """Return the text as it was judged last; take it now where nothing was kept."""
    newest = case.snapshots.order_by("-id").first()
    return newest or take_snapshot(case=case, message=message)


def ensure_snapshot(*, case: Case, message: Message) -> CaseSnapshot:
    """Return the newest snapshot that holds the message's present text; take one if none does."""
    newest = case.snapshots.order_by("-id").first()
    if newest is not None and (newest.text == message.content or not message.content):
        return newest
    return take_snapshot(case=case, message=message)


def _exchange(message: Message) -> list[dict[str, Any]]:
    path = Message.objects.filter(conversation_id=message.conversation_id).on_path()
    before = path.filter(pk__lt=message.pk).order_by("-id")[: constants.EXCHANGE_BEFORE]
    after = path.filter(pk__gt=message.pk).order_by("id")[: constants.EXCHANGE_AFTER]
    around = [*reversed(before), *after]
    return [
        {"id": other.pk, "role": other.role, "text": "" if other.is_hidden else other.content}
        for other in around
    ]
