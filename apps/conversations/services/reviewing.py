"""Staff read what is not theirs: it is noted, once an hour and conversation."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.conversations.models import Conversation
from apps.users.models import User

READING_HOURS = 1


@transaction.atomic
def note_reading(*, viewer: User, conversation: Conversation) -> None:
    """Write down that a member of staff opened a conversation, unless they did so just now."""
    if conversation.owner_id == viewer.pk:
        return
    since = timezone.now() - timedelta(hours=READING_HOURS)
    events = audit.list_events_about(target_type="conversation", target_id=conversation.pk)
    is_noted = events.filter(
        actor_id=viewer.pk, action=AuditAction.CONVERSATION_READ, created_at__gt=since
    ).exists()
    if not is_noted:
        audit.record(
            actor=viewer,
            action=AuditAction.CONVERSATION_READ,
            target_type="conversation",
            target_id=conversation.pk,
        )
