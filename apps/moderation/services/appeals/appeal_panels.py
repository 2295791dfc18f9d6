"""What the page of a case shows of its appeal, without leading the reviewer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apps.core.errors import ForbiddenError
from apps.moderation.constants import PENDING_APPEALS
from apps.moderation.errors import OwnCaseError
from apps.moderation.models import Appeal
from apps.moderation.services.appeals import blind_reviews
from apps.moderation.services.cases import cases
from apps.users.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealPanel:
    """An appeal for one viewer.

    Attributes:
        appeal: with its decision and notice.
        shows_reasons: whether the first decision's reasons may be shown.
        is_reviewer: whether the viewer has noted their first opinion, or there is no text for one.
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


def panel_of(*, viewer: User, appeals: Sequence[Appeal], has_part: bool) -> AppealPanel | None:
    """Return the appeal that waits on a case, or else the last that was decided; None for none.

    Args:
        viewer: who looks.
        appeals: those of the case with their parts, the newest first.
        has_part: whether the viewer has a part in the case.

    Raises:
        ForbiddenError: the viewer may not see cases.
    """
    cases.require(viewer, cases.VIEW)
    appeal = _waiting(appeals) or next(iter(appeals), None)
    if appeal is None:
        return None
    return AppealPanel(
        appeal=appeal,
        shows_reasons=blind_reviews.shows_reasons(viewer=viewer, appeal=appeal),
        is_reviewer=blind_reviews.is_ready(viewer=viewer, appeal=appeal),
        why_not=_why_not(viewer, has_part=has_part),
    )


def _waiting(appeals: Sequence[Appeal]) -> Appeal | None:
    pending = (one for one in reversed(appeals) if one.state in PENDING_APPEALS)
    return next(pending, None)


def _why_not(viewer: User, *, has_part: bool) -> str:
    try:
        cases.require(viewer, cases.APPEALS)
    except ForbiddenError as error:
        return error.message
    return OwnCaseError.default_message if has_part else ""
