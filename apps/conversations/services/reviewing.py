"""Staff read what is not theirs: each reading with a reason is noted, others once an hour."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
    if grant_id is None and _noted(viewer, [conversation_id]):
        return
    audit.record(
        actor=viewer,
        action=AuditAction.CONVERSATION_READ,
        target_type="conversation",
        target_id=conversation_id,
        reason=reason,
        data={} if grant_id is None else {"grant_id": grant_id},
    )


def note_listing(*, viewer: User, conversations: Mapping[int, int | None]) -> None:
    """Write down that a list showed words of conversations that are not the viewer's, as readings.

    Args:
        viewer: who reads.
        conversations: their numbers, each with the permission by which it is read; None where a
            case is open on it.
    """
    by_case = [number for number, grant_id in conversations.items() if grant_id is None]
    noted = _noted(viewer, by_case) if by_case else set()
    audit.record_each(
        actor=viewer,
        action=AuditAction.CONVERSATION_READ,
        target_type="conversation",
        targets={
            number: {} if grant_id is None else {"grant_id": grant_id}
            for number, grant_id in conversations.items()
            if number not in noted
        },
    )


def _noted(viewer: User, conversation_ids: Collection[int]) -> set[int]:
    since = timezone.now() - timedelta(hours=READING_HOURS)
    events = audit.list_events_of(
        action=AuditAction.CONVERSATION_READ,
        target_type="conversation",
        target_ids=conversation_ids,
    )
    own = events.done_by(viewer.pk).after(since).without_grant()
    return set(own.values_list("target_id", flat=True))
