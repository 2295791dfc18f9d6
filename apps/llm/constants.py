"""Words and numbers about calls to models."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy

DEFAULT_MODEL = "gpt-3.5-turbo"
MAX_TOKENS = 4000
DEFAULT_TEMPERATURE = 0.7

MAX_NAME_CHARS = 80
MAX_URL_CHARS = 300
MAX_MODEL_CHARS = 120
MAX_DESCRIPTION_CHARS = 300
MAX_SYSTEM_PROMPT_CHARS = 20_000
MAX_KEY_CHARS = 1_000
MAX_FALLBACKS = 5
MAX_WAITING = 100
MAX_WAIT_SECONDS = 60

ENVIRONMENT_CODE = "environment"
ENVIRONMENT_NAME = "From the environment"
ENVIRONMENT_ASSISTANT = "Assistant"


class KeySource(TextChoices):
    """Where the key of a provider comes from."""

    NONE = "none", "No key"
    VARIABLE = "variable", "A variable of the environment"
    STORED = "stored", "Stored here, sealed"


class Audience(TextChoices):
    """Who may use an assistant."""

    EVERYBODY = "everybody", "Everybody"
    GROUPS = "groups", "Some groups"


class Capability(TextChoices):
    """What a model can do beyond answering a text."""

    TEMPERATURE = "temperature", "Takes a temperature"


class Purpose(TextChoices):
    """What a model was called for."""

    REPLY = "reply", "Reply"
    TITLE = "title", "Title"
    JUDGE = "judge", "Judgement of a rule"
    MODERATION = "moderation", "Moderation endpoint"
    TRIAL = "trial", "Try by an admin"


HOUSE_PURPOSES = (Purpose.JUDGE, Purpose.MODERATION)
"""What the organisation itself asks for: calls of these purposes were never a person's."""


class UsageSource(TextChoices):
    """Where the token counts of a call come from."""

    REPORTED = "reported", "Reported by the provider"
    ESTIMATED = "estimated", "Estimated"


NANO = 1_000_000_000
"""Nano-dollars in a dollar: money is a whole number of them."""
PRICED_TOKENS = 1_000_000
"""Prices are for so many tokens."""
CURRENCY = "USD"
BYTES_PER_TOKEN = 4
"""About so many bytes of text in UTF-8 are a token."""
FRAME_TOKENS = 8
"""What stands around each message of a prompt: its role and what parts it from the next one. No
template of today's models takes more."""
RESERVED_ANSWER_TOKENS = 2_000
"""What is reserved for an answer that has no limit of its own; under a hard quota it ends there."""


class CostSource(TextChoices):
    """How sure the cost of a call is."""

    EXACT = "exact", "From reported tokens"
    ESTIMATED = "estimated", "From estimated tokens"
    UNKNOWN = "unknown", "The model has no price"


class PriceSource(TextChoices):
    """Where a price comes from."""

    PUBLISHED = "published", "Published price list"
    STAFF = "staff", "Typed by staff"


class LookupOutcome(TextChoices):
    """What a published price list says of a model."""

    FOUND = "found", "It has a price"
    NO_PROVIDER = "no_provider", "It does not know the provider's address"
    NO_MODEL = "no_model", "It does not know the model there"
    UNFIT = "unfit", "Its price counts more than tokens, or has several steps"
    LOCAL = "local", "Not asked: the model runs here"
    REFUSED = "refused", "Not asked: published prices are refused for the provider"


class QuotaKind(TextChoices):
    """Whose use a quota counts; of the first three, a person has the first that there is."""

    PERSON = "person", "One person"
    MEMBER = "member", "Each member of a group"
    EVERYONE = "everyone", "Each person"
    GROUP = "group", "A group together"
    TOKEN = "token", "One API token"
    MODEL = "model", "One model, by everybody together"


class QuotaUnit(TextChoices):
    """What a quota counts."""

    TOKENS = "tokens", gettext_lazy("Tokens")
    MONEY = "money", gettext_lazy("Money (USD)")


class Period(TextChoices):
    """The stretch of the calendar after which a quota begins anew."""

    HOUR = "hour", gettext_lazy("Hour")
    DAY = "day", gettext_lazy("Day")
    WEEK = "week", gettext_lazy("Week")
    MONTH = "month", gettext_lazy("Month")
