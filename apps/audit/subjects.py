"""The port that says whom an event is about, and who waits to read why; a setting names it."""

from __future__ import annotations

from functools import cache
from typing import Protocol

from django.conf import settings
from django.db.models import Q
from django.utils.module_loading import import_string


class Reader(Protocol):
    """Whoever reads the record: a person of the users app, which this app does not know."""

    pk: int

    def has_perm(self, perm: str) -> bool:
        """Tell whether they may do something."""
        ...


class Subjects(Protocol):
    """Knows whose the things are that events were done to."""

    def about(self, *, person_id: int) -> Q:
        """Return the condition of events that were done to what is a person's."""
        ...

    def kept_from(self, *, viewer: Reader) -> Q:
        """Return the condition of events whose reason somebody may not read yet."""
        ...


@cache
def _load(name: str) -> Subjects:
    found: Subjects = import_string(name)()
    return found


def subjects() -> Subjects:
    """Return the adapter that the settings name, made once per process."""
    return _load(settings.AUDIT_SUBJECTS)
