"""Words and numbers of moderation; the texts are what people read."""

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy

CLAIM_MINUTES = 10
GIVEN_CLAIM_MINUTES = 60
"""How long a case that a lead gives to somebody waits for them to open it."""
UNDO_SECONDS = 30
APPEAL_DAYS = 30
GRANT_HOURS = 4
MAX_HOURS = 87_600
STRIKE_DAYS = 90
MAX_LOOK_BACK = 512
RULE_GATE_LABELS = 20
RULE_GATE_PRECISION = 0.8
RULE_DEMOTE_PRECISION = 0.8
MAX_COMMENT_CHARS = 1_000
MAX_NOTE_CHARS = 4_000
MAX_APPEAL_CHARS = 4_000
MAX_BULK_CASES = 200
BULK_CONFIRM_ABOVE = 20
SEVERE_A_DAY = 40
MAX_SPANS = 100
SEARCH_CONFIG = "simple"
EXCHANGE_BEFORE = 3
EXCHANGE_AFTER = 3


class Severity(IntegerChoices):
    """How much harm a policy guards against; from HIGH on, text is collapsed for staff."""

    LOW = 1, "Low"
    MEDIUM = 2, "Medium"
    HIGH = 3, "High"
    CRITICAL = 4, "Critical"


class Stage(TextChoices):
    """When a rule looks at a text."""

    INPUT = "input", "Before a message is sent"
    STREAM = "stream", "While the answer is written"
    OUTPUT = "output", "When the answer is there"
    LATER = "later", "Afterwards, in the background"


class AppliesTo(TextChoices):
    """Which text a rule looks at."""

    USER = "user", "What people write"
    ANSWER = "answer", "What the model answers"
    EXCHANGE = "exchange", "The question and its answer together"


class RuleKind(TextChoices):
    """How a rule looks at a text."""

    KEYWORD = "keyword", "Words and phrases"
    REGEX = "regex", "Regular expression"
    PII = "pii", "Personal data and secrets"
    ENDPOINT = "endpoint", "Moderation endpoint"
    JUDGE = "judge", "Judgement of a language model"
    RATE = "rate", "Rate"


class RuleMode(TextChoices):
    """What a hit does: nothing at all, a record, a case, or a case and the action."""

    OFF = "off", "Off"
    SHADOW = "shadow", "Shadow"
    FLAG = "flag", "Flag"
    ENFORCE = "enforce", "Enforce"


class RuleAction(TextChoices):
    """What an enforcing rule does with the text that it hit."""

    BLOCK = "block", "Keep the text back"
    BLOCK_STRIKE = "block_strike", "Keep the text back and add the policy's points"


class OnError(TextChoices):
    """What happens to a text that a rule could not check."""

    OPEN = "open", "Let it pass"
    CLOSED = "closed", "Keep it back"


class HitOutcome(TextChoices):
    """What came of a hit."""

    RECORDED = "recorded", "Recorded"
    FLAGGED = "flagged", "Flagged"
    ENFORCED = "enforced", "Enforced"
    CAPPED = "capped", "Over the daily cap, recorded only"
    ERROR = "error", "The check failed"


class FlagSource(TextChoices):
    """Who pointed at a message."""

    RULE = "rule", "Rule"
    USER = "user", "User"
    STAFF = "staff", "Staff"
    PROVIDER = "provider", "Model provider"
    GUARD = "guard", "Check that failed"


class FlagOutcome(TextChoices):
    """What a decision said of a flag."""

    PENDING = "pending", "Pending"
    AGREED = "agreed", "Agreed"
    DISAGREED = "disagreed", "Disagreed"


class FlagReason(TextChoices):
    """What a person says is wrong with a message."""

    HARASSMENT = "harassment", gettext_lazy("Insults or harasses")
    HATE = "hate", gettext_lazy("Hate against a group")
    SELF_HARM = "self_harm", gettext_lazy("Self-harm")
    SEXUAL = "sexual", gettext_lazy("Sexual content")
    VIOLENCE = "violence", gettext_lazy("Violence or threats")
    PRIVACY = "privacy", gettext_lazy("Somebody's private data")
    DANGEROUS = "dangerous", gettext_lazy("Dangerous advice")
    WRONG = "wrong", gettext_lazy("Wrong or misleading")
    SPAM = "spam", gettext_lazy("Spam")
    OTHER = "other", gettext_lazy("Something else")


