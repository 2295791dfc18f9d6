"""The port that says what a decision of moderation holds; a setting names the adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from django.db.models.expressions import Combinable

from apps.core.ports import adapter
from apps.core.querysets import Condition

if TYPE_CHECKING:
    from apps.users.models import User


class EnforcementHold(Protocol):
    """Says what staff cannot give back by hand, because a decision keeps it so."""

    def hides(self, *, message: str, since: str) -> Condition:
        """Return the condition of rows whose message a decision hides at the moment.

        Args:
            message: the column that holds the message's number.
            since: the column that says when it was hidden.
        """
        ...

    def keeps_reasons(self, *, viewer: User, message: str) -> Condition:
        """Return the condition of rows with a message that a reader waits to know the reasons of.

        Args:
            viewer: who reads: somebody who may review an appeal against what was decided of it.
            message: the column that holds the message's number.
        """
        ...

    def case_hiding(self, *, message: str, since: str) -> Combinable:
        """Return the number of the case whose decision hides each message; nothing where none does.

        Arguments are those of `hides`.
        """
        ...

    def case_revoking(self, *, share: str, owner: str) -> Combinable:
        """Return the number of the case whose decision revokes each link; nothing where none does.

        Args:
            share: the column that holds the link's number.
            owner: the column that says whose it is.
        """
        ...

    def locks(self, *, conversation_id: int) -> bool:
        """Tell whether a decision locks a conversation at the moment."""
        ...


def enforcement_hold() -> EnforcementHold:
    """Return the hold that the settings name, made once per process."""
    found: EnforcementHold = adapter("ENFORCEMENT_HOLD")
    return found
