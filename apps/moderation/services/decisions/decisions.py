"""A case is decided: one transaction, whoever calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core.problems import clean_reason, field_problem
from apps.moderation.constants import (
    ENDED_BY_TIME,
    ENFORCED_BY_PERSONS,
    ActorKind,
    CaseState,
    EnforcementKind,
    FlagOutcome,
    Verdict,
)
from apps.moderation.errors import AppealPendingError, CaseClosedError, PolicyNotFoundError
from apps.moderation.models import (
    Appeal,
    Case,
    Decision,
    Enforcement,
    Policy,
    PolicyVersion,
)
from apps.moderation.services.cases import case_locks, cases, facts, flags
from apps.moderation.services.decisions import effects, enforcements, reversals, sanctions, strikes
from apps.moderation.services.decisions.effects import Effects, Measure
from apps.moderation.services.notices import notices
from apps.moderation.services.notices.reasons import Change
from apps.users.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What somebody wants to decide.

    Attributes:
        verdict: violates, no violation, or unsure.
        policy_code: which policy; needed to say that it violates.
        reason: why, for staff and record; needed to say that it violates.
        reason_for_user: why, in the words of the notice.
        measures: what is to be done; only where it violates.
        gives_points: whether the policy's points count against the author; None to leave those that
            the case gave before as they are.
    """

    verdict: Verdict
    policy_code: str = ""
    reason: str = ""
    reason_for_user: str = ""
    measures: Sequence[Measure] = ()
    gives_points: bool | None = True


@transaction.atomic
def decide(
    *,
    actor: User,
    case_id: int,
    version: int,
    ruling: Ruling,
    is_override: bool = False,
    batch_id: UUID | None = None,
) -> Decision:
    """Decide a case: the decision, what it does, points, notice and record, together or not at all.

    Args:
        actor: who holds a live claim; or a lead, with `is_override`.
        case_id: which case.
        version: the state of the case that the actor has read.
        ruling: what they decide.
        is_override: decide without the claim, which is kept in the record.
        batch_id: shared by cases that one gesture decides.

    Raises:
        ForbiddenError: the actor may not decide, or not override.
        CaseNotFoundError, CaseClosedError: there is nothing to decide.
        AppealPendingError: an appeal waits on it; `appeals.decide_appeal` decides that.
        CaseChangedError: the case is not in that version any more; nothing changed.
        CaseClaimedError, CaseNotClaimedError, OwnCaseError: the actor does not hold it, or may not.
        PolicyNotFoundError: there is no such policy in use.
        ValidationFailedError: a reason is missing, or the measures do not fit the verdict.
    """
    case = _decidable(actor, case_id, version, is_override=is_override)
    decision = _write(case, ruling, actor, batch_id)
    _carry_out(decision, case, ruling, actor)
    _close(decision, case)
    record(decision, case, is_override=is_override)
    return decision


def _write(case: Case, ruling: Ruling, actor: User, batch_id: UUID | None) -> Decision:
    policy, reason, reason_for_user = check_ruling(ruling)
    return Decision.objects.create(
        case=case,
        verdict=ruling.verdict,
        policy_version=policy,
        reason=reason,
        reason_for_user=reason_for_user,
        actor_kind=ActorKind.PERSON,
        actor=actor,
        actor_label=actor.name,
        supersedes=latest_decision(case),
        batch_id=batch_id,
        claimed_at=case.claimed_at,
        policy_before=case.policy,
        severity_before=case.severity,
    )


def _decidable(actor: User, case_id: int, version: int, *, is_override: bool) -> Case:
    cases.require(actor, cases.DECIDE)
    case = case_locks.lock_with_text(case_id, version=version)
    if case.is_closed:
        raise CaseClosedError
    if case.has_appeal and Appeal.objects.pending().of_case(case).exists():
        raise AppealPendingError
    case.has_appeal = False
    if is_override:
        cases.require(actor, cases.OVERRIDE)
    else:
        cases.ensure_holds(actor, case)
        cases.ensure_may_take(actor, case)
    cases.ensure_no_part(actor, case)
    return case


def latest_decision(case: Case) -> Decision | None:
    """Return the decision of a case that nothing supersedes."""
    return case.decisions.not_superseded().order_by("-id").first()


def check_ruling(ruling: Ruling) -> tuple[PolicyVersion | None, str, str]:
    """Check what fits or does not in every case alike, before any case is looked at.

    Returns:
        The version of the policy that it names, if it says that one is violated, and both reasons
        as they are kept.

    Raises:
        PolicyNotFoundError: there is no such policy in use.
        ValidationFailedError: a reason is missing, or the measures do not fit the verdict.
    """
    policy = _policy_of(ruling)
    reason = clean_reason(ruling.reason, field="reason", is_required=policy is not None)
    for_user = clean_reason(ruling.reason_for_user, field="reason_for_user", is_required=False)
    return policy, reason, for_user


