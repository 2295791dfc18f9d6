"""Conditions of rows whose reasons wait for the opinion of somebody who may review an appeal.

Each of them can be asked of the rows of any table, and holds for no row where the reader is no
reviewer. `services.appeals.blind_reviews` says why reasons are kept, and from whom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from django.db.models import BooleanField, Exists, OuterRef, Q, QuerySet, Value

from apps.audit.constants import AuditAction
from apps.moderation.querysets.appeals import AppealQuerySet
from apps.moderation.querysets.base import all_rows, whether

if TYPE_CHECKING:
    from apps.moderation.models import Case, Decision, Notice
    from apps.users.models import User

Row = TypeVar("Row", "Case", "Decision", "Notice")

ABOUT_CASES = (
    AuditAction.CASE_DECIDED,
    AuditAction.CASE_ESCALATED,
    AuditAction.CASE_LIFTED,
    AuditAction.CASE_UNDONE,
)
ABOUT_TEXTS = (
    AuditAction.MESSAGE_HIDDEN,
    AuditAction.MESSAGE_RESTORED,
    AuditAction.MESSAGE_REDACTED,
    AuditAction.MESSAGE_UNREDACTED,
    AuditAction.REPLY_WITHHELD,
    AuditAction.REPLY_RELEASED,
)
ABOUT_PEOPLE = (
    AuditAction.USER_WARNED,
    AuditAction.USER_RESTRICTED,
    AuditAction.USER_SUSPENDED,
    AuditAction.USER_LIFTED,
)
ABOUT_TALKS = (AuditAction.CONVERSATION_LOCKED, AuditAction.CONVERSATION_UNLOCKED)


def kept_from(viewer: User, *, case: str, is_reviewer: bool = True) -> Q:
    """Return the condition of rows with a case on which an appeal waits, or against which one does.

    Args:
        viewer: who reads.
        case: path from the row to the case's number.
        is_reviewer: whether they may decide appeals.
    """
    pending, number = _blind_for(viewer), OuterRef(case)
    waits, is_against = pending.of_case(number), pending.against_case(number)
    return _only(is_reviewer) & (Q(Exists(waits)) | Q(Exists(is_against)))


def with_kept_reasons(
    rows: QuerySet[Row], viewer: User, *, case: str, is_reviewer: bool
) -> QuerySet[Row]:
    """Say of each row, as `is_kept`, whether `kept_from` holds.

    Args:
        rows: cases, or decisions or notices about them.
        viewer: who reads.
        case: path from the row to the case's number.
        is_reviewer: whether they may decide appeals.
    """
    is_kept = kept_from(viewer, case=case, is_reviewer=is_reviewer)
    return rows.annotate(is_kept=whether(is_kept))  # type: ignore[no-redef]


def kept_of_message(viewer: User, *, message: str, is_reviewer: bool) -> Q:
    """Return the condition of rows with a message about which an appeal waits.

    Args:
        viewer: who reads.
        message: path from the row to the message's number.
        is_reviewer: whether they may decide appeals.
    """
    pending = _blind_for(viewer).against_message(OuterRef(message))
    return _only(is_reviewer) & Q(Exists(pending))


def kept_of_person(viewer: User, *, person: str, is_reviewer: bool) -> Q:
    """Return the condition of rows about a person of whom an appeal waits.

    Args:
        viewer: who reads.
        person: path from the row to the person's number.
        is_reviewer: whether they may decide appeals.
    """
    pending = _blind_for(viewer).about(OuterRef(person))
    return _only(is_reviewer) & Q(Exists(pending))


def kept_of_event(viewer: User, *, is_reviewer: bool) -> Q:
    """Return the condition of events of the record that tell why such a thing was decided.

    Args:
        viewer: who reads.
        is_reviewer: whether they may decide appeals.
    """
    target = "target_id"
    locked = _blind_for(viewer).against_conversation(OuterRef(target))
    by_case = kept_from(viewer, case=target, is_reviewer=is_reviewer)
    by_text = kept_of_message(viewer, message=target, is_reviewer=is_reviewer)
    by_person = kept_of_person(viewer, person=target, is_reviewer=is_reviewer)
    return (
        Q(action__in=ABOUT_CASES) & by_case
        | Q(action__in=ABOUT_TEXTS) & by_text
        | Q(action__in=ABOUT_PEOPLE) & by_person
        | Q(action__in=ABOUT_TALKS) & _only(is_reviewer) & Q(Exists(locked))
    )


def _only(is_reviewer: bool) -> Q:  # noqa: FBT001
    return Q(Value(is_reviewer, output_field=BooleanField()))


def _blind_for(viewer: User) -> AppealQuerySet:
    return all_rows(AppealQuerySet, "Appeal").blind_for(viewer)
