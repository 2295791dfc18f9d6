"""The port that says whom an event is about, and who waits to read why; a setting names it."""

from __future__ import annotations

from typing import Protocol

from apps.core.ports import adapter
from apps.core.querysets import Condition


class Reader(Protocol):
    """Whoever reads the record: a person of the users app, which this app does not know."""

    pk: int

    def has_perm(self, perm: str) -> bool:
        """Tell whether they may do something."""
        ...


class Subjects(Protocol):
    """Knows whose the things are that events were done to."""

    def about(self, *, person_id: int) -> Condition:
        """Return the condition of events that were done to what is a person's."""
        ...

    def kept_from(self, *, viewer: Reader) -> Condition:
        """Return the condition of events whose reason somebody may not read yet."""
        ...


def subjects() -> Subjects:
    """Return the adapter that the settings name, made once per process."""
    found: Subjects = adapter("AUDIT_SUBJECTS")
    return found
