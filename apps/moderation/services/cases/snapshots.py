"""What a case was decided on: the text as it was, and what stood around it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from apps.conversations.models import Message, Reply
from apps.moderation import constants
from apps.moderation.models import Case, CaseSnapshot

HASH_CHARS = 16
SYSTEM = "system"


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
    asked = _asked(message)
    return CaseSnapshot.objects.create(
        case=case,
        subject_id=case.subject_id,
        text=message.content if text is None else text,
        shown_chars=shown_chars,
        exchange=_exchange(message),
        model=asked.model,
        parameters=asked.parameters,
        system_prompt_hash=asked.system_prompt_hash,
    )


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


@dataclass(frozen=True, slots=True)
class _Asked:
    """How a model was asked for an answer."""

    model: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    system_prompt_hash: str = ""


def _asked(message: Message) -> _Asked:
    """Return with what the answer was asked for: of its assistant's version, or its program's."""
    reply = (
        Reply.objects.select_related("assistant_version__assistant", "message__parent")
        .filter(pk=message.pk)
        .first()
    )
    if reply is None:
        return _Asked()
    version, question = reply.assistant_version, reply.message.parent
    parameters: dict[str, Any] = {"temperature": reply.temperature}
    system = ""
    if question is not None and question.prompt is not None:
        parameters |= question.prompt["parameters"]
        parts = [one["content"] for one in question.prompt["messages"] if one["role"] == SYSTEM]
        system = "\n\n".join(parts)
    elif version is not None:
        parameters["assistant"] = f"{version.assistant.name}, version {version.number}"
        if version.max_completion_tokens:
            parameters["longest answer in tokens"] = version.max_completion_tokens
        system = version.system_prompt
    known = {name: value for name, value in parameters.items() if value is not None}
    digest = hashlib.sha256(system.encode(errors="surrogatepass")).hexdigest()
    return _Asked(reply.model, known, digest[:HASH_CHARS] if system else "")


def _exchange(message: Message) -> list[dict[str, Any]]:
    path = Message.objects.of_conversation(message.conversation_id).on_path()
    before = path.before_number(message.pk).order_by("-id")[: constants.EXCHANGE_BEFORE]
    after = path.after_number(message.pk).order_by("id")[: constants.EXCHANGE_AFTER]
    around = [*reversed(before), *after]
    return [
        {"id": other.pk, "role": other.role, "text": "" if other.is_hidden else other.content}
        for other in around
    ]
