"""What clients see, over SSE and WebSocket alike: a tagged union, see docs/protocol.md."""

import msgspec


class AcceptedMessage(msgspec.Struct, frozen=True):
    """The stored message of a person, as its author's pages show it, now and after a reload.

    Attributes:
        id: its number.
        content: its text; empty where policy keeps it back.
        hidden: whether it is kept back.
        notice: the sentence in its place.
    """

    id: int
    content: str
    hidden: bool = False
    notice: str = ""


class Branching(msgspec.Struct, frozen=True):
    """A new version of a message: it stands after that one, beside the earlier versions."""

    after_id: int | None
    version: int
    previous_id: int | None


class MessageAccepted(msgspec.Struct, frozen=True, tag_field="type", tag="message.accepted"):
    """A message was stored and its answer is queued."""

    conversation_id: int
    client_id: str
    message: AcceptedMessage
    reply_id: int
    title: str
    url: str
    branching: Branching | None = None


class ReplyStarted(msgspec.Struct, frozen=True, tag_field="type", tag="reply.started"):
    """A worker began the answer."""

    reply_id: int
    model: str


class ReplyWaiting(msgspec.Struct, frozen=True, tag_field="type", tag="reply.waiting"):
    """The answer waits for its turn at the model; `ahead` counts those that come before it."""

    reply_id: int
    ahead: int


class ReplyDelta(msgspec.Struct, frozen=True, tag_field="type", tag="reply.delta"):
    """Text that joins what the client has; `cursor` is the number of code points after it."""

    reply_id: int
    text: str
    cursor: int


class ReplySnapshot(msgspec.Struct, frozen=True, tag_field="type", tag="reply.snapshot"):
    """Text that replaces what the client has."""

    reply_id: int
    text: str
    cursor: int


class ReplyUsage(msgspec.Struct, frozen=True):
    """Tokens of the call behind an answer; `source` says reported or estimated."""

    prompt_tokens: int
    completion_tokens: int
    source: str


class ReplyFinished(msgspec.Struct, frozen=True, tag_field="type", tag="reply.finished"):
    """The answer's one end; always last.

    `retry_after` are the seconds before which it makes no sense to ask again, where that is known.
    """

    reply_id: int
    state: str
    finish_reason: str
    error_code: str
    notice: str
    usage: ReplyUsage | None
    cost: str | None
    html: str
    cursor: int
    counted: str = ""
    correlation_id: str = ""
    cost_source: str | None = None
    retry_after: int | None = None


class MessageUpdated(msgspec.Struct, frozen=True, tag_field="type", tag="message.updated"):
    """A message changed: hidden, redacted, withheld, restored; `state` is that of an answer."""

    message_id: int
    conversation_id: int
    hidden: bool
    text: str
    html: str
    notice: str
    redacted: bool = False
    state: str = ""


class BranchShown(msgspec.Struct, frozen=True, tag_field="type", tag="branch.shown"):
    """Another branch of a conversation is shown: what follows `after_id` begins with a message."""

    conversation_id: int
    message_id: int
    after_id: int | None


class ConversationUpdated(
    msgspec.Struct, frozen=True, tag_field="type", tag="conversation.updated"
):
    """A conversation has a new title, or is deleted, archived or locked (which a sentence says)."""

    conversation_id: int
    title: str
    deleted: bool = False
    archived: bool = False
    locked: str = ""


class ConversationActivity(
    msgspec.Struct, frozen=True, tag_field="type", tag="conversation.activity"
):
    """What the list says of a conversation: it is being answered, or holds something not read."""

    conversation_id: int
    answering: bool
    unread: bool


class NoticeCreated(msgspec.Struct, frozen=True, tag_field="type", tag="notice.created"):
    """The person was told of a decision; `unread` counts what they have not read yet."""

    notice_id: int
    kind: str
    title: str
    url: str
    unread: int


class ErrorEvent(msgspec.Struct, frozen=True, tag_field="type", tag="error"):
    """A frame of the client could not be done; nothing was lost."""

    code: str
    message: str
    correlation_id: str
    client_id: str | None = None


class PageMissed(msgspec.Struct, frozen=True, tag_field="type", tag="page.missed"):
    """Something may have been missed: look at what is shown."""


class Pong(msgspec.Struct, frozen=True, tag_field="type", tag="pong"):
    """The answer to a ping."""


ReplyEvent = ReplyStarted | ReplyWaiting | ReplyDelta | ReplySnapshot | ReplyFinished
PageEvent = (
    MessageAccepted
    | MessageUpdated
    | BranchShown
    | ConversationUpdated
    | ConversationActivity
    | NoticeCreated
)
Event = ReplyEvent | PageEvent | PageMissed | ErrorEvent | Pong

EVENT_TYPES: tuple[type[Event], ...] = (
    MessageAccepted,
    ReplyStarted,
    ReplyWaiting,
    ReplyDelta,
    ReplySnapshot,
    ReplyFinished,
    MessageUpdated,
    BranchShown,
    ConversationUpdated,
    ConversationActivity,
    NoticeCreated,
    PageMissed,
    ErrorEvent,
    Pong,
)


def type_of(event: Event) -> str:
    """Return the word that the event carries as its `type`."""
    return str(type(event).__struct_config__.tag)


_encoder = msgspec.json.Encoder()


def encode(event: Event) -> str:
    """Return the event as one line of JSON with its `type`."""
    return _encoder.encode(event).decode()
