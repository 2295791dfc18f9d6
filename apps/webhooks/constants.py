"""Words and numbers about webhooks."""

from django.db.models import TextChoices

MAX_URL_CHARS = 500
MAX_DESCRIPTION_CHARS = 200
MAX_ENDPOINTS = 50
ADDING_KEY = 0x77656268
"""Of the lock in PostgreSQL under which webhooks are added one after another."""

SECRET_PREFIX = "whsec_"  # noqa: S105
SECRET_BYTES = 32
SECRET_PURPOSE = "webhooks"  # noqa: S105
OVERLAP_HOURS = 24

CHANNEL = "parley_webhooks"
STAFF_SCOPE = "staff"

RETRY_SECONDS = (5, 60, 300, 1_800, 7_200, 18_000, 28_800, 36_000)
JITTER = 0.2
LEASE_SECONDS = 60
FAILING_DAYS = 3
FAILING_GAP_HOURS = 24
"""Longer than any wait between two tries: what failed before such a gap is another failure."""
KEEP_DAYS = 30
NOTED_DAYS = FAILING_DAYS + KEEP_DAYS
MAX_AT_ONCE_PER_ENDPOINT = 4
REST_AFTER_FAILURES = MAX_AT_ONCE_PER_ENDPOINT
REST_SECONDS, MAX_REST_SECONDS = 5, 60
"""After so many refusals without an acceptance a receiver rests, twice as long each time."""

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 15.0
BODY_SECONDS = 2.0
KEPT_RESPONSE_BYTES = 1_024
MAX_REDELIVERED = 10_000

TEST_EVENT = "webhook.test"


class EventType(TextChoices):
    """What programs can be told of; the fields of each are in docs/webhooks.md."""

    CASE_OPENED = "case.opened", "A case was opened"
    DECISION_MADE = "decision.made", "A case was decided, or a decision taken back"
    REPLY_FINISHED = "reply.finished", "An answer ended"
    USER_LIFTED = "user.lifted", "A restriction or suspension was lifted"
    USER_RESTRICTED = "user.restricted", "Somebody was restricted"
    USER_SUSPENDED = "user.suspended", "Somebody was suspended"


class DeliveryState(TextChoices):
    """How it stands with telling one endpoint of one event."""

    PENDING = "pending", "Waiting"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Failed"


class AttemptOutcome(TextChoices):
    """How one attempt ended, beside the status that the receiver answered."""

    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Refused by the receiver"
    TIMED_OUT = "timed_out", "No answer in time"
    UNREACHABLE = "unreachable", "Not reachable"
    FORBIDDEN = "forbidden", "An address that is never called"
    UNSIGNED = "unsigned", "The secret does not open"
