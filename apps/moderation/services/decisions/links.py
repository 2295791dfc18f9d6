"""What decisions do to shared links, through the conversations' own service, and its inverse."""

from __future__ import annotations

from apps.conversations.models import Share
from apps.conversations.services import withdrawing
from apps.moderation.models import Decision, Enforcement
from apps.users.models import User


def revoke(*, enforcement: Enforcement, decision: Decision, actor: User | None) -> None:
    """Let a link of a case's subject lead nowhere; keeps which conversation it shows.

    Raises:
        ForbiddenError: the actor may not revoke links.
        ShareNotFoundError: there is no such link.
    """
    share = withdrawing.withdraw_share(
        actor=actor,
        share_id=enforcement.data["share_id"],
        reason=decision.reason,
        reason_for_user=decision.told,
    )
    enforcement.conversation_id = share.conversation_id


def give_back(*, enforcement: Enforcement, actor: User | None, reason: str) -> None:
    """Let a link work again, where it still exists and no other decision keeps it revoked."""
    if exists(enforcement) and not is_given_back(enforcement) and not _is_held(enforcement):
        withdrawing.give_share_back(
            actor=actor, share_id=enforcement.data["share_id"], reason=reason
        )


def exists(enforcement: Enforcement) -> bool:
    """Tell whether the link is still there."""
    return Share.objects.filter(pk=enforcement.data["share_id"]).exists()


def is_given_back(enforcement: Enforcement) -> bool:
    """Tell whether the link is there and not revoked by staff any more."""
    return Share.objects.not_revoked_by_staff().filter(pk=enforcement.data["share_id"]).exists()


def _is_held(enforcement: Enforcement) -> bool:
    revoking = Enforcement.objects.active().revoking(
        owner=enforcement.decision.case.subject_id, share=enforcement.data["share_id"]
    )
    return revoking.exclude(pk=enforcement.pk).exists()
