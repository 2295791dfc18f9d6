"""What programs of staff read of cases: many by a filter, one with everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.moderation.models import Case, CaseSnapshot, Decision, Flag, Note
from apps.moderation.querysets import CaseQuerySet
from apps.moderation.services.appeals import blind_reviews
from apps.moderation.services.cases import case_flags, cases
from apps.moderation.services.desk import case_texts, queue, queue_filters
from apps.users.models import User

URGENT_FIRST = ("-priority", "due_at", "id")
NEWEST_FIRST = ("-id",)
DETAILS_SHOWN = 100


def _by_appeal(rows: CaseQuerySet, has_appeal: bool) -> CaseQuerySet:  # noqa: FBT001
    return rows.with_appeal() if has_appeal else rows.without_appeal()


NARROWED_BY: Mapping[str, Callable[[CaseQuerySet, Any], CaseQuerySet]] = {
    "subject_id": CaseQuerySet.about,
    "message_id": CaseQuerySet.on_message,
    "conversation_id": CaseQuerySet.on_conversation,
    "has_appeal": _by_appeal,
}
"""What a list is narrowed to beside the filters of the queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDetail:
    """A case with its text, flags, decisions and notes.

    Attributes:
        now: how what readers see at present differs from the text; empty where it does not.
    """

    case: Case
    snapshot: CaseSnapshot | None
    now: str
    flags: list[Flag]
    decisions: list[Decision]
    notes: list[Note]


def list_cases(*, viewer: User, filters: Mapping[str, Any]) -> CaseQuerySet:
    """Return the cases that the filters of the queue find; without a state, what is not closed.

    None is about the viewer, as in the queue.

    Args:
        viewer: a member of staff.
        filters: the words of `queue_filters.QueueFilter`, and of `NARROWED_BY`.

    Raises:
        ForbiddenError: the viewer may not see cases.
        SearchRefusedError: what was typed could only be found by reading everything.
    """
    wanted = {name: value for name, value in filters.items() if value is not None}
    rows = _narrowed(viewer, wanted).select_related("policy")
    for name, narrow in NARROWED_BY.items():
        rows = narrow(rows, wanted[name]) if name in wanted else rows
    return rows


def order_of(filters: Mapping[str, Any]) -> tuple[str, ...]:
    """Return how a list with these filters is sorted: what is closed has no due time any more."""
    is_newest_first = _chosen(filters).sorted_by == queue_filters.Order.NEWEST
    return NEWEST_FIRST if is_newest_first else URGENT_FIRST


def take_next(*, actor: User, filters: Mapping[str, Any]) -> Case:
    """Claim the most urgent case that waits among those that the filters find.

    Raises:
        ForbiddenError: the actor may not decide.
        QueueEmptyError: nothing waits for them there.
        SearchRefusedError: as `list_cases`.
    """
    return cases.take_next(actor=actor, among=_narrowed(actor, filters))


def _narrowed(viewer: User, filters: Mapping[str, Any]) -> CaseQuerySet:
    return queue.rows_of(viewer=viewer, chosen=_chosen(filters))


def _chosen(filters: Mapping[str, Any]) -> queue_filters.QueueFilter:
    words = {name: str(value) for name, value in filters.items() if value is not None}
    return queue_filters.parse(words)


def check_may_watch(*, viewer: User) -> None:
    """Check that somebody may hear which cases change.

    Raises:
        ForbiddenError: the viewer may not see cases.
    """
    cases.require(viewer, cases.VIEW)


def read_case(*, viewer: User, case_id: int) -> CaseDetail:
    """Return one case with everything, and write down that its text was read.

    The reasons of earlier decisions are left out for somebody who may review its appeal and has
    not said yet what they think.

    Raises:
        ForbiddenError: the viewer may not see cases.
        CaseNotFoundError: there is no such case, or its message is gone.
    """
    case = cases.access_case(viewer=viewer, case_id=case_id)
    case_texts.note_opening(viewer=viewer, case=case)
    decisions = list(case.decisions.order_by("-id")[:DETAILS_SHOWN])
    if blind_reviews.hides_reasons(viewer=viewer, case=case):
        for decision in decisions:
            decision.reason = decision.reason_for_user = ""
    snapshot = case.snapshots.order_by("-id").first()
    now, _ = case_texts.surroundings_of(case, snapshot)
    return CaseDetail(
        case=case,
        snapshot=snapshot,
        now=now,
        flags=case_flags.flags_of(case),
        decisions=decisions,
        notes=list(case.notes.order_by("-id")[:DETAILS_SHOWN]),
    )
