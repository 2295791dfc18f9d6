"""The words for what staff and owners did; each is explained in docs/audit.md."""

from django.db.models import TextChoices

SYSTEM_ACTOR = "system"


class AuditAction(TextChoices):
    """What was done, as noun.verb; a word is never reused and never changes its meaning."""

    USER_REGISTERED = "user.registered", "Account made"
    USER_UPDATED = "user.updated", "Account changed"
    USER_PASSWORD_CHANGED = "user.password_changed", "Password changed"
    USER_ROLE_CHANGED = "user.role_changed", "Role changed"
    USER_DEACTIVATED = "user.deactivated", "Account closed"
    USER_ACTIVATED = "user.activated", "Account opened again"
    USER_DELETED = "user.deleted", "Account deleted"
    USER_WARNED = "user.warned", "Person warned"
    USER_RESTRICTED = "user.restricted", "Person restricted"
    USER_SUSPENDED = "user.suspended", "Person suspended"
    USER_LIFTED = "user.lifted", "Restriction or suspension lifted"
    TOKEN_CREATED = "token.created", "Token made"
    TOKEN_REVOKED = "token.revoked", "Token revoked"
    CONVERSATION_READ = "conversation.read", "Conversation read by staff"
    CONVERSATION_DELETED = "conversation.deleted", "Conversation deleted"
    MESSAGE_SENT_FOR_USER = "message.sent_for_user", "Message sent in somebody's name"
    MESSAGE_HIDDEN = "message.hidden", "Message hidden"
    MESSAGE_RESTORED = "message.restored", "Message shown again"
    REPLY_HALTED = "reply.halted", "Answer halted"
