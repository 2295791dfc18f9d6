"""What programs elsewhere are told of cases and decisions: numbers and words, never texts."""

from __future__ import annotations

from apps.moderation.models import Case, Decision
from apps.webhooks.constants import EventType
from apps.webhooks.services import outbox


def case_opened(case: Case) -> None:
    """Tell of a case, in the transaction that opens it."""
    outbox.emit(
        EventType.CASE_OPENED,
        {
            "case_id": case.pk,
            "message_id": case.message_id,
            "conversation_id": case.conversation_id,
            "user_id": case.subject_id,
            "source": str(case.source),
            "policy": case.policy.code if case.policy is not None else None,
            "severity": case.severity,
        },
    )


def decision_made(decision: Decision, case: Case) -> None:
    """Tell of a decision, in the transaction that makes it; one that is taken back is another."""
    version = decision.policy_version
    outbox.emit(
        EventType.DECISION_MADE,
        {
            "decision_id": decision.pk,
            "case_id": case.pk,
            "message_id": case.message_id,
            "conversation_id": case.conversation_id,
            "user_id": case.subject_id,
            "verdict": str(decision.verdict),
            "policy": version.policy.code if version is not None else None,
            "made_by": str(decision.actor_kind),
            "is_undo": decision.is_undo,
            "supersedes_id": decision.supersedes_id,
        },
    )
