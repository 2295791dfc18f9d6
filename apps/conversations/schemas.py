from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, field_validator

from apps.conversations import constants
from apps.conversations.constants import Author, ReplyState
from apps.conversations.models import Conversation, Message, Reply
from apps.conversations.services import presenting
from apps.core.api.schemas import InputSchema, OutputSchema, PageParams, Text
from apps.core.constants import LARGEST_NUMBER
from apps.llm.constants import CostSource
from apps.llm.services import money

MOVES = {"message_count", "updated_at", "last_message_at", "is_unread"}
Content = Annotated[
    Text,
    StringConstraints(
        min_length=constants.MIN_MESSAGE_CHARS, max_length=constants.MAX_MESSAGE_CHARS
    ),
]
Title = Annotated[
    Text,
    StringConstraints(strip_whitespace=True, max_length=constants.MAX_TITLE_CHARS),
]
Context = Annotated[
    dict[str, Any] | None,
    Field(description="Facts put before the message for the model, as data. 16 kB at most."),
]
Metadata = Annotated[
    dict[str, Any] | None,
    Field(description="Your own notes, given back as they are. 8 kB at most."),
]


AssistantId = Annotated[
    int | None,
    Field(
        le=LARGEST_NUMBER,
        description="Who answers from now on, one of `GET models`; null for whoever did before.",
    ),
]


class ConversationCreateIn(InputSchema):
    """What opens a conversation; without a title it gets one after the first answer."""

    title: Title = ""
    assistant_id: AssistantId = None


class ConversationUpdateIn(InputSchema):
    """What is to change; what is left out stays as it is."""

    title: Annotated[Title, StringConstraints(min_length=1)] | None = None
    is_archived: bool | None = Field(
        default=None, description="Put away, or back into the list of open ones."
    )

    @field_validator("title", "is_archived", mode="before")
    @classmethod
    def _is_not_null(cls, value: object) -> object:
        if value is None:
            msg = "Leave it out, or give it a value."
            raise ValueError(msg)
        return value


class ConversationListParams(PageParams):
    """Which conversations are asked for."""

    state: Literal["open", "archived", "deleted"] = Field(
        default="open", description="Open ones, put away ones, or deleted ones that can come back."
    )


class ConversationOut(OutputSchema):
    """A conversation, as its owner sees it."""

    id: int
    title: str = Field(description="Empty until there is one.")
    message_count: int
    created_at: datetime
    updated_at: datetime
    last_message_at: datetime
    is_unread: bool = Field(description="Whether something was written since you last looked.")
    archived_at: datetime | None = Field(description="Since when it is put away.")
    locked_at: datetime | None = Field(description="Since when nobody can write in it.")
    assistant_id: int | None = Field(description="Who answers; null for the default assistant.")

    @staticmethod
    def moving(conversation: Conversation) -> set[str]:
        """Return which fields move by themselves; the title does until a person gives one."""
        is_own = conversation.title_source == constants.TitleSource.PERSON
        return MOVES if is_own else MOVES | {"title"}

    @staticmethod
    def moving_when_new(conversation: Conversation | ConversationOut) -> set[str]:
        """Return the same of one that was opened just now: its title, if any, is a person's."""
        return MOVES if conversation.title else MOVES | {"title"}


class MessageCreateIn(InputSchema):
    """A message for the model."""

    content: Content
    edits_message_id: int | None = Field(
        default=None,
        le=LARGEST_NUMBER,
        description="The question that this is a new version of: it begins a branch beside it.",
    )
    assistant_id: AssistantId = None
    context: Context = None
    metadata: Metadata = None


class RegenerateIn(InputSchema):
    """Who answers this time."""

    assistant_id: AssistantId = None


class MessageListParams(PageParams):
    """Which messages are asked for."""

    order: Literal["oldest", "newest"] = Field(
        default="oldest", description="Which end of the conversation comes first."
    )


class UsageOut(OutputSchema):
    """Tokens of the model call; `source` tells whether the provider counted or we estimated."""

    prompt_tokens: int
    completion_tokens: int
    source: str


class FeedbackIn(InputSchema):
    """What you think of an answer; without a rating what you thought before is taken back."""

    rating: constants.Rating | None
    reason: Annotated[
        Text,
        StringConstraints(strip_whitespace=True, max_length=constants.MAX_FEEDBACK_CHARS),
    ] = ""


class FeedbackOut(OutputSchema):
    """What you think of an answer."""

    rating: constants.Rating
    reason: str
    updated_at: datetime


