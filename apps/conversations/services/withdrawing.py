"""Staff take a link back for a reason that its owner reads, and give it back."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from apps.audit.constants import AuditAction
from apps.conversations.enforcement_hold import enforcement_hold
from apps.conversations.errors import (
    HeldByDecisionError,
    ShareAlreadyRevokedError,
    ShareNotWithdrawnError,
)
from apps.conversations.models import Share
from apps.conversations.services.shares import one_of, record
from apps.conversations.services.visibility import ensure_not_own
from apps.core import rights
from apps.core.problems import clean_reason
from apps.users.models import User


def share_to_revoke(*, actor: User, share_id: int) -> Share:
    """Return anybody's link that a member of staff may revoke.

    Raises:
        ForbiddenError: the actor may not revoke links.
        ShareNotFoundError: no such link.
        OwnConversationError: it is the actor's own.
        ShareAlreadyRevokedError: staff revoked it already.
    """
    share = _for_staff(actor, share_id)
    if share.is_revoked_by_staff:
        raise ShareAlreadyRevokedError
    return share


@transaction.atomic
def withdraw_share(
    *, actor: User | None, share_id: int, reason: str, reason_for_user: str
) -> Share:
    """Let anybody's link lead nowhere; no new one takes its place.

    Args:
        actor: a member of staff who may revoke links; None for the product itself.
        share_id: which link; one that its owner revoked, too, for they could make the next at once.
            One that staff revoked already stays as it is.
        reason: why, for the record.
        reason_for_user: what its owner reads under Shared links.

    Raises:
        ForbiddenError: the actor may not revoke links.
        ShareNotFoundError: no such link.
        OwnConversationError: it is the actor's own.
        ValidationFailedError: a reason is missing, or too long.
    """
    share = _for_staff(actor, share_id)
    reason = clean_reason(reason, field="reason")
    told = clean_reason(reason_for_user, field="reason_for_user")
    if share.is_revoked_by_staff:
        return share
    User.objects.select_for_update(no_key=True).get(pk=share.owner_id)
    share.was_revoked_by_owner = share.revoked_at is not None
    share.revoked_at = share.revoked_at or timezone.now()
    _store(share, is_by_staff=True, told=told)
    record(actor, AuditAction.SHARE_REVOKED, share, reason=reason, told=told)
    return share


@transaction.atomic
def give_share_back(*, actor: User | None, share_id: int, reason: str) -> Share:
    """Let a link that staff revoked work again, and its conversation be shared anew.

    One that its owner had revoked before goes on to lead nowhere.

    Args:
        actor: a member of staff who may revoke links; None for the product itself.
        share_id: which link.
        reason: why, for the record.

    Raises:
        ShareNotWithdrawnError: staff did not revoke it.
        HeldByDecisionError: a decision of moderation revoked it, and is taken back on its case.
        Exception: otherwise as `withdraw_share`.
    """
    share = _for_staff(actor, share_id)
    reason = clean_reason(reason, field="reason")
    if not share.is_revoked_by_staff:
        raise ShareNotWithdrawnError
    if actor is not None and holding_case(share) is not None:
        raise HeldByDecisionError
    if not share.was_revoked_by_owner:
        share.revoked_at = None
    share.was_revoked_by_owner = False
    _store(share, is_by_staff=False, told="")
    record(actor, AuditAction.SHARE_GIVEN_BACK, share, reason=reason)
    return share


def holding_case(share: Share) -> int | None:
    """Return the case whose decision keeps a link revoked, so that it is given back there."""
    held_by = enforcement_hold().case_revoking(share="pk", owner="owner_id")
    rows = Share.objects.revoked_by_staff().filter(pk=share.pk)
    number: int | None = rows.annotate(held_by=held_by).values_list("held_by", flat=True).first()
    return number


def _for_staff(actor: User | None, share_id: int) -> Share:
    if actor is not None:
        rights.require(actor, "conversations.revoke_share")
    share = one_of(Share.objects.select_for_update(of=("self",)), share_id)
    ensure_not_own(actor, share.conversation)
    return share


def _store(share: Share, *, is_by_staff: bool, told: str) -> None:
    share.is_revoked_by_staff, share.reason_for_user = is_by_staff, told
    share.save(
        update_fields=[
            "revoked_at",
            "was_revoked_by_owner",
            "is_revoked_by_staff",
            "reason_for_user",
        ]
    )
