"""Words and numbers about people and their rights."""

from django.db.models import TextChoices

INVALID_CREDENTIALS = "Invalid email or password"
USER_NOT_FOUND = "User not found"
USER_ALREADY_EXISTS = "User with this email already exists"

MAX_EMAIL_CHARS = 255
MAX_NAME_CHARS = 100
MIN_PASSWORD_CHARS = 8
MAX_PASSWORD_CHARS = 128
MAX_TOKEN_NAME_CHARS = 80
TOKEN_PREFIX = "parley_"


class Role(TextChoices):
    """What a person may do; each role is backed by the Django group of the same name."""

    ADMIN = "admin", "Admin"
    MODERATOR = "moderator", "Moderator"
    USER = "user", "User"


class Standing(TextChoices):
    """How a person stands with the organisation at the moment."""

    GOOD = "good", "Good"
    RESTRICTED = "restricted", "Restricted"
    SUSPENDED = "suspended", "Suspended"


class RestrictionKind(TextChoices):
    """What a decision about a person does."""

    WARNING = "warning", "Warning"
    RESTRICTION = "restriction", "Restriction"
    SUSPENSION = "suspension", "Suspension"


class TokenScope(TextChoices):
    """What a token may be used for."""

    CHAT = "chat", "Read and write own conversations"
    ACCOUNT = "account", "Read and change own account"
    STAFF = "staff", "Use the rights of the owner's role"
