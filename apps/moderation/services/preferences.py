"""How much of a severe text a member of staff sees at first, and when a break is suggested."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from apps.moderation import constants
from apps.moderation.constants import ActorKind, Severity
from apps.moderation.models import Decision, StaffPreference
from apps.moderation.services import cases
from apps.users.models import User
from apps.users.services.problems import field_problem

ROW_HOURS = 4


def collapse_from(viewer: User) -> int:
    """Return the severity from which on texts are collapsed for somebody.

    People choose to be shown less at first than the organisation's floor asks for, never more.
    """
    floor: int = settings.MODERATION_COLLAPSE_SEVERITY
    chosen = (
        StaffPreference.objects.filter(user=viewer).values_list("collapse_from", flat=True).first()
    )
    return floor if chosen is None else min(chosen, floor)


def choose_collapse(*, actor: User, severity: int) -> StaffPreference:
    """Keep from which severity on texts are collapsed for the actor.

    Raises:
        ForbiddenError: the actor may not see cases.
        ValidationFailedError: it is no severity.
    """
    cases.require(actor, cases.VIEW)
    if severity not in Severity.values:
        raise field_problem("collapse_from", "Choose a severity.", "unknown_severity")
    preference, _ = StaffPreference.objects.update_or_create(
        user=actor, defaults={"collapse_from": severity}
    )
    return preference


def needs_a_break(actor: User) -> int:
    """Return how many severe cases somebody decided in a row, where that is enough; else 0."""
    limit: int = settings.MODERATION_SEVERE_IN_A_ROW
    if limit < 1:
        return 0
    since = timezone.now() - timedelta(hours=ROW_HOURS)
    severities = list(
        Decision.objects.filter(
            actor=actor, actor_kind=ActorKind.PERSON, is_undo=False, created_at__gte=since
        )
        .order_by("-id")
        .values_list("case__severity", flat=True)[:limit]
    )
    is_enough = len(severities) == limit and min(severities) >= constants.Severity.HIGH
    return limit if is_enough else 0
