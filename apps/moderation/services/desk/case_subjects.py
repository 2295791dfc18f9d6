"""What staff need to know of the person whom a case is about: never an address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.conversations.models import Message
from apps.core.postgresql.counting import CountOf
from apps.core.problems import clean_reason
from apps.moderation.constants import AppealState, EnforcementKind, Verdict
from apps.moderation.errors import CaseNotFoundError
from apps.moderation.models import Appeal, Case, Decision
from apps.moderation.services.cases import cases
from apps.users.constants import Standing
from apps.users.models import Restriction, User
from apps.users.services import access

REVEAL = "moderation.reveal_person"
HISTORY_DAYS = 90
COUNT_LIMIT = 1_000
FIGURES = (
    "messages",
    "open_cases",
    "violations",
    "others",
    "appeals_won",
    "appeals_lost",
    "points",
    "next_points",
    "next_consequence",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectCard:
    """One person as a case shows them; what is counted is counted up to `COUNT_LIMIT` and one."""

    user_id: int
    name: str
    is_gone: bool
    joined: datetime | None
    standing: str
    messages: int
    open_cases: int
    violations: int
    others: int
    points: int
    next_points: int | None
    next_consequence: str
    sanctions: tuple[str, ...]
    appeals_won: int
    appeals_lost: int


def card_of(case: Case, person: User | None) -> SubjectCard:
    """Return what is known of a case's person, counted in one query up to a bound.

    Args:
        case: which.
        person: their account; None where it is gone.
    """
    figures = _figures_of(case)
    sanctions = _sanctions(person)
    consequence = figures["next_consequence"]
    return SubjectCard(
        user_id=case.subject_id,
        name=person.label if person else f"#{case.subject_id}",
        is_gone=person is None,
        joined=person.created_at if person else None,
        standing=_standing(person),
        messages=figures["messages"],
        open_cases=figures["open_cases"],
        violations=figures["violations"],
        others=figures["others"],
        points=figures["points"],
        next_points=figures["next_points"],
        next_consequence=EnforcementKind(consequence).label if consequence else "",
        sanctions=sanctions,
        appeals_won=figures["appeals_won"],
        appeals_lost=figures["appeals_lost"],
    )


def _figures_of(case: Case) -> dict[str, Any]:
    subject = case.subject_id
    since = timezone.now() - timedelta(days=HISTORY_DAYS)
    decided = Decision.objects.about(subject).since(since).not_superseded().without_undos()
    appeals = Appeal.objects.about(subject)
    rows = Case.objects.filter(pk=case.pk).annotate(
        messages=_count(Message.objects.written_by(subject)),
        open_cases=_count(Case.objects.not_closed().about(subject)),
        violations=_count(decided.of_verdict(Verdict.VIOLATES)),
        others=_count(decided.not_of_verdict(Verdict.VIOLATES)),
        appeals_won=_count(appeals.in_state(AppealState.OVERTURNED)),
        appeals_lost=_count(appeals.in_state(AppealState.UPHELD)),
    )
    return dict(rows.with_points_of(subject).values(*FIGURES).get())


def _count(rows: QuerySet[Any, Any]) -> CountOf:
    return CountOf(rows.order_by().values("pk")[: COUNT_LIMIT + 1])


def in_words(found: int) -> str:
    """Write what was counted: "12" or "1,000+"."""
    return f"{found:,}" if found <= COUNT_LIMIT else f"{COUNT_LIMIT:,}+"


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


def _sanctions(person: User | None) -> tuple[str, ...]:
    if person is None or person.standing == Standing.GOOD:
        return ()
    rows = Restriction.objects.of_user(person).running()[:3]
    return tuple(
        f"{row.get_kind_display()}{f' until {row.ends_at:%d %b %Y}' if row.ends_at else ''}"
        for row in rows
    )
