"""Words and numbers about people and their rights."""

from django.db.models import TextChoices

INVALID_CREDENTIALS = "Invalid email or password"
USER_NOT_FOUND = "User not found"
USER_ALREADY_EXISTS = "User with this email already exists"
TOO_MANY_LOGIN_ATTEMPTS = "Too many failed attempts. Wait a few minutes and try again."

MAX_EMAIL_CHARS = 255
MAX_NAME_CHARS = 100
MIN_PASSWORD_CHARS = 8
MAX_PASSWORD_CHARS = 128
MAX_SEARCH_CHARS = 100
MAX_TOKEN_NAME_CHARS = 80
MAX_TOKENS_PER_USER = 50
DEFAULT_TOKEN_DAYS = 90
MAX_TOKEN_DAYS = 365
TOKEN_PREFIX = "parley_"  # noqa: S105
TOKEN_SECRET_BYTES = 32
TOKEN_HINT_CHARS = 12
TOKEN_USE_RESOLUTION_SECONDS = 60

AUTH_REVOKED_EVENT = "auth.revoked"


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


REVIEW_PERMISSIONS = (
    "audit.view_auditevent",
    "conversations.halt_reply",
    "conversations.hide_message",
    "conversations.view_conversation",
    "conversations.view_message",
    "conversations.view_reply",
    "llm.view_usagerecord",
)
ROLE_PERMISSIONS: dict[Role, tuple[str, ...]] = {
    Role.ADMIN: (
        *REVIEW_PERMISSIONS,
        "users.add_user",
        "users.change_role",
        "users.change_standing",
        "users.change_user",
        "users.delete_apitoken",
        "users.delete_user",
        "users.view_apitoken",
        "users.view_restriction",
        "users.view_user",
    ),
    Role.MODERATOR: (
        *REVIEW_PERMISSIONS,
        "users.change_standing",
        "users.view_restriction",
        "users.view_user",
    ),
    Role.USER: (),
}
"""What each role's group may do; each app's own migration grants what is its own."""
