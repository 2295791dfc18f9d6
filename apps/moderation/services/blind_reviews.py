"""From whom the reasons of a decision are kept while its appeal waits: one rule for every place.

Whoever may decide the appeal says first what they think of the text, so that the first decision
does not lead them. Where a case is about a person and no text, the reasons are what there is to
judge, and they are kept from nobody.
"""

from __future__ import annotations

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Value

from apps.moderation import constants
from apps.moderation.constants import ABOUT_PERSON
from apps.moderation.models import Appeal, Decision
from apps.moderation.querysets import AppealQuerySet
from apps.moderation.services import cases
from apps.users.models import User


def is_ready(*, viewer: User, appeal: Appeal) -> bool:
    """Tell whether nothing is left that somebody says before they decide an appeal."""
    is_noted = bool(appeal.first_opinion) and appeal.reviewer_id == viewer.pk
    return is_noted or appeal.case.is_about_person


def shows_reasons(*, viewer: User, appeal: Appeal) -> bool:
    """Tell whether the original reasons may be shown to somebody."""
    if appeal.state not in constants.PENDING_APPEALS or not viewer.has_perm(cases.APPEALS):
        return True
    return is_ready(viewer=viewer, appeal=appeal)


def with_kept_reasons(rows: QuerySet[Decision], *, viewer: User) -> QuerySet[Decision]:
    """Say of decisions, as `is_kept`, whether their reasons are kept from somebody.

    They are where an appeal waits on the decision's case or against it, as `shows_reasons` says of
    one.
    """
    is_kept = ExpressionWrapper(kept_from(viewer, case="case"), output_field=BooleanField())
    return rows.annotate(is_kept=is_kept)  # type: ignore[no-redef]


def kept_from(viewer: User, *, case: str) -> Q:
    """Return the condition of rows whose decision's reasons are kept from somebody.

    Args:
        viewer: who reads.
        case: the rows' column with the decision's case.
    """
    may_review = Value(viewer.has_perm(cases.APPEALS), output_field=BooleanField())
    pending = _blind_for(viewer)
    waits = Exists(pending.filter(case=OuterRef(case)))
    is_against = Exists(pending.filter(decision__case=OuterRef(case)))
    return Q(may_review) & (Q(waits) | Q(is_against))


def _blind_for(viewer: User) -> AppealQuerySet:
    """Return the appeals that wait and of whose text this person has not said what they think."""
    pending = Appeal.objects.pending().exclude(~Q(first_opinion=""), reviewer=viewer)
    return pending.exclude(case__target_role=ABOUT_PERSON)
