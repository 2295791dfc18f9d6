"""Staff take a message or a link from view where they read of it, or put it into the queue."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.urls import reverse

from apps.moderation.services.cases import cases
from apps.moderation.services.decisions import by_hand, inbox
from apps.moderation.services.policies import policy_choices
from apps.users.models import User


class CaseDesk:
    """The product's desk; see docs/decisions/0181-what-staff-hide-is-decided.md."""

    def policies(self) -> list[tuple[str, str]]:
        """Return code and title of every policy in use."""
        return policy_choices.list_choices()

    def hide(
        self,
        *,
        actor: User,
        message_id: int,
        policy: str,
        reason: str,
        reason_for_user: str,
        batch_id: UUID | None = None,
    ) -> int:
        """Hide a message because it goes against a policy; returns the number of its case."""
        decision = by_hand.hide_message(
            actor=actor,
            message_id=message_id,
            policy_code=policy,
            reason=reason,
            reason_for_user=reason_for_user,
            batch_id=batch_id,
        )
        return decision.case_id

    def revoke(
        self, *, actor: User, share_id: int, policy: str, reason: str, reason_for_user: str
    ) -> int:
        """Revoke a link because it goes against a policy; returns the number of its case."""
        decision = by_hand.revoke_share(
            actor=actor,
            share_id=share_id,
            policy_code=policy,
            reason=reason,
            reason_for_user=reason_for_user,
        )
        return decision.case_id

    def notice_urls(self, *, viewer: User, share_ids: Collection[int]) -> dict[int, str]:
        """Return the addresses of an owner's notices about links, by number of link."""
        found = inbox.notices_about_links(viewer=viewer, share_ids=share_ids)
        return {share: reverse("moderation:notice", args=[pk]) for share, pk in found.items()}

    def may_flag(self, *, viewer: User) -> bool:
        """Tell whether somebody may put messages into the queue."""
        return viewer.has_perm(cases.DECIDE)

    def flag(self, *, actor: User, message_id: int, policy: str, reason: str) -> int:
        """Have somebody else decide about a message; returns the number of its case."""
        flag = by_hand.flag_message(
            actor=actor, message_id=message_id, policy_code=policy, reason=reason
        )
        return flag.case_id

    def case_url(self, *, viewer: User, case_id: int) -> str:
        """Return the address of a case's page; empty where the viewer may not look at cases."""
        if not viewer.has_perm(cases.VIEW):
            return ""
        return reverse("admin:moderation_case_page", args=[case_id])
