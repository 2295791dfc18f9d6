"""What can go wrong in a conversation, each with its stable code."""

from apps.core.errors import ConflictError, ForbiddenError, NotFoundError, ValidationFailedError


class ConversationNotFoundError(NotFoundError):
    """No such conversation, or not the caller's."""

    code = "conversation_not_found"
    default_message = "This conversation does not exist, or it is not yours."


class MessageNotFoundError(NotFoundError):
    """No such message, or not in a conversation of the caller."""

    code = "message_not_found"
    default_message = "This message does not exist, or it is not yours."


class ReplyInProgressError(ConflictError):
    """The conversation is being answered already."""

    code = "reply_in_progress"
    default_message = "The last answer is still being written. Wait for it or stop it first."


class ClientIdReusedError(ConflictError):
    """The same client id came with other content."""

    code = "idempotency_conflict"
    default_message = "This id was already used for another message. Send it with a new id."


class ReplyNotRetryableError(ConflictError):
    """The message is not an answer that can be asked for again."""

    code = "reply_not_retryable"
    default_message = "This answer cannot be asked for again. Send a new message instead."


class MessageWithheldError(ForbiddenError):
    """The message was kept back by policy; it is stored with its verdict and went no further."""

    code = "message_withheld"
    default_message = "Your message was not sent to the model because it goes against our policy."


class InvalidMessageError(ValidationFailedError):
    """The message is blank, too long, or what goes with it does not fit."""

    code = "invalid_message"
    default_message = "Write a message of 1 to 4000 characters."


class MessageAlreadyHiddenError(ConflictError):
    """Somebody hid it already."""

    code = "message_already_hidden"
    default_message = "This message is hidden already."


class MessageNotHiddenError(ConflictError):
    """It is visible already."""

    code = "message_not_hidden"
    default_message = "This message is visible already."
