"""What holds about a person ends before its time: a decision of its own, which they are told."""

from __future__ import annotations

from django.db import transaction

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core.errors import ForbiddenError
from apps.core.problems import clean_reason
from apps.moderation.constants import ActorKind, EnforcementKind, Verdict
from apps.moderation.errors import AppealPendingError, CaseClaimedError, CaseWaitsError
from apps.moderation.models import Appeal, Case, Decision, Enforcement
from apps.moderation.querysets import EnforcementQuerySet
from apps.moderation.services.cases import case_locks, cases, facts
from apps.moderation.services.decisions import decisions, enforcements
from apps.moderation.services.notices import notices
from apps.users.models import Restriction, User
from apps.users.services import standing

LIFTED = (EnforcementKind.RESTRICT, EnforcementKind.SUSPEND)


@transaction.atomic
def lift_from_person(
    *, actor: User, user_id: int, reason: str, reason_for_user: str = ""
) -> list[Decision]:
    """End every restriction and suspension of a person that holds, before its time.

    The rest of what was decided stays as it is: a text out of view, points, a warning. What a
    decision brought ends by a decision in its place, which can be taken back; what no decision
    brought just ends.

    Args:
        actor: who decided it, or a lead.
        user_id: whose.
        reason: why, for staff and record.
        reason_for_user: why, in the words of the notice; may be empty.

    Returns:
        The new decisions, one for each case.

    Raises:
        ForbiddenError: the actor may not decide, or another decided this and they are no lead.
        OwnRightsError, RoleRequiredError, UserNotFoundError: nor about this person.
        CaseWaitsError: a case that brought it is not decided; its decision takes it away.
        AppealPendingError: the person waits for a second look; whoever gives it decides.
        OwnCaseError: the actor has a part in a case.
        StandingConflictError: nothing holds.
        ValidationFailedError: no reason was given.
    """
    cases.require(actor, cases.DECIDE)
    standing.ensure_may_decide(actor=actor, user_id=user_id)
    words = clean_reason(reason, field="reason")
    told = clean_reason(reason_for_user, field="reason_for_user", is_required=False)
    numbers = sorted(set(_holding(user_id).values_list("decision__case", flat=True)))
    found = [_locked(actor, number) for number in numbers]
    made = [_lift(actor, case, user_id, (words, told)) for case in found]
    if not made or Restriction.objects.of_user(user_id).running().exists():
        standing.lift(actor=actor, user_id=user_id, reason=words)
    if made:
        notices.tell_lifted(decision=made[-1], case=found[-1])
    return made


def _holding(user_id: int) -> EnforcementQuerySet:
    """Return what decisions brought and nobody has lifted yet."""
    running = Restriction.objects.of_user(user_id).running().values_list("pk", flat=True)
    active = Enforcement.objects.active().on_person(user_id).of_kind(*LIFTED)
    return active.of_restrictions(running)


def _locked(actor: User, case_id: int) -> Case:
    case = case_locks.lock_with_text(case_id)
    if Appeal.objects.pending().against_case(case).exists():
        raise AppealPendingError
    if case.has_live_claim and case.claimed_by_id != actor.pk:
        raise CaseClaimedError
    if not case.is_closed:
        message = f"Case {case.pk} brought this and waits for a decision. Decide it there."
        raise CaseWaitsError(message)
    cases.ensure_no_part(actor, case)
    return case


def _lift(actor: User, case: Case, user_id: int, reasons: tuple[str, str]) -> Decision:
    holding = _holding(user_id).of_case(case).select_related("decision__case")
    lifted = list(holding.order_by("-id"))
    is_own = all(one.decision.actor_id == actor.pk for one in lifted)
    if not is_own and not actor.has_perm(cases.OVERRIDE):
        message = "Somebody else decided this. A lead can lift it."
        raise ForbiddenError(message)
    decision = Decision.objects.create(
        case=case,
        verdict=Verdict.VIOLATES,
        policy_version=lifted[0].decision.policy_version,
        reason=reasons[0],
        reason_for_user=reasons[1],
        actor_kind=ActorKind.PERSON,
        actor=actor,
        actor_label=actor.name,
        supersedes=decisions.latest_decision(case),
        is_lift=True,
    )
    for one in lifted:
        enforcements.reverse(enforcement=one, by=decision, actor=actor, reason=decision.reason)
    case.version += 1
    case.save(update_fields=["version", "updated_at"])
    audit.record(
        actor=actor,
        action=AuditAction.CASE_LIFTED,
        target_type="case",
        target_id=case.pk,
        reason=decision.reason,
        data={"decision_id": decision.pk, "enforcement_ids": [one.pk for one in lifted]},
    )
    facts.decision_made(decision, case)
    return decision