class CaseState(TextChoices):
    """Where a case stands."""

    OPEN = "open", "Open"
    CLAIMED = "claimed", "Claimed"
    ESCALATED = "escalated", "Escalated"
    CLOSED = "closed", "Closed"


class Verdict(TextChoices):
    """What a decision says."""

    VIOLATES = "violates", "Violates a policy"
    NO_VIOLATION = "no_violation", "No violation"
    UNSURE = "unsure", "Unsure: somebody with more say decides"


class ActorKind(TextChoices):
    """Who decided."""

    PERSON = "person", "Person"
    RULE = "rule", "Rule"
    SYSTEM = "system", "System"


class EnforcementKind(TextChoices):
    """What a decision does; each has an inverse."""

    HIDE_MESSAGE = "hide_message", "Hide the message"
    REDACT_SPAN = "redact_span", "Redact a passage"
    RETRACT_ANSWER = "retract_answer", "Withhold the answer"
    LOCK_CONVERSATION = "lock_conversation", "Lock the conversation"
    REVOKE_SHARE = "revoke_share", "Revoke the shared link"
    WARN = "warn", "Warn the person"
    RESTRICT = "restrict", "Restrict the person"
    SUSPEND = "suspend", "Suspend the person"


class EnforcementState(TextChoices):
    """Whether what was done still holds."""

    ACTIVE = "active", "Active"
    EXPIRED = "expired", "Expired"
    REVERSED = "reversed", "Reversed"


class GrantState(TextChoices):
    """Whether somebody may read a conversation by a grant."""

    LIVE = "live", "Live"
    ENDED_EARLY = "ended_early", "Ended early"
    EXPIRED = "expired", "Expired"


class AppealState(TextChoices):
    """Where an appeal stands."""

    SUBMITTED = "submitted", "Submitted"
    IN_REVIEW = "in_review", "In review"
    UPHELD = "upheld", "Upheld"
    OVERTURNED = "overturned", "Overturned"
    WITHDRAWN = "withdrawn", "Withdrawn"


class NoticeKind(TextChoices):
    """What a notice tells its reader."""

    DECISION = "decision", "Decision"
    REVERSAL = "reversal", "Decision taken back"
    APPEAL = "appeal", "Outcome of an appeal"


class PeriodDays(IntegerChoices):
    """Over how many days figures look back."""

    WEEK = 7, "7 days"
    MONTH = 30, "30 days"
    QUARTER = 90, "90 days"


class BackTestState(TextChoices):
    """Where a back-test stands."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"
    FAILED = "failed", "Failed"


ABOUT_PERSON = "person"
"""In the place of a role, where a case is about a person and not about a text."""
OPEN_BACK_TESTS = (BackTestState.QUEUED, BackTestState.RUNNING)
PENDING_APPEALS = (AppealState.SUBMITTED, AppealState.IN_REVIEW)
ENFORCED_BY_PERSONS = (EnforcementKind.WARN, EnforcementKind.RESTRICT, EnforcementKind.SUSPEND)
"""Enforcements that fall on a person and not on a text."""
OUT_OF_VIEW = (
    EnforcementKind.HIDE_MESSAGE,
    EnforcementKind.REDACT_SPAN,
    EnforcementKind.RETRACT_ANSWER,
)
"""Enforcements that take a text from view, or a part of it."""
WITHOUT_A_TEXT = (*ENFORCED_BY_PERSONS, EnforcementKind.REVOKE_SHARE)
"""Enforcements that a case can bring which is about a person and not about a text."""
ENDED_BY_TIME = (EnforcementKind.RESTRICT, EnforcementKind.SUSPEND)
"""Enforcements that can end by the clock: nothing gives a text back but a decision."""
