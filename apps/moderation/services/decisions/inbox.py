"""What a person reads about decisions on them: their notices, and how they stand."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from apps.moderation.constants import EnforcementKind
from apps.moderation.errors import NoticeNotFoundError
from apps.moderation.models import Enforcement, Notice, Strike
from apps.moderation.querysets import NoticeQuerySet
from apps.moderation.services.decisions import strikes
from apps.users.models import User
from apps.users.services import access

NOTICES_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsInForce:
    """Points that count at the moment, and until when."""

    points: int
    given_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How somebody stands: points, the next consequence, and what holds now.

    Attributes:
        points: all that count at the moment.
        strikes: where they come from.
        next_points: at how many the next consequence comes; None where none is left.
        next_consequence: what it is, in words.
        standing: good, restricted or suspended.
        standing_until: when a restriction or suspension ends by itself.
    """

    points: int
    strikes: list[PointsInForce]
    next_points: int | None
    next_consequence: str
    standing: str
    standing_until: datetime | None


CONSEQUENCES = {
    EnforcementKind.WARN: gettext_noop("a warning"),
    EnforcementKind.RESTRICT: gettext_noop("that you can read and not write"),
    EnforcementKind.SUSPEND: gettext_noop("that you cannot use your account"),
}


def list_notices(*, viewer: User) -> NoticeQuerySet:
    """Return the viewer's notices with their appeals, newest first."""
    return Notice.objects.about(viewer).select_related("appeal").order_by("-id")


def newest_notices(*, viewer: User, before: int | None = None) -> tuple[list[Notice], int | None]:
    """Return one screen of notices with their conversations, and where the next one begins."""
    rows = list_notices(viewer=viewer).select_related("appeal", "conversation")
    rows = rows if before is None else rows.before_number(before)
    found = list(rows[: NOTICES_SHOWN + 1])
    shown = found[:NOTICES_SHOWN]
    return shown, shown[-1].pk if len(found) > NOTICES_SHOWN else None


def notice_about(*, viewer: User, message_id: int) -> int | None:
    """Return the number of the viewer's newest notice of what was done to a message, if any.

    That it was kept back unchecked is one; what came of a report is none.
    """
    rows = Notice.objects.about(viewer).on_message(message_id).of_measures()
    return rows.order_by("-id").values_list("pk", flat=True).first()


def notices_about_links(*, viewer: User, share_ids: Collection[int]) -> dict[int, int]:
    """Return the viewer's newest notice about each link that a decision keeps revoked.

    Args:
        viewer: whose links.
        share_ids: which links; those that no decision revoked are left out.

    Returns:
        Numbers of notices, by number of link.
    """
    revoking = Enforcement.objects.active().revoking(owner=viewer.pk)
    held = revoking.of_links(share_ids).select_related("decision")
    shares = {row.decision.case_id: row.data["share_id"] for row in held}
    told = Notice.objects.about(viewer).of_cases(list(shares)).of_measures()
    rows = told.order_by("id").values_list("decision__case", "pk")
    return {shares[case]: notice for case, notice in rows}


def access_notice(*, viewer: User, notice_id: int) -> Notice:
    """Return one notice of the viewer.

    Raises:
        NoticeNotFoundError: there is none, or it is somebody else's.
    """
    rows = Notice.objects.about(viewer).select_related("decision", "appeal", "subject")
    notice = rows.filter(pk=notice_id).first()
    if notice is None:
        raise NoticeNotFoundError
    return notice


def read_notice(*, viewer: User, notice_id: int) -> Notice:
    """Return one notice of the viewer and keep that it was read.

    Raises:
        NoticeNotFoundError: as `access_notice`.
    """
    notice = access_notice(viewer=viewer, notice_id=notice_id)
    if notice.read_at is None:
        notice.read_at = timezone.now()
        Notice.objects.filter(pk=notice.pk).unread().update(read_at=notice.read_at)
    return notice


def account_of(*, viewer: User) -> Account:
    """Return how the viewer stands at the moment."""
    rows = Strike.objects.active().about(viewer).order_by("expires_at")
    points = sum(row.points for row in rows)
    following = strikes.next_threshold(points)
    standing, until = access.standing_of(viewer)
    return Account(
        points=points,
        strikes=[
            PointsInForce(points=row.points, given_at=row.created_at, expires_at=row.expires_at)
            for row in rows
        ],
        next_points=following.points if following else None,
        next_consequence=_consequence(following.consequence) if following else "",
        standing=standing.value,
        standing_until=until,
    )


def _consequence(kind: str) -> str:
    return gettext(CONSEQUENCES[EnforcementKind(kind)])
