"""Words and numbers about calls to models."""

from django.db.models import TextChoices

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
    TRIAL = "trial", "Try by an admin"


class UsageSource(TextChoices):
    """Where the token counts of a call come from."""

    REPORTED = "reported", "Reported by the provider"
    ESTIMATED = "estimated", "Estimated"
