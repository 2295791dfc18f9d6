"""What staff need to know of the person whom a case is about: never an address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.conversations.models import Message
from apps.moderation.constants import AppealState, EnforcementKind, Verdict
from apps.moderation.errors import CaseNotFoundError
from apps.moderation.models import Appeal, Case, Decision
from apps.moderation.services import cases, strikes
from apps.users.models import Restriction, User
from apps.users.services import access
from apps.users.services.problems import clean_reason

REVEAL = "moderation.reveal_person"
HISTORY_DAYS = 90
COUNT_LIMIT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectCard:
    """One person as a case shows them."""

    user_id: int
    name: str
    is_gone: bool
    joined: datetime | None
    standing: str
    messages: str
    open_cases: int
    violations: int
    others: int
    points: int
    next_points: int | None
    next_consequence: str
    sanctions: tuple[str, ...]
    appeals_won: int
    appeals_lost: int


def card_of(case: Case) -> SubjectCard:
    """Return what is known of a case's person."""
    person = User.objects.filter(pk=case.subject_id).first()
    since = timezone.now() - timedelta(days=HISTORY_DAYS)
    decided = Decision.objects.filter(
        case__subject=case.subject_id, created_at__gte=since, superseded_by=None, is_undo=False
    ).aggregate(
        violations=Count("pk", filter=Q(verdict=Verdict.VIOLATES)),
        others=Count("pk", filter=~Q(verdict=Verdict.VIOLATES)),
    )
    appeals = Appeal.objects.filter(subject=case.subject_id).aggregate(
        won=Count("pk", filter=Q(state=AppealState.OVERTURNED)),
        lost=Count("pk", filter=Q(state=AppealState.UPHELD)),
    )
    waiting = Case.objects.not_closed().filter(subject=case.subject_id)
    points = strikes.active_points(case.subject_id)
    threshold = strikes.next_threshold(points)
    return SubjectCard(
        user_id=case.subject_id,
        name=person.label if person else f"#{case.subject_id}",
        is_gone=person is None,
        joined=person.created_at if person else None,
        standing=_standing(person),
        messages=_messages(case.subject_id),
        open_cases=waiting.count(),
        violations=decided["violations"],
        others=decided["others"],
        points=points,
        next_points=threshold.points if threshold else None,
        next_consequence=EnforcementKind(threshold.consequence).label if threshold else "",
        sanctions=_sanctions(case.subject_id),
        appeals_won=appeals["won"],
        appeals_lost=appeals["lost"],
    )


@transaction.atomic
def reveal(*, actor: User, case_id: int, reason: str) -> str:
    """Return the address of a case's person, and write down who asked and why.

    Raises:
        ForbiddenError: the actor may not reveal people.
        CaseNotFoundError: there is no such case, or the account is gone.
        ValidationFailedError: no reason was given.
    """
    case = cases.access_case(viewer=actor, case_id=case_id, permission=REVEAL)
    person = User.objects.filter(pk=case.subject_id).first()
    if person is None:
        raise CaseNotFoundError
    audit.record(
        actor=actor,
        action=AuditAction.USER_REVEALED,
        target_type="user",
        target_id=person.pk,
        reason=clean_reason(reason, field="reason"),
        data={"case_id": case.pk},
    )
    address: str = person.email
    return address


def _standing(person: User | None) -> str:
    if person is None:
        return "account gone"
    standing, _ = access.standing_of(person)
    return str(standing.label)


def _messages(user_id: int) -> str:
    found = Message.objects.filter(author=user_id).values("pk")[: COUNT_LIMIT + 1].count()
    return f"{found:,}" if found <= COUNT_LIMIT else f"{COUNT_LIMIT:,}+"


def _sanctions(user_id: int) -> tuple[str, ...]:
    rows = Restriction.objects.filter(user=user_id).running()[:3]
    return tuple(
        f"{row.get_kind_display()}{f' until {row.ends_at:%d %b %Y}' if row.ends_at else ''}"
        for row in rows
    )
