"""Words and numbers about calls to models."""

from django.db.models import TextChoices

DEFAULT_MODEL = "gpt-3.5-turbo"
MAX_TOKENS = 4000
DEFAULT_TEMPERATURE = 0.7


class Purpose(TextChoices):
    """What a model was called for."""

    REPLY = "reply", "Reply"
    TITLE = "title", "Title"


class UsageSource(TextChoices):
    """Where the token counts of a call come from."""

    REPORTED = "reported", "Reported by the provider"
    ESTIMATED = "estimated", "Estimated"