class ReplyOut(OutputSchema):
    """How an answer stands. Its text is the message with the same number."""

    id: int
    conversation_id: int
    state: ReplyState
    model: str
    finish_reason: str
    error_code: str
    retry_at: datetime | None = Field(
        description="When the model server may be asked again, where it failed and said so."
    )
    notice: str = Field(description="A sentence for the person about how the answer ended.")
    usage: UsageOut | None
    cost: str | None = Field(description="Decimal dollars; null for a model without a price.")
    cost_source: CostSource | None = Field(
        description="How sure it is; null while nothing was used."
    )
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, reply: Reply) -> ReplyOut:
        """Return an answer as its owner sees it."""
        usage = None
        if reply.prompt_tokens is not None and reply.completion_tokens is not None:
            usage = UsageOut(
                prompt_tokens=reply.prompt_tokens,
                completion_tokens=reply.completion_tokens,
                source=reply.usage_source,
            )
        return cls.model_construct(
            id=reply.pk,
            conversation_id=reply.conversation_id,
            state=ReplyState(reply.state),
            model=reply.model,
            finish_reason=reply.finish_reason,
            error_code=reply.error_code,
            retry_at=reply.retry_at,
            notice=presenting.reply_notice(reply),
            usage=usage,
            cost=money.plain(reply.cost_nano),
            cost_source=presenting.cost_source(reply),
            queued_at=reply.queued_at,
            started_at=reply.started_at,
            finished_at=reply.finished_at,
        )


class MessageOut(OutputSchema):
    """A message, as the owner of its conversation sees it."""

    id: int
    conversation_id: int
    parent_id: int | None
    role: Author
    content: str = Field(description="Source text; empty where staff hid the message.")
    is_hidden: bool
    is_redacted: bool = Field(description="Whether blocks stand in the place of passages.")
    notice: str = Field(
        description="What the person is told about a hidden message, or about passages that "
        "were taken out; `GET notices` has the decision."
    )
    metadata: dict[str, Any] | None = Field(description="Null where the message is hidden.")
    created_at: datetime
    reply: ReplyOut | None = Field(
        description="How the answer stands; null for a person's message."
    )
    is_shown: bool = Field(description="Whether the branch that is shown goes through it.")
    feedback: FeedbackOut | None = Field(description="What you think of the answer.")

    @classmethod
    def of(cls, message: Message) -> MessageOut:
        """Return a message as its owner sees it; an answer was read together with its reply."""
        is_answer = message.role == Author.ASSISTANT
        reply = getattr(message, "reply", None) if is_answer else None
        return cls.model_construct(
            id=message.pk,
            conversation_id=message.conversation_id,
            parent_id=message.parent_id,
            role=Author(message.role),
            content=presenting.visible_text(message),
            is_hidden=message.is_hidden,
            is_redacted=bool(presenting.redaction_notice(message)),
            notice=presenting.notice_of(message, None),
            metadata=None if message.is_hidden else message.metadata,
            created_at=message.created_at,
            reply=None if reply is None else ReplyOut.of(reply),
            is_shown=message.is_current,
            feedback=_feedback_of(message) if is_answer else None,
        )


def _feedback_of(message: Message) -> FeedbackOut | None:
    kept = getattr(message, "feedback", None)
    return None if kept is None else FeedbackOut.model_validate(kept)


class TurnOut(OutputSchema):
    """The stored message and its queued answer; follow it at `messages/{reply.id}/events`."""

    message: MessageOut
    reply: ReplyOut


class ChatIn(InputSchema):
    """A message whose answer is waited for."""

    message: Content
    conversation_id: int | None = Field(
        default=None, le=LARGEST_NUMBER, description="Null opens a conversation."
    )
    context: Context = None
    metadata: Metadata = None


class ConversationResponse(OutputSchema):
    """One question with its whole answer; `id` is the number of the answer."""

    id: int
    user_id: int
    message: str = Field(description="Empty where staff hid it before the same key came again.")
    response: str
    conversation_id: int
    created_at: datetime
    metadata: dict[str, Any] | None

    @classmethod
    def of(cls, message: Message, *, reply_id: int, text: str, user_id: int) -> Self:
        """Return a question as its owner may see it now, with the text of its answer."""
        return cls(
            id=reply_id,
            user_id=user_id,
            message=presenting.visible_text(message),
            response=text,
            conversation_id=message.conversation_id,
            created_at=message.created_at,
            metadata=None if message.is_hidden else message.metadata,
        )
