"""Words and numbers about conversations; the texts are what a person reads."""

from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_noop

MIN_MESSAGE_CHARS = 1
MAX_MESSAGE_CHARS = 4000
MAX_TITLE_CHARS = 120
MAX_CLIENT_ID_CHARS = 64
MAX_PROMPT_CHARS = 400_000
MAX_CONTEXT_BYTES = 16_384
MAX_METADATA_BYTES = 8_192
MAX_NESTING = 32
MAX_FEEDBACK_CHARS = 500

CONVERSATION_MEMORY_SIZE = 10

LEASE_SECONDS = 12
LEASE_BEAT_SECONDS = 4
CHECKPOINT_SECONDS = 1.0
REAPER_SECONDS = 5
ONE_LIVE_REPLY = "one_live_reply_per_conversation"
QUEUE_TIMEOUT_SECONDS = 120
CHAT_WAIT_SECONDS = 300
QUEUED_CHANNEL = "parley_reply_queued"

UNTITLED = gettext_noop("New conversation")
UNTITLED_SHARE = gettext_noop("A shared conversation")
DELETED_KEEP_DAYS = 30
MAX_SHARES = 100
SHARE_DAYS = (1, 7, 30)
MAX_SHARED_MESSAGES = 2_000


class ShareStanding(StrEnum):
    """Whether a link leads somewhere, and if not, why."""

    OPEN = "open"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    EXPIRED = "expired"
    DELETED = "deleted"
    LOCKED = "locked"
    RETRACTED = "retracted"
    CLOSED = "closed"


LOCKED_PLACEHOLDER = gettext_noop(
    "This conversation was locked by a moderator. You can read it and begin a new one."
)
HIDDEN_PLACEHOLDER = gettext_noop("This message was removed by moderation.")


class Origin(TextChoices):
    """Where a conversation was begun; one call of a program is not listed among the others."""

    CHAT = "chat", "Chat"
    PROGRAM = "program", "OpenAI-compatible call"


class Author(TextChoices):
    """Who wrote a message."""

    USER = "user", "User"
    ASSISTANT = "assistant", "Assistant"
    SYSTEM = "system", "System"


class TitleSource(TextChoices):
    """Where a conversation's title comes from."""

    NONE = "none", "Not titled yet"
    GENERATED = "generated", "Generated"
    PERSON = "person", "Written by a person"


class Rating(TextChoices):
    """What a person thinks of an answer."""

    GOOD = "good", "Good"
    BAD = "bad", "Bad"


class ReplyState(TextChoices):
    """Where an answer stands; the last seven are ends, and an answer has exactly one of them."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    COMPLETE = "complete", "Complete"
    STOPPED = "stopped", "Stopped"
    HALTED = "halted", "Halted"
    WITHHELD = "withheld", "Withheld"
    INTERRUPTED = "interrupted", "Interrupted"
    FAILED = "failed", "Failed"
    OUT_OF_QUOTA = "out_of_quota", "Out of quota"


LIVE_STATES = (ReplyState.QUEUED, ReplyState.RUNNING)
UNHAPPY_STATES = (
    "stopped",
    "halted",
    "withheld",
    "interrupted",
    "failed",
    "out_of_quota",
)
BROKEN_STATES = (ReplyState.HALTED, ReplyState.INTERRUPTED, ReplyState.FAILED)
RETRYABLE_STATES = (
    ReplyState.STOPPED,
    ReplyState.HALTED,
    ReplyState.INTERRUPTED,
    ReplyState.FAILED,
    ReplyState.OUT_OF_QUOTA,
)
TRIED_ANEW_STATES = (ReplyState.FAILED, ReplyState.INTERRUPTED, ReplyState.OUT_OF_QUOTA)
"""Ends that are no answer to a program's request: the same key tries it once more."""

FINISH_NOTICES = {
    "length": gettext_noop(
        "The answer reached its longest length and may be cut short. Ask it to go on."
    ),
    "content_filter": gettext_noop("The model's provider cut this answer. Ask in other words."),
}

CUT_BY_QUOTA_NOTICE = gettext_noop(
    "The answer ends here because no more of your allowance was set aside for it. Ask it to go on."
)
DOUBTFUL_NOTICE = gettext_noop(
    "This answer was cut off on our side, and it is not certain that policy lets it be shown. "
    "A person will look at it."
)
PAUSED_NOTICE = gettext_noop(
    "Staff have paused the answers for the moment. Your message is kept; try again later."
)
EMPTY_NOTICE = gettext_noop("The model answered with nothing. Ask again, or in other words.")
STATE_NOTICES = {
    ReplyState.STOPPED: gettext_noop("You stopped this answer. What you saw is kept."),
    ReplyState.HALTED: gettext_noop("A member of staff stopped this answer."),
    ReplyState.WITHHELD: gettext_noop(
        "This answer was withheld because it goes against our policy."
    ),
    ReplyState.INTERRUPTED: gettext_noop(
        "The answer was interrupted on our side. Whatever arrived is kept; try again."
    ),
    ReplyState.FAILED: gettext_noop("The model could not answer. Try again in a moment."),
    ReplyState.OUT_OF_QUOTA: gettext_noop(
        "You have used up your allowance. Your usage page says when it begins anew; try again then."
    ),
}
