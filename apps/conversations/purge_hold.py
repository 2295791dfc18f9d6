"""The port through which deleted conversations are kept for a time; a setting names the adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from apps.core.ports import adapter

if TYPE_CHECKING:
    from apps.core.querysets import Condition


class PurgeHold(Protocol):
    """Says which deleted conversations may not be removed yet."""

    def held(self, *, conversation: str) -> Condition:
        """Return the condition of rows whose conversation is still needed.

        Args:
            conversation: path from the row to the conversation's number.
        """
        ...


def purge_hold() -> PurgeHold:
    """Return the hold that the settings name, made once per process."""
    found: PurgeHold = adapter("PURGE_HOLD")
    return found
