"""The port through which staff are let into private conversations; a setting names the adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from apps.core.ports import adapter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apps.conversations.models import Conversation
    from apps.core.querysets import Condition
    from apps.users.models import User


class ReadingGate(Protocol):
    """Says who may read what is not theirs, and writes each reading down."""

    def readable(self, viewer: User, *, conversation: str, owner: str) -> Condition:
        """Return the condition of rows whose conversation may be read now.

        Args:
            viewer: a member of staff.
            conversation: path from the row to the conversation's number.
            owner: path from the row to the owner's number.
        """
        ...

    def enter(self, viewer: User, conversation: Conversation, *, is_glance: bool = False) -> bool:
        """Note that somebody opens a conversation; false if they must give a reason first.

        Args:
            viewer: a member of staff.
            conversation: what they open.
            is_glance: they see one text of it, before they act on it.

        Raises:
            ForbiddenError: they may not read it, whatever the reason.
        """
        ...

    def note_list(
        self, viewer: User, owners: Mapping[int, int], *, is_glance: bool = False
    ) -> None:
        """Note that a list showed words of conversations which `readable` let be shown.

        Args:
            viewer: a member of staff.
            owners: the numbers of the conversations, each with whose it is.
            is_glance: the list shows no more of each than its title.
        """
        ...

    def ask(self, actor: User, conversation_id: int, reason: str) -> None:
        """Let somebody in for a time, for a reason.

        Raises:
            ForbiddenError: they may not read it, whatever the reason.
            ValidationFailedError: no reason was given.
        """
        ...


def reading_gate() -> ReadingGate:
    """Return the gate that the settings name, made once per process."""
    found: ReadingGate = adapter("READING_GATE")
    return found
