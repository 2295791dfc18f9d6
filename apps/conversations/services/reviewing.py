"""Staff read what is not theirs: each reading with a reason is noted, others once an hour."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.users.models import User

READING_HOURS = 1


def note_reading(
    *,
    viewer: User,
    conversation_id: int,
    owner_id: int,
    grant_id: int | None = None,
    reason: str = "",
) -> None:
    """Write down that a member of staff opened a conversation, or read what is kept of it.

    Args:
        viewer: who reads; their own conversations are not noted.
        conversation_id: what they read.
        owner_id: whose it is.
        grant_id: the permission by which they read; without one, a case is open on it, and the
            reading is noted unless they opened it within the hour.
        reason: why, where the permission was given for this reading alone.
    """
    if owner_id == viewer.pk:
        return
    if grant_id is None and _is_noted(viewer, conversation_id):
        return
    audit.record(
        actor=viewer,
        action=AuditAction.CONVERSATION_READ,
        target_type="conversation",
        target_id=conversation_id,
        reason=reason,
        data={} if grant_id is None else {"grant_id": grant_id},
    )


def _is_noted(viewer: User, conversation_id: int) -> bool:
    since = timezone.now() - timedelta(hours=READING_HOURS)
    events = audit.list_events_about(target_type="conversation", target_id=conversation_id)
    own = events.filter(
        actor_id=viewer.pk, action=AuditAction.CONVERSATION_READ, created_at__gt=since
    )
    return own.exclude(data__has_key="grant_id").exists()
