"""What a client may send over the chat socket: a closed, tagged union."""

from typing import Annotated

import msgspec

from apps.conversations.constants import MAX_CLIENT_ID_CHARS

Id = Annotated[int, msgspec.Meta(ge=1, le=9_223_372_036_854_775_807)]
Cursor = Annotated[int, msgspec.Meta(ge=0, le=100_000_000)]
ClientId = Annotated[str, msgspec.Meta(min_length=8, max_length=MAX_CLIENT_ID_CHARS)]


class MessageSend(
    msgspec.Struct, frozen=True, tag_field="type", tag="message.send", forbid_unknown_fields=True
):
    """Send a message; without a conversation it begins one; it may be a new version of another."""

    client_id: ClientId
    content: str
    conversation_id: Id | None = None
    edits_message_id: Id | None = None
    assistant_id: Id | None = None


class ReplyFollow(
    msgspec.Struct, frozen=True, tag_field="type", tag="reply.follow", forbid_unknown_fields=True
):
    """Follow an answer from a cursor on."""

    reply_id: Id
    cursor: Cursor = 0


class ReplyStop(
    msgspec.Struct, frozen=True, tag_field="type", tag="reply.stop", forbid_unknown_fields=True
):
    """Stop an answer."""

    reply_id: Id


class ReplyRetry(
    msgspec.Struct, frozen=True, tag_field="type", tag="reply.retry", forbid_unknown_fields=True
):
    """Ask the question behind this answer again."""

    message_id: Id
    assistant_id: Id | None = None


class BranchShow(
    msgspec.Struct, frozen=True, tag_field="type", tag="branch.show", forbid_unknown_fields=True
):
    """Show the branch of this message."""

    message_id: Id


class ConversationRead(
    msgspec.Struct,
    frozen=True,
    tag_field="type",
    tag="conversation.read",
    forbid_unknown_fields=True,
):
    """Say that all that was written in a conversation is seen."""

    conversation_id: Id


class Ack(msgspec.Struct, frozen=True, tag_field="type", tag="ack", forbid_unknown_fields=True):
    """Say how much text of each answer has arrived."""

    cursors: dict[str, Cursor]


class Ping(msgspec.Struct, frozen=True, tag_field="type", tag="ping", forbid_unknown_fields=True):
    """Ask whether anybody is there."""


Frame = (
    MessageSend | ReplyFollow | ReplyStop | ReplyRetry | BranchShow | ConversationRead | Ack | Ping
)

_decoder: msgspec.json.Decoder[Frame] = msgspec.json.Decoder(Frame)


def decode(text: str) -> Frame:
    """Read one frame of a client.

    Raises:
        msgspec.MsgspecError: it is not one of the documented frames.
    """
    return _decoder.decode(text)
