"""Whether a link leads somewhere: what opens it, its owner's list and the admin all ask this."""

from __future__ import annotations

from django.utils import timezone

from apps.conversations.constants import ShareStanding
from apps.conversations.models import Share


def standing_of(share: Share) -> ShareStanding:
    """Return whether a link leads somewhere, from a row that was read `with_standing`."""
    now = timezone.now()
    if share.revoked_at is not None:
        return ShareStanding.WITHDRAWN if share.is_revoked_by_staff else ShareStanding.REVOKED
    if share.expires_at is not None and share.expires_at <= now:
        return ShareStanding.EXPIRED
    if share.conversation.deleted_at is not None:
        return ShareStanding.DELETED
    if share.conversation.locked_at is not None:
        return ShareStanding.LOCKED
    if share.is_retracted:  # type: ignore[attr-defined]
        return ShareStanding.RETRACTED
    is_out = not share.owner.is_active or share.owner.is_suspended
    return ShareStanding.CLOSED if is_out else ShareStanding.OPEN
