"""Passages of private conversations that rule authors read to label a match: each is on record."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from apps.conversations.models import Conversation
from apps.conversations.services.reviewing import note_reading
from apps.moderation.models import AccessGrant, BackTest
from apps.moderation.services.rules import rules
from apps.users.models import User


@transaction.atomic
def note_passage(*, actor: User, conversation: Conversation, back_test: BackTest) -> AccessGrant:
    """Write down, for its owner to see, that somebody reads a passage to label a match.

    It lets nobody into the conversation. The passages that one person reads of it for one
    back-test stand together.

    Args:
        actor: who reads.
        conversation: whose passage it is; not their own.
        back_test: what matched it.

    Raises:
        ForbiddenError: the actor may not write rules.
    """
    rules.require(actor, rules.EDIT)
    reason = f"To label what back-test {back_test.pk} matched."
    grant, _ = AccessGrant.objects.get_or_create(
        reader=actor,
        conversation=conversation,
        back_test=back_test,
        defaults={
            "reader_label": actor.name,
            "conversation_number": conversation.pk,
            "subject_id": conversation.owner_id,
            "reason": reason,
            "expires_at": timezone.now(),
        },
    )
    note_reading(
        viewer=actor,
        conversation_id=conversation.pk,
        owner_id=conversation.owner_id,
        grant_id=grant.pk,
        reason=reason,
    )
    return grant
