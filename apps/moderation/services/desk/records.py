"""The records of moderation for programs of staff: the rights of their lists in the admin.

None of these lists holds what is about whoever reads it: they hear of that as everybody does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.db.models import QuerySet

from apps.moderation.constants import GrantState
from apps.moderation.errors import RecordNotFoundError
from apps.moderation.models import (
    AccessGrant,
    Decision,
    Enforcement,
    Flag,
    Note,
    Notice,
    RuleHit,
    Strike,
)
from apps.moderation.querysets import (
    AccessGrantQuerySet,
    DecisionQuerySet,
    EnforcementQuerySet,
    FlagQuerySet,
    NoteQuerySet,
    NoticeQuerySet,
    RuleHitQuerySet,
    StrikeQuerySet,
)
from apps.moderation.services.appeals import blind_reviews
from apps.moderation.services.cases import cases, grants
from apps.users.models import User

Chosen = Mapping[str, Any]
Rows = TypeVar("Rows", bound=QuerySet[Any, Any])
By = Mapping[str, Callable[[Rows, Any], Rows]]
ALL_GRANTS = "moderation.view_accessgrant"


def list_decisions(*, viewer: User, chosen: Chosen) -> QuerySet[Decision]:
    """Return decisions by case, actor or batch; `is_kept` says that reasons are kept back.

    Args:
        viewer: a member of staff who may see decisions.
        chosen: what the list is narrowed to, here and below; None does not narrow it.

    Raises:
        ForbiddenError: the viewer may not see decisions.
    """
    cases.require(viewer, "moderation.view_decision")
    by: By[DecisionQuerySet] = {
        "case_id": DecisionQuerySet.of_case,
        "actor_id": DecisionQuerySet.made_by,
        "batch_id": DecisionQuerySet.of_batch,
    }
    rows = _narrowed(Decision.objects.not_about(viewer), chosen, by)
    return blind_reviews.with_kept_reasons(rows, viewer=viewer)


def list_enforcements(*, viewer: User, chosen: Chosen) -> QuerySet[Enforcement]:
    """Return what decisions did, by decision, person, message or kind.

    Raises:
        ForbiddenError: the viewer may not see enforcements.
    """
    cases.require(viewer, "moderation.view_enforcement")
    by: By[EnforcementQuerySet] = {
        "decision_id": EnforcementQuerySet.of_decision,
        "subject_id": EnforcementQuerySet.on_person,
        "message_id": EnforcementQuerySet.on_message,
        "kind": EnforcementQuerySet.of_kind,
    }
    return _narrowed(Enforcement.objects.not_about(viewer), chosen, by)


def list_strikes(*, viewer: User, chosen: Chosen) -> QuerySet[Strike]:
    """Return points, by person or decision.

    Raises:
        ForbiddenError: the viewer may not see strikes.
    """
    cases.require(viewer, "moderation.view_strike")
    by: By[StrikeQuerySet] = {
        "subject_id": StrikeQuerySet.about,
        "decision_id": StrikeQuerySet.of_decision,
    }
    rows = _narrowed(Strike.objects.not_about(viewer), chosen, by)
    return rows.select_related("decision")


def list_grants(
    *, viewer: User, chosen: Chosen, is_live: bool | None = None
) -> QuerySet[AccessGrant]:
    """Return who may read, or might have read, which private conversation, newest first.

    Args:
        viewer: who may see everybody's; or read conversations, and sees their own.
        chosen: as above.
        is_live: only those by which somebody may read now.

    Raises:
        ForbiddenError: the viewer may do neither.
    """
    is_for_all = viewer.has_perm(ALL_GRANTS)
    cases.require(viewer, ALL_GRANTS if is_for_all else grants.READ)
    by: By[AccessGrantQuerySet] = {
        "conversation": AccessGrantQuerySet.on_conversation,
        "reader": AccessGrantQuerySet.held_by,
    }
    rows = _narrowed(AccessGrant.objects.not_about(viewer).for_conversations(), chosen, by)
    rows = rows if is_for_all else rows.held_by(viewer)
    return rows.in_state(GrantState.LIVE) if is_live else rows


def list_notices(*, viewer: User, chosen: Chosen) -> QuerySet[Notice]:
    """Return what people were told, by person or decision; `is_kept` as with decisions.

    Raises:
        ForbiddenError: the viewer may not see notices.
    """
    cases.require(viewer, "moderation.view_notice")
    by: By[NoticeQuerySet] = {
        "subject_id": NoticeQuerySet.about,
        "decision_id": NoticeQuerySet.of_decision,
    }
    rows = _narrowed(Notice.objects.not_about(viewer), chosen, by)
    return blind_reviews.with_kept_reasons(rows, viewer=viewer, case="decision__case")


def list_hits(*, viewer: User, chosen: Chosen) -> QuerySet[RuleHit]:
    """Return what rules found, by rule or message; a hit holds no text.

    Raises:
        ForbiddenError: the viewer may not see hits.
    """
    cases.require(viewer, "moderation.view_rulehit")
    by: By[RuleHitQuerySet] = {
        "rule_id": RuleHitQuerySet.of_rule,
        "message_id": RuleHitQuerySet.on_message,
    }
    rows = _narrowed(RuleHit.objects.not_about(viewer), chosen, by)
    return rows.select_related("version")


def list_flags(*, viewer: User, chosen: Chosen) -> QuerySet[Flag]:
    """Return flags by case, hit or reporter.

    Raises:
        ForbiddenError: the viewer may not see flags.
    """
    cases.require(viewer, "moderation.view_flag")
    by: By[FlagQuerySet] = {
        "case_id": FlagQuerySet.of_case,
        "hit_id": FlagQuerySet.of_hit,
        "reporter_id": FlagQuerySet.raised_by,
    }
    return _narrowed(Flag.objects.not_about(viewer), chosen, by)


def list_notes(*, viewer: User, chosen: Chosen) -> QuerySet[Note]:
    """Return what staff told each other, by case or author.

    Raises:
        ForbiddenError: the viewer may not see notes.
    """
    cases.require(viewer, "moderation.view_note")
    by: By[NoteQuerySet] = {"case_id": NoteQuerySet.of_case, "author_id": NoteQuerySet.written_by}
    return _narrowed(Note.objects.not_about(viewer), chosen, by)


def read_one(*, viewer: User, among: Callable[..., QuerySet[Any]], number: int) -> Any:  # noqa: ANN401
    """Return one row of the record.

    Args:
        viewer: a member of staff who may see such rows.
        among: one of the lists of the record.
        number: which row.

    Raises:
        ForbiddenError: the viewer may not see such rows.
        RecordNotFoundError: there is no such row, or it is about the viewer.
    """
    row = among(viewer=viewer, chosen={}).filter(pk=number).first()
    if row is None:
        raise RecordNotFoundError
    return row


def _narrowed(rows: Rows, chosen: Chosen, by: By[Rows]) -> Rows:
    for name, value in chosen.items():
        rows = rows if value is None else by[name](rows, value)
    return rows
