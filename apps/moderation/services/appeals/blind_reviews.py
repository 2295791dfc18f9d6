"""From whom the reasons of a decision are kept while its appeal waits: one rule for every place.

Whoever may decide the appeal says first what they think of the text, so that the first decision
does not lead them. Where a case is about a person and no text, the reasons are what there is to
judge, and they are kept from nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from django.db.models import QuerySet

from apps.core.querysets import Condition
from apps.moderation import constants
from apps.moderation.models import Appeal, Case, Decision, Notice
from apps.moderation.querysets import blind_reviews as conditions
from apps.moderation.services.cases import cases
from apps.users.models import User

Row = TypeVar("Row", Case, Decision, Notice)


def is_ready(*, viewer: User, appeal: Appeal) -> bool:
    """Tell whether nothing is left that somebody says before they decide an appeal."""
    is_noted = bool(appeal.first_opinion) and appeal.reviewer_id == viewer.pk
    return is_noted or appeal.case.is_about_person


def shows_reasons(*, viewer: User, appeal: Appeal) -> bool:
    """Tell whether the original reasons may be shown to somebody."""
    if appeal.state not in constants.PENDING_APPEALS or not viewer.has_perm(cases.APPEALS):
        return True
    return is_ready(viewer=viewer, appeal=appeal)


def hides_any(*, viewer: User, appeals: Iterable[Appeal]) -> bool:
    """Tell whether one of these appeals keeps the earlier reasons of its case from somebody.

    Args:
        viewer: who reads.
        appeals: those that wait on a case or are against it, with their cases.
    """
    return not all(shows_reasons(viewer=viewer, appeal=one) for one in appeals)


def hides_reasons(*, viewer: User, case: Case) -> bool:
    """Tell the same of a case of which the appeals were not read."""
    rows = Case.objects.with_reasons_kept_from(viewer).filter(pk=case.pk)
    return _is_reviewer(viewer) and rows.exists()


def with_kept_reasons(rows: QuerySet[Row], *, viewer: User, case: str = "case") -> QuerySet[Row]:
    """Say of cases, decisions or notices, as `is_kept`, whether reasons are kept from somebody.

    They are where an appeal waits on the case or against it, as `shows_reasons` says of one.

    Args:
        rows: of a list.
        viewer: who reads it.
        case: path from a row to the case's number.
    """
    is_reviewer = _is_reviewer(viewer)
    return conditions.with_kept_reasons(rows, viewer, case=case, is_reviewer=is_reviewer)


def kept_of_message(viewer: User, *, message: str) -> Condition:
    """Return the condition of rows with a message of which the same holds."""
    return conditions.kept_of_message(viewer, message=message, is_reviewer=_is_reviewer(viewer))


def kept_of_person(viewer: User, *, person: str) -> Condition:
    """Return the condition of rows about a person who waits for such a review.

    Which of their measures the appeal is about does not matter: all reasons wait for the opinion.
    """
    return conditions.kept_of_person(viewer, person=person, is_reviewer=_is_reviewer(viewer))


def kept_of_event(viewer: User) -> Condition:
    """Return the condition of events of the record that tell why something was decided."""
    return conditions.kept_of_event(viewer, is_reviewer=_is_reviewer(viewer))


def _is_reviewer(viewer: User) -> bool:
    return viewer.has_perm(cases.APPEALS)
