"""Words and numbers about people and their rights."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy, gettext_noop

INVALID_CREDENTIALS = gettext_noop("Invalid email or password")
USER_NOT_FOUND = "User not found"
USER_ALREADY_EXISTS = gettext_noop("User with this email already exists")
TOO_MANY_LOGIN_ATTEMPTS = gettext_noop(
    "Too many failed attempts. Wait a few minutes and try again."
)

MAX_EMAIL_CHARS = 255
MAX_NAME_CHARS = 100
MIN_PASSWORD_CHARS = 8
MAX_PASSWORD_CHARS = 128
MAX_SEARCH_CHARS = 100
MAX_LANGUAGE_CHARS = 20
MAX_TOKEN_NAME_CHARS = 80
MAX_TOKENS_PER_USER = 50
DEFAULT_TOKEN_DAYS = 90
MAX_TOKEN_DAYS = 365
MAX_ALLOWED_MODELS = 20
MAX_MODEL_CHARS = 120
MODEL_PATTERN = r"^[A-Za-z0-9_.:/@+*-]+$"
EXPIRY_WARNING_DAYS = 7
TOKEN_PREFIX = "parley_"  # noqa: S105
TOKEN_SECRET_BYTES = 32
TOKEN_HINT_CHARS = 12
TOKEN_USE_RESOLUTION_SECONDS = 60

AUTH_REVOKED_EVENT = "auth.revoked"
RECHECK_SECONDS = 30.0


class AccountKind(TextChoices):
    """Whose account it is."""

    PERSON = "person", "Person"
    SERVICE = "service", "Service account"


class Role(TextChoices):
    """What a person may do; each role is backed by the Django group of the same name."""

    ADMIN = "admin", "Admin"
    MODERATOR = "moderator", "Moderator"
    USER = "user", "User"


class Duty(TextChoices):
    """What a member of staff may do beyond their role; each is backed by the group of that name."""

    LEAD = "lead", "Moderation lead"
    RULE_AUTHOR = "rule_author", "Rule author"
    RULE_APPROVER = "rule_approver", "Rule approver"
    AUDITOR = "auditor", "Auditor"
    SUPPORT = "support", "Support"


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

    CHAT = "chat", gettext_lazy("Read and write own conversations")
    ACCOUNT = "account", gettext_lazy("Read and change own account")
    STAFF = "staff", gettext_lazy("Use the rights of the owner's role")


SERVICE_DOMAIN = "service.invalid"
"""Addresses of service accounts: no mail reaches them, as RFC 2606 reserves the name for that."""


class ServiceScope(TextChoices):
    """What a token of a service account may be used for: the account itself is its admins'."""

    CHAT = TokenScope.CHAT.value, TokenScope.CHAT.label
    STAFF = TokenScope.STAFF.value, TokenScope.STAFF.label


class ServiceDuty(TextChoices):
    """What a service account may be given: reading; deciding is for people."""

    AUDITOR = Duty.AUDITOR.value, Duty.AUDITOR.label
    SUPPORT = Duty.SUPPORT.value, Duty.SUPPORT.label


VIEW_PERMISSIONS = (
    "audit.view_auditevent",
    "conversations.view_conversation",
    "conversations.view_feedback",
    "conversations.view_message",
    "conversations.view_reply",
    "conversations.view_share",
    "llm.view_assistant",
    "llm.view_assistantversion",
    "llm.view_chatmodel",
    "llm.view_usagerecord",
)
CASE_VIEW_PERMISSIONS = (
    "moderation.view_appeal",
    "moderation.view_backtest",
    "moderation.view_backtestmatch",
    "moderation.view_case",
    "moderation.view_decision",
    "moderation.view_enforcement",
    "moderation.view_flag",
    "moderation.view_note",
    "moderation.view_notice",
    "moderation.view_policy",
    "moderation.view_policyversion",
    "moderation.view_rule",
    "moderation.view_rulehit",
    "moderation.view_ruleversion",
    "moderation.view_strike",
    "moderation.view_threshold",
)
COST_PERMISSIONS = (
    "llm.view_cost",
    "llm.view_pause",
    "llm.view_price",
    "llm.view_quota",
)
DECIDE_PERMISSIONS = (
    "conversations.halt_reply",
    "conversations.hide_message",
    "conversations.revoke_share",
    "moderation.decide_case",
    "moderation.read_conversation",
    "users.change_standing",
    "users.view_restriction",
    "users.view_user",
)
REVIEW_PERMISSIONS = (*VIEW_PERMISSIONS, *CASE_VIEW_PERMISSIONS, *DECIDE_PERMISSIONS)
LEAD_PERMISSIONS = (
    *REVIEW_PERMISSIONS,
    "moderation.add_threshold",
    "moderation.change_threshold",
    "moderation.decide_appeal",
    "moderation.delete_threshold",
    "moderation.edit_policy",
    "moderation.export_case",
    "moderation.override_case",
    "moderation.reveal_person",
    "moderation.view_accessgrant",
    "moderation.view_metrics",
)
RULE_AUTHOR_PERMISSIONS = (
    "moderation.edit_rule",
    "moderation.view_backtest",
    "moderation.view_backtestmatch",
    "moderation.view_policy",
    "moderation.view_policyversion",
    "moderation.view_rule",
    "moderation.view_rulehit",
    "moderation.view_ruleversion",
)
RULE_APPROVER_PERMISSIONS = (*RULE_AUTHOR_PERMISSIONS, "moderation.enforce_rule")
ROLE_PERMISSIONS: dict[Role, tuple[str, ...]] = {
    Role.ADMIN: (
        *dict.fromkeys((*LEAD_PERMISSIONS, *RULE_APPROVER_PERMISSIONS)),
        "llm.manage_catalogue",
        "llm.view_provider",
        *COST_PERMISSIONS,
        "llm.add_price",
        "llm.change_pause",
        "llm.change_quota",
        "auth.change_group",
        "auth.view_group",
        "users.add_user",
        "users.change_role",
        "users.change_user",
        "users.delete_apitoken",
        "users.delete_user",
        "users.view_apitoken",
        "webhooks.manage_webhook",
        "webhooks.view_webhookdelivery",
        "webhooks.view_webhookendpoint",
    ),
    Role.MODERATOR: REVIEW_PERMISSIONS,
    Role.USER: (),
}
"""What each role's group may do; each app's own migration grants what is its own."""

DUTY_PERMISSIONS: dict[Duty, tuple[str, ...]] = {
    Duty.LEAD: LEAD_PERMISSIONS,
    Duty.RULE_AUTHOR: RULE_AUTHOR_PERMISSIONS,
    Duty.RULE_APPROVER: RULE_APPROVER_PERMISSIONS,
    Duty.AUDITOR: (
        *VIEW_PERMISSIONS,
        *CASE_VIEW_PERMISSIONS,
        *COST_PERMISSIONS,
        "auth.view_group",
        "moderation.export_case",
        "moderation.read_conversation",
        "moderation.view_accessgrant",
        "moderation.view_metrics",
        "users.view_restriction",
        "users.view_user",
    ),
    Duty.SUPPORT: ("users.view_restriction", "users.view_user"),
}
"""What each duty's group may do, beyond the role."""

DECLARED_GROUPS = frozenset(word.value for word in (*ROLE_PERMISSIONS, *DUTY_PERMISSIONS))
"""The groups of roles and duties: they alone carry rights, and membership comes by them."""
MAX_GROUP_NAME_CHARS = 80
MAX_PEOPLE_AT_ONCE = 50
