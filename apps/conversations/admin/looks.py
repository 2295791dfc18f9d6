"""How authors, answers and hidden messages are drawn: a word, a sign and a colour each."""

from __future__ import annotations

from django.utils.safestring import SafeString

from apps.conversations.constants import Author, ReplyState
from apps.conversations.models import Message, Reply
from apps.core import redaction
from apps.core.admin_kit.display import Tone, badge

OWNER_COLUMNS = (
    "conversation__title",
    "conversation__owner__name",
    "conversation__owner__role",
    "conversation__owner__is_superuser",
    "conversation__owner__duties",
)
AUTHOR_SIGNS = {Author.USER: "person", Author.ASSISTANT: "smart_toy", Author.SYSTEM: "tune"}
STATE_LOOKS = {
    ReplyState.QUEUED: (Tone.LIVE, "schedule"),
    ReplyState.RUNNING: (Tone.LIVE, "progress_activity"),
    ReplyState.COMPLETE: (Tone.GOOD, "check"),
    ReplyState.STOPPED: (Tone.NEUTRAL, "stop_circle"),
    ReplyState.HALTED: (Tone.WARNING, "front_hand"),
    ReplyState.WITHHELD: (Tone.WARNING, "policy"),
    ReplyState.INTERRUPTED: (Tone.DANGER, "link_off"),
    ReplyState.FAILED: (Tone.DANGER, "error"),
    ReplyState.OUT_OF_QUOTA: (Tone.WARNING, "production_quantity_limits"),
}


def author_badge(message: Message) -> SafeString:
    """Show who wrote a message."""
    author = Author(message.role)
    return badge(author.label, Tone.NEUTRAL, AUTHOR_SIGNS[author])


def text_of(message: Message) -> SafeString | str:
    """Return what a message says as staff read it, the passages that were taken out as blocks."""
    return redaction.silent(message.content) if message.is_redacted else message.content


def state_badge(reply: Reply | None) -> SafeString | str:
    """Show where an answer stands."""
    if reply is None:
        return ""
    state = ReplyState(reply.state)
    tone, sign = STATE_LOOKS[state]
    return badge(state.label, tone, sign)


def hidden_badge(message: Message) -> SafeString | str:
    """Show that staff took a message from view."""
    return badge("Hidden", Tone.DANGER, "visibility_off") if message.is_hidden else ""


def reply_of(message: Message) -> Reply | None:
    """Return the answer that a message is, if it is one."""
    return getattr(message, "reply", None)


def talk_of(row: Message | Reply) -> tuple[int, int]:
    """Return the number of the conversation that a row belongs to, and whose it is."""
    return row.conversation_id, row.conversation.owner_id
