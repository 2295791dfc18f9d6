"""Named queries over grants to read."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.db.models import OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone

from apps.moderation import constants
from apps.moderation.querysets.base import SubjectQuerySet, all_rows, is_there
from apps.moderation.querysets.cases import CaseQuerySet

if TYPE_CHECKING:
    from apps.moderation.models import AccessGrant  # noqa: F401
    from apps.users.models import User


class AccessGrantQuerySet(SubjectQuerySet["AccessGrant"]):
    """Named queries over grants."""

    def live(self) -> Self:
        """Return those by which somebody may read a whole conversation now."""
        return self.for_conversations().filter(revoked_at=None, expires_at__gt=Now())

    def in_state(self, state: constants.GrantState) -> Self:
        """Return those in a state, by the clock of this process, so that an index finds them.

        Those by which somebody may read are young.
        """
        now = timezone.now()
        if state == constants.GrantState.ENDED_EARLY:
            return self.filter(revoked_at__isnull=False)
        if state == constants.GrantState.EXPIRED:
            return self.filter(revoked_at=None, expires_at__lte=now)
        young = self.filter(revoked_at=None).since(now - timedelta(hours=constants.GRANT_HOURS))
        return young.filter(expires_at__gt=now)

    def for_conversations(self) -> Self:
        """Leave out those for single passages, which measure a rule."""
        return self.filter(back_test=None)

    def for_back_test(self, back_test_id: int) -> Self:
        """Return those for passages that were read to label what a back-test matched."""
        return self.filter(back_test=back_test_id)

    def held_by(self, reader: User | int) -> Self:
        """Return those by which this person reads."""
        return self.filter(reader=reader)

    def on_conversation(self, conversation: int | OuterRef) -> Self:
        """Return those to read a conversation."""
        return self.filter(conversation=conversation)

    def on_conversation_of(self, message_id: int) -> Self:
        """Return those to read the conversation of a message."""
        return self.filter(conversation__messages=message_id)

    def on_conversations(self, numbers: Collection[int]) -> Self:
        """Return those to read one of several conversations."""
        return self.filter(conversation__in=numbers)


def readable_by(viewer: User, *, conversation: str, owner: str, sees_cases: bool) -> Q:
    """Return the condition of rows whose conversation a member of staff may read now.

    Args:
        viewer: who reads: their own, by a grant, or because of a case.
        conversation: path from the row to the conversation's number.
        owner: path from the row to the owner's number.
        sees_cases: whether a case lets them in.
    """
    here = OuterRef(conversation)
    grants = all_rows(AccessGrantQuerySet, "AccessGrant")
    condition = Q(**{owner: viewer.pk})
    condition |= is_there(grants.live().held_by(viewer).on_conversation(here))
    if sees_cases:
        cases = all_rows(CaseQuerySet, "Case")
        condition |= is_there(cases.letting_in().on_conversation(here))
    return condition
