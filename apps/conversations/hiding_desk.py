"""The port through which staff take a message or link from view by hand; a setting names it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from apps.core.ports import adapter

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from apps.users.models import User


class HidingDesk(Protocol):
    """Decides that something is taken from view, with notice and appeal, or has others look."""

    def policies(self) -> list[tuple[str, str]]:
        """Return code and title of what a message or a link can go against."""
        ...

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
        """Hide a message because it goes against a policy.

        Args:
            actor: a member of staff.
            message_id: which message.
            policy: code of the policy.
            reason: why, for the record.
            reason_for_user: what its readers are told; may be empty.
            batch_id: shared by messages that one gesture hides.

        Returns:
            The number of the case that keeps the decision.

        Raises:
            AppError: it cannot be hidden, or not by this person; nothing has changed.
        """
        ...

    def revoke(
        self, *, actor: User, share_id: int, policy: str, reason: str, reason_for_user: str
    ) -> int:
        """Revoke a shared link because it goes against a policy.

        Args:
            actor: a member of staff.
            share_id: which link.
            policy: code of the policy.
            reason: why, for the record.
            reason_for_user: what its owner is told.

        Returns:
            The number of the case that keeps the decision.

        Raises:
            AppError: it cannot be revoked, or not by this person; nothing has changed.
        """
        ...

    def notice_urls(self, *, viewer: User, share_ids: Collection[int]) -> dict[int, str]:
        """Return where an owner reads why each link was revoked, and can appeal.

        Args:
            viewer: whose links.
            share_ids: which links; those that no decision revoked are left out.
        """
        ...

    def may_flag(self, *, viewer: User) -> bool:
        """Tell whether somebody may put messages into the queue."""
        ...

    def flag(self, *, actor: User, message_id: int, policy: str, reason: str) -> int:
        """Have somebody else decide about a message; it stays as it is.

        Args:
            actor: a member of staff.
            message_id: which message.
            policy: code of the policy that it may go against; may be empty.
            reason: why somebody should look.

        Returns:
            The number of its case.

        Raises:
            AppError: it cannot be queued, or not by this person; nothing has changed.
        """
        ...

    def case_url(self, *, viewer: User, case_id: int) -> str:
        """Return the address of the page where a decision is read, and taken back.

        Args:
            viewer: a member of staff.
            case_id: the case that keeps it.

        Returns:
            The address; empty where the viewer may not look at cases.
        """
        ...


def hiding_desk() -> HidingDesk:
    """Return the desk that the settings name, made once per process."""
    found: HidingDesk = adapter("HIDING_DESK")
    return found
