"""Who read somebody's conversations with a reason, when and why, as their owner sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext, gettext_noop

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.moderation.models import AccessGrant
from apps.users.models import User

GRANTS_SHOWN = 50
READINGS_SHOWN = 1_000
GONE = gettext_noop("A conversation that is gone")
PASSAGES = gettext_noop(
    "A passage was read to see whether an automatic check is right (test %(number)d)."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One time that staff opened a conversation with a reason, as its owner sees it.

    Attributes:
        ended_at: until when they could read it.
        is_ended_early: staff ended it before its time.
        is_passages: nothing was opened; passages were read to measure a rule.
        is_there: the conversation can be opened by its owner.
    """

    grant_id: int
    conversation_id: int
    conversation_title: str
    reader: str
    reason: str
    opened_at: datetime
    ended_at: datetime
    is_ended_early: bool
    read_at: list[datetime]
    is_passages: bool
    is_there: bool


def list_readings(
    *, viewer: User, before: int | None = None, limit: int = GRANTS_SHOWN
) -> list[Reading]:
    """Return who read the viewer's conversations with a reason, when and why; newest first.

    What was read of a conversation that is deleted, or gone for good, stays among them.

    Args:
        viewer: the owner.
        before: the grant before which the list goes on; None for its beginning.
        limit: at most so many.
    """
    rows = AccessGrant.objects.filter(subject=viewer).select_related("conversation")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    grants = list(rows.order_by("-id")[:limit])
    times: dict[int, list[datetime]] = {}
    by_grant = audit.list_events_of(
        action=AuditAction.CONVERSATION_READ,
        target_type="conversation",
        target_ids={grant.conversation_number for grant in grants},
    ).filter(data__grant_id__in=[grant.pk for grant in grants])
    for number, at in by_grant.values_list("data__grant_id", "created_at")[:READINGS_SHOWN]:
        times.setdefault(number, []).append(at)
    return [_reading(grant, times.get(grant.pk, [])) for grant in grants]


def _reading(grant: AccessGrant, read_at: list[datetime]) -> Reading:
    conversation = grant.conversation
    return Reading(
        grant_id=grant.pk,
        conversation_id=grant.conversation_number,
        conversation_title=conversation.display_title if conversation else gettext(GONE),
        reader=grant.reader_label,
        reason=_told(grant),
        opened_at=grant.created_at,
        ended_at=grant.revoked_at or grant.expires_at,
        is_ended_early=grant.revoked_at is not None,
        read_at=read_at,
        is_passages=grant.back_test_id is not None,
        is_there=conversation is not None and conversation.deleted_at is None,
    )


def _told(grant: AccessGrant) -> str:
    if grant.back_test_id is None:
        return grant.reason
    return gettext(PASSAGES) % {"number": grant.back_test_id}
