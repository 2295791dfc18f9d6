"""What can go wrong in a conversation, each with its stable code."""

from django.utils.translation import gettext_noop

from apps.core.errors import (
    AppError,
    ConflictError,
    ForbiddenError,
    IdempotencyConflictError,
    NotFoundError,
    RateLimitedError,
    ServiceUnavailableError,
    ValidationFailedError,
)


class ConversationNotFoundError(NotFoundError):
    """No such conversation, or not the caller's."""

    code = "conversation_not_found"
    default_message = (
        "This conversation does not exist, or it is not yours. Look for it among yours."
    )


class MessageNotFoundError(NotFoundError):
    """No such message, or not in a conversation of the caller."""

    code = "message_not_found"
    default_message = (
        "This message does not exist, or it is not yours. Look for it in its conversation."
    )


class ReplyInProgressError(ConflictError):
    """The conversation is being answered already."""

    code = "reply_in_progress"
    default_message = "The last answer is still being written. Wait for it or stop it first."


class ClientIdReusedError(IdempotencyConflictError):
    """The same client id or key came with another request."""

    default_message = "This id or key came with another request before. Send it with a new one."


class ReplyEndedError(ConflictError):
    """There is nothing left to halt."""

    code = "reply_ended"
    default_message = "This answer has ended already. Look at it again."


class ReplyNotRetryableError(ConflictError):
    """The message is not an answer that can be asked for again."""

    code = "reply_not_retryable"
    default_message = "This answer cannot be asked for again. Send a new message instead."


class MessageNotEditableError(ConflictError):
    """The message is not a question that its author may still change."""

    code = "message_not_editable"
    default_message = "This message cannot be edited. Send a new one instead."


class FeedbackNotPossibleError(ConflictError):
    """There is no answer that could be rated."""

    code = "feedback_not_possible"
    default_message = "Only an answer that you can see to its end can be rated. Wait for its end."


class MessageWithheldError(ForbiddenError):
    """The message was kept back by policy; it is stored with its verdict and went no further."""

    code = "message_withheld"
    default_message = (
        "Your message was not sent to the model because it goes against our policy."
        " Say it in other words."
    )


class ConversationLockedError(ForbiddenError):
    """Staff closed the conversation for writing."""

    code = "conversation_locked"
    default_message = "This conversation was locked by a moderator. Begin a new one."


class ShareNotFoundError(NotFoundError):
    """No such link, or it leads nowhere any more, or it is not the caller's."""

    code = "share_not_found"
    default_message = (
        "This link does not lead anywhere, or not any more. Ask whoever shared it for another one."
    )


class NothingToShareError(ConflictError):
    """The conversation holds nothing that may be shown to others."""

    code = "nothing_to_share"
    default_message = "There is nothing to share yet. Wait for the first answer."


class ShareLimitError(ConflictError):
    """The person has too many links."""

    code = "share_limit"
    default_message = "You have 100 links that work. Revoke one first."


class ShareTitleWithheldError(ForbiddenError):
    """A link would show a title of the person's own that goes against policy."""

    code = "share_title_withheld"
    default_message = "The title of this conversation goes against our policy. Change it first."


class ShareWithdrawnError(ForbiddenError):
    """Staff took back a link to this conversation; no other one takes its place."""

    code = "share_withdrawn"
    default_message = (
        "A moderator revoked a link to this conversation. It cannot be shared anew until they give"
        " that link back. Read why under Shared links."
    )


class ShareAlreadyRevokedError(ConflictError):
    """There is nothing left to revoke."""

    code = "share_already_revoked"
    default_message = "Staff revoked this link already. Look at it again."


class ShareNotWithdrawnError(ConflictError):
    """There is nothing to give back."""

    code = "share_not_withdrawn"
    default_message = "This link was not revoked by staff. Look at it again."


class SharingOffError(ForbiddenError):
    """This place does not share."""

    code = "sharing_off"
    default_message = "Links are switched off here. Export the conversation instead."


class InvalidMessageError(ValidationFailedError):
    """The message is blank, too long, or what goes with it does not fit."""

    code = "invalid_message"
    default_message = "Write a message of 1 to 4000 characters."


class MessageAlreadyHiddenError(ConflictError):
    """Somebody hid it already."""

    code = "message_already_hidden"
    default_message = "This message is hidden already. Look at it again."


class MessageNotHiddenError(ConflictError):
    """It is visible already."""

    code = "message_not_hidden"
    default_message = "This message is visible already. Look at it again."


HELD = "A decision of moderation keeps this as it is."
TAKE_BACK = "Take that decision back on its case."


class HeldByDecisionError(ConflictError):
    """A decision of moderation keeps it as it is."""

    code = "held_by_decision"
    default_message = f"{HELD} {TAKE_BACK}"


class OwnConversationError(ForbiddenError):
    """Staff do not decide about what is their own."""

    code = "own_conversation"
    default_message = "This is your own conversation. Somebody else must decide about it."


class ModelNotFoundError(NotFoundError):
    """A program asked for a model that is not offered."""

    code = "model_not_found"
    default_message = "There is no such model. List the models to see which there are."


class PromptTooLongError(ValidationFailedError):
    """A program's prompt passes the budget."""

    code = "context_length_exceeded"
    default_message = "The prompt is too long. Send less."


class ReplyStoppedError(ConflictError):
    """The answer was stopped while a caller waited for it."""

    code = "reply_stopped"
    is_final = True
    default_message = (
        "This answer was stopped. What was written is in the conversation."
        " Ask again for another one."
    )


class ReplyHaltedError(ForbiddenError):
    """Staff stopped the answer while a caller waited for it."""

    code = "reply_halted"
    default_message = "A member of staff stopped this answer. Ask again later, or ask them why."


class ReplyWithheldError(ForbiddenError):
    """Policy kept the answer back."""

    code = "reply_withheld"
    default_message = (
        "This answer was withheld because it goes against our policy. Ask in other words."
    )


class ReplyInterruptedError(ServiceUnavailableError):
    """The worker was lost while a caller waited for its answer."""

    code = "reply_interrupted"
    default_message = "The answer was interrupted on our side. What arrived is kept. Try again."


class WorkerLostError(ReplyInterruptedError):
    """What an answer notes that ended because its worker was gone."""

    code = "worker_lost"


class NoWorkerError(ServiceUnavailableError):
    """What an answer notes that no worker took in time."""

    code = "no_worker"
    default_message = gettext_noop("Nobody was there to answer. Try again in a minute.")


class WorkersBusyError(NoWorkerError):
    """What an answer notes that waited too long behind others."""

    code = "workers_busy"
    default_message = gettext_noop("Too many answers are being written. Try again in a minute.")


class ReplyFailedError(AppError):
    """The model could not answer, for a reason that has no code of its own."""

    code = "reply_failed"
    status_code = 502
    default_message = "The model could not answer. Try again in a moment."


class ReplyOutOfQuotaError(RateLimitedError):
    """The person has used up their allowance."""

    code = "out_of_quota"
    is_final = True
    default_message = "You have used up your allowance for today. Try again after it resets."


class ReplyNotReadyError(AppError):
    """The answer did not end while a caller waited; it goes on."""

    code = "reply_not_ready"
    status_code = 504
    default_message = "The answer is still being written. Read it from the conversation later."


class InvalidFrameError(ValidationFailedError):
    """A frame of a socket that is not one of the documented ones."""

    code = "invalid_frame"
    default_message = "This frame is not one of the documented ones. Look at docs/protocol.md."
