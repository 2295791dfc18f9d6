"""Cases whose claim has passed go back to where they were taken from; no job does it."""

from __future__ import annotations

from django.db.models.functions import Now

from apps.moderation.constants import CaseState
from apps.moderation.models import Case

AT_ONCE = 100


def put_back() -> None:
    """Put some of them back, in the transaction of whoever takes the next case.

    What was handed on waits for a lead again. Rows that somebody else works on at this moment are
    left to them.
    """
    lapsed = Case.objects.with_lapsed_claim().select_for_update(skip_locked=True)
    numbers = list(lapsed.values_list("pk", flat=True)[:AT_ONCE])
    if not numbers:
        return
    rows = Case.objects.filter(pk__in=numbers)
    handed_on = list(rows.handed_on().values_list("pk", flat=True))
    for state, some in (
        (CaseState.ESCALATED, rows.filter(pk__in=handed_on)),
        (CaseState.OPEN, rows.exclude(pk__in=handed_on)),
    ):
        some.update(
            state=state,
            claimed_by=None,
            claimed_at=None,
            claim_expires_at=None,
            updated_at=Now(),
        )
