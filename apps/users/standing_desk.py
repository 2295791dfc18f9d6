"""The port through which staff act on a person; a setting names the adapter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from apps.core.ports import adapter

if TYPE_CHECKING:
    from datetime import datetime

    from apps.core.querysets import Condition
    from apps.users.constants import RestrictionKind
    from apps.users.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What staff do to a person, and why.

    Attributes:
        kind: what is done.
        policy: code of what they go against.
        reason: why, for the record.
        reason_for_user: what the person is told.
        until: when it ends by itself; None for no end.
        message_id: in which message of theirs; None where it is none.
    """

    kind: RestrictionKind
    policy: str
    reason: str
    reason_for_user: str
    until: datetime | None = None
    message_id: int | None = None


class StandingDesk(Protocol):
    """Decides about a person, so that they are told why and can appeal."""

    def policies(self) -> list[tuple[str, str]]:
        """Return code and title of what a person can go against."""
        ...

    def act(self, *, actor: User, user_id: int, act: Act) -> int:
        """Warn, restrict or suspend a person because they go against a policy.

        Returns:
            The number of the case that keeps the decision.

        Raises:
            AppError: it cannot be done, or not by this person; nothing has changed.
        """
        ...

    def lift(self, *, actor: User, user_id: int, reason: str, reason_for_user: str) -> None:
        """End what holds about a person before its time.

        Raises:
            AppError: it cannot be done, or not by this person; nothing has changed.
        """
        ...

    def keeps_reasons(self, *, viewer: User, person: str) -> Condition:
        """Return the condition of rows about a person of whom a reader waits to know the reasons.

        Args:
            viewer: who reads: somebody who may review an appeal of that person.
            person: the column that holds the person's number.
        """
        ...


def standing_desk() -> StandingDesk:
    """Return the desk that the settings name, made once per process."""
    found: StandingDesk = adapter("STANDING_DESK")
    return found
