"""Tells the open pages of staff, after the commit, that a case is not as it was."""

from __future__ import annotations

import msgspec
from django.db import transaction

from apps.core.realtime.groups import announce_to
from apps.moderation.events import CaseChanged, CaseGiven
from apps.moderation.models import Case

GROUP = "moderation.desk"


def desk_of(person_id: int) -> str:
    """Name the group of one person's open pages of staff."""
    return f"{GROUP}.{person_id}"


def case_changed(case: Case, *, is_given_back: bool = False) -> None:
    """Announce a case, as it is stored in the end; its text and its people stay where they are."""

    def tell() -> None:
        event = CaseChanged(
            case_id=case.pk,
            state=case.state,
            version=case.version,
            is_given_back=is_given_back,
        )
        announce_to(GROUP, msgspec.to_builtins(event))

    transaction.on_commit(tell)


def case_given(case: Case, *, by: str) -> None:
    """Tell whoever holds a case now, and nobody else, who gave it to them."""
    desk, event = desk_of(case.claimed_by_id or 0), CaseGiven(case_id=case.pk, by=by)
    transaction.on_commit(lambda: announce_to(desk, msgspec.to_builtins(event)))
