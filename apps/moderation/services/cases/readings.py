"""Who read somebody's conversations with a reason, when and why, as their owner sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext, gettext_noop

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.moderation.models import AccessGrant
from apps.users.models import User

if TYPE_CHECKING:
    from apps.audit.querysets import AuditEventQuerySet

GRANTS_SHOWN = 50
TIMES_SHOWN = 100
TIMES_AT_ONCE = 1_000
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
        read_at: when they read it, newest first; `times_of` has what is before these.
        read_count: how often they did.
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
    read_count: int
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
    rows = AccessGrant.objects.about(viewer).select_related("conversation")
    rows = rows if before is None else rows.before_number(before)
    grants = list(rows.order_by("-id")[:limit])
    times: dict[int, list[datetime]] = {}
    counts: dict[int, int] = {}
    events = _events_of({grant.pk: grant.conversation_number for grant in grants})
    for grant_id, at, number in events.times_by_grant(most=TIMES_SHOWN):
        times.setdefault(grant_id, []).append(at)
        counts[grant_id] = number
    return [_reading(one, times.get(one.pk, []), counts.get(one.pk, 0)) for one in grants]


def times_of(reading: Reading) -> Iterator[datetime]:
    """Yield every time at which a conversation was read in one way, newest first, by steps."""
    events = _events_of({reading.grant_id: reading.conversation_id})
    before: int | None = None
    while True:
        rows = events if before is None else events.before_number(before)
        step = list(rows.values_list("pk", "created_at")[:TIMES_AT_ONCE])
        yield from (at for _, at in step)
        if len(step) < TIMES_AT_ONCE:
            return
        before = step[-1][0]


def _events_of(numbers: Mapping[int, int]) -> AuditEventQuerySet:
    """Return the readings under some grants, each with its conversation's number, newest first."""
    events = audit.list_events_of(
        action=AuditAction.CONVERSATION_READ,
        target_type="conversation",
        target_ids=set(numbers.values()),
    )
    return events.under_grants(list(numbers))


def _reading(grant: AccessGrant, read_at: list[datetime], read_count: int) -> Reading:
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
        read_count=read_count,
        is_passages=grant.back_test_id is not None,
        is_there=conversation is not None and conversation.deleted_at is None,
    )


def _told(grant: AccessGrant) -> str:
    if grant.back_test_id is None:
        return grant.reason
    return gettext(PASSAGES) % {"number": grant.back_test_id}
