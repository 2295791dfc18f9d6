"""The port to what other apps keep of a person; a setting names the adapter."""

from __future__ import annotations

from typing import Protocol

from apps.core.ports import adapter


class Belongings(Protocol):
    """What other apps keep of a person, and remove with the account."""

    def lock(self, *, user_id: int) -> None:
        """Lock it until the transaction ends, before anybody locks the account."""
        ...

    def part_with(self, *, user_id: int) -> None:
        """End what still runs for a person, and keep what has to stay without them.

        In the transaction that removes the account, after `lock` and the account's own lock.
        """
        ...


def belongings() -> Belongings:
    """Return the adapter that the settings name, made once per process."""
    found: Belongings = adapter("BELONGINGS")
    return found
