"""What decisions do to people, through the accounts' own service, and its inverse."""

from __future__ import annotations

from datetime import datetime

from apps.moderation.constants import EnforcementKind
from apps.moderation.models import Case, Decision, Enforcement, Threshold
from apps.users.models import Restriction, User
from apps.users.services import standing


def apply_threshold(
    *, decision: Decision, case: Case, threshold: Threshold, ends_at: datetime | None
) -> Enforcement:
    """Carry out what a person's points bring.

    Args:
        decision: the one whose points crossed the threshold.
        case: whose subject it is about.
        threshold: the consequence.
        ends_at: when it ends by itself.
    """
    enforcement = Enforcement(
        decision=decision,
        kind=threshold.consequence,
        subject_id=case.subject_id,
        data={"threshold": threshold.points},
        ends_at=ends_at,
    )
    impose(enforcement=enforcement, decision=decision, actor=None)
    enforcement.save()
    return enforcement


def impose(*, enforcement: Enforcement, decision: Decision, actor: User | None) -> None:
    """Warn, restrict or suspend the subject of a case; keeps the number of what was written.

    Raises:
        RoleRequiredError: the actor may not do this to that person.
    """
    version = decision.policy_version
    policy_words = version.text_for_users if version is not None else ""
    reason = decision.reason or "Decided by a rule."
    user_id = decision.case.subject_id
    words = decision.reason_for_user or policy_words or reason
    match enforcement.kind:
        case EnforcementKind.WARN:
            made = standing.warn(actor=actor, user_id=user_id, reason=reason, reason_for_user=words)
        case EnforcementKind.RESTRICT:
            made = standing.restrict(
                actor=actor,
                user_id=user_id,
                reason=reason,
                reason_for_user=words,
                until=enforcement.ends_at,
            )
        case _:
            made = standing.suspend(
                actor=actor,
                user_id=user_id,
                reason=reason,
                reason_for_user=words,
                until=enforcement.ends_at,
            )
    enforcement.data = {**enforcement.data, "restriction_id": made.pk}


def withdraw(*, enforcement: Enforcement, actor: User | None, reason: str) -> None:
    """Take a warning, restriction or suspension of a decision back, where it still stands."""
    restriction_id = enforcement.data.get("restriction_id")
    if not Restriction.objects.filter(pk=restriction_id).exists():
        return
    standing.withdraw(actor=actor, restriction_id=int(restriction_id), reason=reason)
