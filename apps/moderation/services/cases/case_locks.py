"""Locking a case with its text, and opening it again where somebody opens another; see 0063."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from apps.conversations.services import visibility
from apps.moderation import constants
from apps.moderation.errors import CaseNotFoundError
from apps.moderation.models import Case, CaseReopening
from apps.moderation.services.cases import cases, priorities


def lock_with_text(case_id: int, *, version: int | None = None) -> Case:
    """Return a case locked together with the text that it is about, for whoever acts on both.

    The text comes first, as for whoever stores a text and opens its case. A case about a person has
    none.

    Raises: as `lock_case`.
    """
    found = Case.objects.filter(pk=case_id).values_list("message_id", "conversation_id").first()
    if found is None:
        raise CaseNotFoundError
    message_id, conversation_id = found
    if message_id is not None and conversation_id is not None:
        visibility.lock_texts(message_id=message_id, conversation_id=conversation_id)
    return cases.lock_case(case_id, version=version)


def open_again(case: Case) -> bool:
    """Put a decided, locked case back into the queue; false if its message has an open one by now.

    Somebody may open another case of the message at the same moment: the one that is stored first
    is the open one. What was closed has its whole time again; how it was closed stays known.
    """
    closing = _closing_of(case)
    if closing is not None:
        priorities.begin_again(case)
    cases.put_back(case, constants.CaseState.OPEN)
    try:
        with transaction.atomic():
            case.save()
            if closing is not None and case.reopened_at is not None:
                closing.created_at = case.reopened_at
                closing.save()
    except IntegrityError:
        case.refresh_from_db()
        return False
    return True


def _closing_of(case: Case) -> CaseReopening | None:
    """Return how a case was closed, not saved here; None where it is not."""
    if case.closed_at is None:
        return None
    return CaseReopening(
        case=case,
        closed_at=case.closed_at,
        due_at=case.due_at,
        was_at_once=case.reopened_at is None
        and Case.objects.opened_at_once().filter(pk=case.pk).exists(),
    )