def _policy_of(ruling: Ruling) -> PolicyVersion | None:
    if ruling.verdict != Verdict.VIOLATES:
        if ruling.measures:
            message = "Only a violation can be acted on."
            raise field_problem("measures", message, "measures_without_violation")
        return None
    if any(one.has_end and one.kind not in ENDED_BY_TIME for one in ruling.measures):
        message = (
            "Only a restriction or a suspension ends by itself. Leave the hours out of the rest."
        )
        raise field_problem("measures", message, "measure_without_end")
    links = [one for one in ruling.measures if one.kind == EnforcementKind.REVOKE_SHARE]
    if not all(one.share_id for one in links):
        message = "A link is revoked on its own page, among the shared links."
        raise field_problem("measures", message, "measure_needs_link")
    rows = Policy.objects.in_use().of_code(ruling.policy_code)
    policy = rows.select_related("current__policy").first()
    if policy is None or policy.current is None:
        raise PolicyNotFoundError
    return policy.current


def _carry_out(decision: Decision, case: Case, ruling: Ruling, actor: User) -> None:
    """Do what the verdict says, in the place of whatever was decided before."""
    if ruling.verdict == Verdict.UNSURE:
        return
    if ruling.verdict == Verdict.NO_VIOLATION:
        taken = reversals.reverse_all(decision=decision, case=case, actor=actor)
        if taken.is_undone:
            notices.tell_reversal(decision=decision, case=case, eased=taken.eased)
        reporters = flags.settle(case, FlagOutcome.DISAGREED)
        notices.tell_reporters(decision=decision, case=case, reporters=reporters)
        return
    if decision.policy_version is not None:
        case.policy = decision.policy_version.policy
        case.severity = max(case.severity, case.policy.severity)
    falls_on_person = any(one.kind in ENFORCED_BY_PERSONS for one in ruling.measures)
    strikes.lock_account(case, beside=actor if falls_on_person else None)
    brings = effects.effects_of(
        case=case, policy=case.policy, measures=ruling.measures, gives_points=ruling.gives_points
    )
    enforcements.end(brings.lapsed)
    done = list(brings.held)
    done += enforcements.apply(decision=decision, case=case, planned=brings.planned, actor=actor)
    strike_and_tell(decision, case, done, brings, automatic=False)
    reporters = flags.settle(case, FlagOutcome.AGREED)
    notices.tell_reporters(
        decision=decision,
        case=case,
        reporters=reporters,
        is_acted_on=bool(done or brings.points),
    )


def strike_and_tell(
    decision: Decision, case: Case, done: list[Enforcement], brings: Effects, *, automatic: bool
) -> None:
    """Give the points, with what they bring; then tell."""
    if not brings.keeps_points:
        strikes.give_strike(decision=decision, case=case, points=brings.points)
    if brings.unreached:
        reversals.withdraw_unreached(decision=decision, case=case)
    if brings.threshold is not None:
        done.append(
            sanctions.apply_threshold(
                decision=decision,
                case=case,
                threshold=brings.threshold,
                ends_at=brings.threshold_ends_at,
            )
        )
    if done or brings.is_felt:
        change = Change(
            measures=[(EnforcementKind(one.kind), one.ends_at) for one in done],
            points=brings.points,
            former_points=brings.former_points,
            eased=brings.eased,
            automatic=automatic,
        )
        notices.tell(decision=decision, case=case, change=change)


def _close(decision: Decision, case: Case) -> None:
    if decision.verdict == Verdict.UNSURE:
        cases.put_back(case, CaseState.ESCALATED)
    else:
        cases.put_back(case, CaseState.CLOSED)
    case.save()


def _action_of(decision: Decision) -> AuditAction:
    if decision.actor_kind == ActorKind.SYSTEM:
        return AuditAction.CASE_HELD
    is_handed_on = decision.verdict == Verdict.UNSURE
    return AuditAction.CASE_ESCALATED if is_handed_on else AuditAction.CASE_DECIDED


def record(decision: Decision, case: Case, *, is_override: bool = False) -> None:
    """Write down that a case was decided."""
    audit.record(
        actor=decision.actor,
        action=_action_of(decision),
        target_type="case",
        target_id=case.pk,
        reason=decision.reason,
        data={
            "decision_id": decision.pk,
            "verdict": str(decision.verdict),
            "severity": case.severity,
            "rule_version_id": decision.rule_version_id,
            "is_override": is_override,
        },
    )
    facts.decision_made(decision, case)
