"""The port that says what a decision of moderation holds; a setting names the adapter."""

from __future__ import annotations

from functools import cache
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string


class EnforcementHold(Protocol):
    """Says what staff cannot give back by hand, because a decision keeps it so."""

    def hides(self, *, message_id: int) -> bool:
        """Tell whether a decision hides a message at the moment."""
        ...

    def locks(self, *, conversation_id: int) -> bool:
        """Tell whether a decision locks a conversation at the moment."""
        ...


@cache
def _load(name: str) -> EnforcementHold:
    hold: EnforcementHold = import_string(name)()
    return hold


def enforcement_hold() -> EnforcementHold:
    """Return the hold that the settings name, made once per process."""
    return _load(settings.ENFORCEMENT_HOLD)
