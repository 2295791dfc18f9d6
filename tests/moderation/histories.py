"""Histories of moderation at exact times, for figures that can be worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django.db import connection, models

from apps.conversations.models import Message
from apps.moderation.constants import ActorKind, CaseState, FlagSource, Severity, Verdict
from apps.moderation.models import Case, Decision
from apps.moderation.services.figures.metrics import Period
from apps.users.models import User
from tests.factories import MessageFactory

M = TypeVar("M", bound=models.Model)
NOW = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)
"""A Wednesday at noon."""


def ago(**parts: float) -> datetime:
    """Return a moment before now."""
    return NOW - timedelta(**parts)


def period(days: int = 7) -> Period:
    """Return the last days as they are at that moment."""
    return Period(days, NOW)


def at(row: M, when: datetime) -> M:
    """Move a row in time, past what refuses changes."""
    table = row._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"UPDATE {table} SET created_at = %s WHERE id = %s", [when, row.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    row.refresh_from_db()
    return row


def case_at(
    opened: datetime, *, closed: datetime | None = None, sla_hours: float = 4, **fields: Any
) -> Case:
    """Make a case that was opened and closed at these times."""
    message: Message = fields.pop("message", None) or MessageFactory()
    values: dict[str, Any] = {
        "conversation_id": message.conversation_id,
        "subject_id": message.conversation.owner_id,
        "target_role": message.role,
        "source": FlagSource.USER,
        "severity": Severity.LOW,
        "state": CaseState.CLOSED if closed else CaseState.OPEN,
        "closed_at": closed,
        "due_at": opened + timedelta(hours=sla_hours),
    }
    return at(Case.objects.create(message=message, **{**values, **fields}), opened)


def decision_at(
    when: datetime,
    *,
    case: Case | None = None,
    actor: User | None = None,
    verdict: str = Verdict.NO_VIOLATION,
    **fields: Any,
) -> Decision:
    """Make a decision of a person at this time; of the product itself where no actor is given."""
    values: dict[str, Any] = {
        "case": case or case_at(when - timedelta(hours=1), closed=when),
        "verdict": verdict,
        "reason": "Because.",
        "actor": actor,
        "actor_kind": ActorKind.PERSON if actor else ActorKind.SYSTEM,
        "actor_label": actor.name if actor else "system",
    }
    return at(Decision.objects.create(**{**values, **fields}), when)
