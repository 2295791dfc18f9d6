"""One conversation as a file of its owner: exactly what they may see of it, a piece at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import get_language, gettext, gettext_noop

from apps.conversations import constants
from apps.conversations.models import Conversation, Message, Reply
from apps.conversations.services import presenting
from apps.conversations.services.conversations import access_conversation
from apps.core import db, redaction
from apps.core.languages import speaking
from apps.llm.services import money
from apps.users.models import User

MESSAGES_PER_STEP = 200
FORMAT_VERSION = 1
Format = Literal["markdown", "json"]
MEDIA_TYPES: dict[Format, str] = {
    "markdown": "text/markdown; charset=utf-8",
    "json": "application/json",
}
ENDINGS: dict[Format, str] = {"markdown": "md", "json": "json"}
AUTHORS = {
    constants.Author.USER: gettext_noop("You"),
    constants.Author.ASSISTANT: "Parley",
    constants.Author.SYSTEM: gettext_noop("System"),
}


@dataclass(frozen=True, slots=True)
class Export:
    """A file on its way: what the browser is told of it, and its pieces."""

    media_type: str
    disposition: str
    pieces: AsyncIterator[bytes]


async def export_conversation(*, viewer: User, conversation_id: int, file_format: Format) -> Export:
    """Return a conversation as a file.

    Markdown holds the branch that is shown, JSON every branch. What staff hid or policy withheld is
    in neither; the sentence that says so is.

    Raises:
        ConversationNotFoundError: it does not exist or belongs to somebody else.
    """
    conversation = await db.call(
        access_conversation, viewer=viewer, conversation_id=conversation_id
    )
    name = slugify(conversation.title)[:60] or f"conversation-{conversation.pk}"
    filename = f"{name}.{ENDINGS[file_format]}"
    return Export(
        MEDIA_TYPES[file_format],
        content_disposition_header(True, filename) or "",  # noqa: FBT003  Django's own order
        write_conversation(
            viewer=viewer,
            conversation=conversation,
            file_format=file_format,
            language=get_language() or "",
        ),
    )


def write_conversation(
    *, viewer: User, conversation: Conversation, file_format: Format, language: str
) -> AsyncIterator[bytes]:
    """Return the pieces of a conversation's file, for its owner; the caller has checked that.

    One that was deleted and can still be restored is written as well. Pieces are written while
    they are fetched, long after the request's own language is over: the reader's is named here.
    """
    write = _write_markdown if file_format == "markdown" else _write_json
    return write(conversation, viewer, language)


async def _write_markdown(
    conversation: Conversation, viewer: User, language: str
) -> AsyncIterator[bytes]:
    with speaking(language):
        title = " ".join(conversation.display_title.split())
    yield f"# {title}\n\n{_time(conversation.created_at)}\n".encode()
    async for messages in _steps(conversation, viewer, is_shown_only=True):
        with speaking(language):
            piece = "".join(_as_markdown(message) for message in messages)
        yield piece.encode()


def _as_markdown(message: Message) -> str:
    author = gettext(AUTHORS[constants.Author(message.role)])
    parts = [f"\n## {author}, {_time(message.created_at)}\n"]
    text = presenting.visible_text(message)
    if text:
        told = redaction.in_words(text) if message.is_redacted else text
        parts.append(f"\n{told}\n")
    notice = _notice(message)
    if notice:
        parts.append(f"\n*{notice}*\n")
    return "".join(parts)


async def _write_json(
    conversation: Conversation, viewer: User, language: str
) -> AsyncIterator[bytes]:
    head = {
        "format": "parley.conversation",
        "version": FORMAT_VERSION,
        "id": conversation.pk,
        "title": conversation.title,
        "created_at": conversation.created_at,
        "last_message_at": conversation.last_message_at,
    }
    yield orjson.dumps(head)[:-1] + b',"messages":['
    separator = b""
    async for messages in _steps(conversation, viewer, is_shown_only=False):
        with speaking(language):
            piece = b",".join(orjson.dumps(_as_json(message)) for message in messages)
        yield separator + piece
        separator = b","
    yield b"]}\n"


def _as_json(message: Message) -> dict[str, Any]:
    reply: Reply | None = getattr(message, "reply", None)
    return {
        "id": message.pk,
        "parent_id": message.parent_id,
        "is_shown": message.is_current,
        "role": message.role,
        "created_at": message.created_at,
        "content": presenting.visible_text(message),
        "context": None if message.is_hidden else message.context,
        "metadata": None if message.is_hidden else message.metadata,
        "prompt": None if message.is_hidden or message.is_redacted else message.prompt,
        "is_hidden": message.is_hidden,
        "notice": _notice(message),
        "model": reply.model if reply else None,
        "state": reply.state if reply else None,
        "cost": money.plain(reply.cost_nano) if reply else None,
        "cost_source": presenting.cost_source(reply) if reply else None,
    }


async def _steps(
    conversation: Conversation, viewer: User, *, is_shown_only: bool
) -> AsyncIterator[list[Message]]:
    after = 0
    while True:
        messages = await db.call(
            _step, viewer=viewer, number=conversation.pk, after=after, is_shown_only=is_shown_only
        )
        if messages:
            yield messages
        if len(messages) < MESSAGES_PER_STEP:
            return
        after = messages[-1].pk


def _step(*, viewer: User, number: int, after: int, is_shown_only: bool) -> list[Message]:
    rows = Message.objects.owned_by(viewer).of_conversation(number).after_number(after)
    rows = rows.on_path() if is_shown_only else rows
    return list(rows.select_related("reply").oldest_first()[:MESSAGES_PER_STEP])


def _notice(message: Message) -> str:
    reply: Reply | None = getattr(message, "reply", None)
    return presenting.notice_of(message, reply)


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
