"""How much of a severe text a member of staff sees at first, and when a break is suggested."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.utils import timezone

from apps.core.problems import field_problem
from apps.moderation import constants
from apps.moderation.constants import Severity
from apps.moderation.models import Decision, StaffPreference
from apps.moderation.services.cases import cases
from apps.users.models import User

ROW_HOURS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """From which severity on texts are covered, and after how many severe ones to offer a break.

    Attributes:
        collapse_from: the severity.
        severe_in_a_row: how many severe cases were decided in a row, where that is enough; else 0.
    """

    collapse_from: int
    severe_in_a_row: int


def collapse_from(viewer: User) -> int:
    """Return the severity from which on texts are collapsed for somebody.

    People choose to be shown less at first than the organisation's floor asks for, never more.
    """
    chosen = StaffPreference.objects.filter(pk=viewer.pk).values_list("collapse_from", flat=True)
    return _floored(chosen.first())


def choose_collapse(*, actor: User, severity: int) -> Care:
    """Keep from which severity on texts are collapsed for the actor; returns what holds now.

    Raises:
        ForbiddenError: the actor may not see cases.
        ValidationFailedError: it is no severity.
    """
    cases.require(actor, cases.VIEW)
    if severity not in Severity.values:
        raise field_problem("collapse_from", "Choose a severity.", "unknown_severity")
    StaffPreference.objects.update_or_create(user=actor, defaults={"collapse_from": severity})
    return care_of(actor)


def read_care(*, viewer: User) -> Care:
    """Return the same as `care_of`, for programs.

    Raises:
        ForbiddenError: the viewer may not see cases.
    """
    cases.require(viewer, cases.VIEW)
    return care_of(viewer)


def care_of(viewer: User) -> Care:
    """Return what spares somebody's eyes on the page of a case, from one query.

    A break is offered to whoever decided as many severe cases in a row as the setting says.
    """
    limit: int = settings.MODERATION_SEVERE_IN_A_ROW
    since = timezone.now() - timedelta(hours=ROW_HOURS)
    decided = Decision.objects.made_by(viewer).made_by_people().without_undos().since(since)
    found = User.objects.filter(pk=viewer.pk).values_list(
        "moderation_preference__collapse_from",
        ArraySubquery(decided.order_by("-id").values("case__severity")[: max(limit, 0)]),
    )
    preferred, severities = found.get()
    is_enough = 0 < limit == len(severities) and min(severities) >= constants.Severity.HIGH
    return Care(collapse_from=_floored(preferred), severe_in_a_row=limit if is_enough else 0)


def _floored(chosen: int | None) -> int:
    floor: int = settings.MODERATION_COLLAPSE_SEVERITY
    return floor if chosen is None else min(chosen, floor)
