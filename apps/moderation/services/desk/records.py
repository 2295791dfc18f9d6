"""The records of moderation for programs of staff: the rights of their lists in the admin.

None of these lists holds what is about whoever reads it: they hear of that as everybody does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.moderation.constants import GRANT_HOURS, GrantState
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
from apps.moderation.services.appeals import blind_reviews
from apps.moderation.services.cases import cases, grants
from apps.users.models import User

Chosen = Mapping[str, Any]
ALL_GRANTS = "moderation.view_accessgrant"


def list_decisions(*, viewer: User, chosen: Chosen) -> QuerySet[Decision]:
    """Return decisions by case, actor or batch; `is_kept` says that reasons are kept back.

    Args:
        viewer: a member of staff who may see decisions.
        chosen: values of columns, here and below; None does not narrow the list.

    Raises:
        ForbiddenError: the viewer may not see decisions.
    """
    rows = _rows(viewer, Decision, chosen, about="case__subject")
    return blind_reviews.with_kept_reasons(rows, viewer=viewer)


def list_enforcements(*, viewer: User, chosen: Chosen) -> QuerySet[Enforcement]:
    """Return what decisions did, by decision, person, message or kind.

    Raises:
        ForbiddenError: the viewer may not see enforcements.
    """
    return _rows(viewer, Enforcement, chosen, about="decision__case__subject")


def list_strikes(*, viewer: User, chosen: Chosen) -> QuerySet[Strike]:
    """Return points, by person or decision.

    Raises:
        ForbiddenError: the viewer may not see strikes.
    """
    return _rows(viewer, Strike, chosen, about="subject").select_related("decision")


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
    rows = _chosen(viewer, AccessGrant, chosen, about="subject").filter(back_test=None)
    rows = rows if is_for_all else rows.filter(reader=viewer)
    return rows.filter(grants_in(GrantState.LIVE)) if is_live else rows


def grants_in(state: GrantState) -> Q:
    """Return the condition of grants in a state; those by which somebody may read are young."""
    now = timezone.now()
    if state == GrantState.ENDED_EARLY:
        return Q(revoked_at__isnull=False)
    if state == GrantState.EXPIRED:
        return Q(revoked_at=None, expires_at__lte=now)
    since = now - timedelta(hours=GRANT_HOURS)
    return Q(revoked_at=None, created_at__gte=since, expires_at__gt=now)


def list_notices(*, viewer: User, chosen: Chosen) -> QuerySet[Notice]:
    """Return what people were told, by person or decision; `is_kept` as with decisions.

    Raises:
        ForbiddenError: the viewer may not see notices.
    """
    rows = _rows(viewer, Notice, chosen, about="subject")
    return blind_reviews.with_kept_reasons(rows, viewer=viewer, case="decision__case")


def list_hits(*, viewer: User, chosen: Chosen) -> QuerySet[RuleHit]:
    """Return what rules found, by rule or message; a hit holds no text.

    Raises:
        ForbiddenError: the viewer may not see hits.
    """
    return _rows(viewer, RuleHit, chosen, about="subject").select_related("version")


def list_flags(*, viewer: User, chosen: Chosen) -> QuerySet[Flag]:
    """Return flags by case, hit or reporter.

    Raises:
        ForbiddenError: the viewer may not see flags.
    """
    return _rows(viewer, Flag, chosen, about="case__subject")


def list_notes(*, viewer: User, chosen: Chosen) -> QuerySet[Note]:
    """Return what staff told each other, by case or author.

    Raises:
        ForbiddenError: the viewer may not see notes.
    """
    return _rows(viewer, Note, chosen, about="case__subject")


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


def _rows(viewer: User, model: Any, chosen: Chosen, *, about: str) -> QuerySet[Any]:  # noqa: ANN401
    cases.require(viewer, f"moderation.view_{model._meta.model_name}")  # noqa: SLF001
    return _chosen(viewer, model, chosen, about=about)


def _chosen(viewer: User, model: Any, chosen: Chosen, *, about: str) -> QuerySet[Any]:  # noqa: ANN401
    wanted = {name: value for name, value in chosen.items() if value is not None}
    rows: QuerySet[Any] = model.objects.filter(**wanted).exclude(**{about: viewer.pk})
    return rows
