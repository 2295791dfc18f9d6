"""Tells the open pages of staff, after the commit, that a case is not as it was."""

from __future__ import annotations

import msgspec
from django.db import transaction

from apps.core.realtime.groups import announce_to
from apps.moderation.events import CaseChanged
from apps.moderation.models import Case

GROUP = "moderation.desk"


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
