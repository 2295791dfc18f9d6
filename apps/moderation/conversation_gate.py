"""Staff read a conversation because of an open case, or with a reason that its owner can see."""

from __future__ import annotations

from collections.abc import Mapping

from apps.conversations.models import Conversation
from apps.conversations.services.reviewing import note_listing, note_reading
from apps.core.querysets import Condition
from apps.moderation.errors import GrantRequiredError
from apps.moderation.services.cases import grants
from apps.users.models import User


class CaseGate:
    """The product's gate; see docs/decisions/0060-reading-needs-a-reason.md."""

    def readable(self, viewer: User, *, conversation: str, owner: str) -> Condition:
        """Return the condition of rows whose conversation may be read now."""
        return grants.readable(viewer=viewer, conversation=conversation, owner=owner)

    def enter(self, viewer: User, conversation: Conversation, *, is_glance: bool = False) -> bool:
        """Note that somebody opens a conversation; false if they must give a reason first."""
        try:
            grant = grants.ensure_may_read(viewer=viewer, conversation=conversation)
        except GrantRequiredError:
            return False
        if grant is not None or not is_glance:
            note_reading(
                viewer=viewer,
                conversation_id=conversation.pk,
                owner_id=conversation.owner_id,
                grant_id=grant.pk if grant is not None else None,
            )
        return True

    def note_list(
        self, viewer: User, owners: Mapping[int, int], *, is_glance: bool = False
    ) -> None:
        """Note that a list showed words of conversations; of one's own, nothing is noted."""
        foreign = [number for number, owner_id in owners.items() if owner_id != viewer.pk]
        if not foreign:
            return
        ways = grants.ways_into(viewer=viewer, conversation_ids=foreign)
        if is_glance:
            ways = {number: grant for number, grant in ways.items() if grant is not None}
        note_listing(viewer=viewer, conversations=ways)

    def ask(self, actor: User, conversation_id: int, reason: str) -> None:
        """Let somebody in for a time, for a reason."""
        grants.open_grant(actor=actor, conversation_id=conversation_id, reason=reason)
