"""Cases whose claim has passed go back to where they were taken from; no job does it."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from apps.moderation.constants import CaseState
from apps.moderation.models import Case
from apps.moderation.services.cases import desk_news

AT_ONCE = 100


@transaction.atomic
def put_back() -> None:
    """Put some of them back before somebody takes the next case, and tell pages.

    What was handed on waits for a lead again. Rows that somebody else works on at this moment are
    left to them.
    """
    lapsed = Case.objects.with_lapsed_claim().select_for_update(skip_locked=True)
    found = list(lapsed.only("pk", "state", "version")[:AT_ONCE])
    if not found:
        return
    rows = Case.objects.filter(pk__in=[case.pk for case in found])
    handed_on = set(rows.handed_on().values_list("pk", flat=True))
    for state, some in (
        (CaseState.ESCALATED, rows.filter(pk__in=handed_on)),
        (CaseState.OPEN, rows.exclude(pk__in=handed_on)),
    ):
        some.update(
            state=state,
            claimed_by=None,
            claimed_at=None,
            claim_expires_at=None,
            given_at=None,
            updated_at=Now(),
        )
    for case in found:
        case.state = CaseState.ESCALATED if case.pk in handed_on else CaseState.OPEN
        desk_news.case_changed(case, is_given_back=True)
