"""What the page of a case shows of its appeal, without leading the reviewer."""

from __future__ import annotations

from dataclasses import dataclass

from apps.core.errors import AppError
from apps.moderation.constants import PENDING_APPEALS
from apps.moderation.models import Appeal, Case
from apps.moderation.services import appeals, cases
from apps.users.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealPanel:
    """An appeal for one viewer.

    Attributes:
        appeal: with its decision and notice.
        shows_reasons: whether the first decision's reasons may be shown.
        is_reviewer: whether the viewer has noted their first opinion.
        why_not: why the viewer does not decide it; empty where they do.
    """

    appeal: Appeal
    shows_reasons: bool
    is_reviewer: bool
    why_not: str

    @property
    def is_pending(self) -> bool:
        """Whether nobody has decided it."""
        return self.appeal.state in PENDING_APPEALS


def panel_of(*, viewer: User, case: Case) -> AppealPanel | None:
    """Return the appeal that waits on a case, or else the last that was decided; None for none.

    Raises:
        ForbiddenError: the viewer may not see cases.
    """
    cases.require(viewer, cases.VIEW)
    appeal = appeals.pending_appeal(case=case)
    if appeal is None:
        appeal = Appeal.objects.with_parts().filter(case=case).order_by("-id").first()
    if appeal is None:
        return None
    return AppealPanel(
        appeal=appeal,
        shows_reasons=appeals.shows_reasons(viewer=viewer, appeal=appeal),
        is_reviewer=bool(appeal.first_opinion) and appeal.reviewer_id == viewer.pk,
        why_not=_why_not(viewer, case),
    )


def hides_reasons(*, viewer: User, case: Case) -> bool:
    """Tell whether a case's earlier reasons are kept from somebody who may review its appeal."""
    if not case.has_appeal:
        return False
    appeal = appeals.pending_appeal(case=case)
    return appeal is not None and not appeals.shows_reasons(viewer=viewer, appeal=appeal)


def _why_not(viewer: User, case: Case) -> str:
    try:
        cases.require(viewer, cases.APPEALS)
        cases.ensure_no_part(viewer, case)
    except AppError as error:
        return error.message
    return ""
