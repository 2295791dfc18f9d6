"""A decision is taken back: texts and points as they were before it, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core.problems import clean_reason
from apps.moderation.constants import UNDO_SECONDS, ActorKind, Verdict
from apps.moderation.errors import (
    AppealPendingError,
    CaseClaimedError,
    DecisionNotFoundError,
    DecisionSupersededError,
)
from apps.moderation.models import Appeal, Case, Decision, Enforcement
from apps.moderation.services.cases import case_locks, cases, facts, flags, priorities
from apps.moderation.services.decisions import enforcements, strikes
from apps.moderation.services.notices import notices, still_held
from apps.moderation.services.notices.still_held import Easing
from apps.users.models import User

SLIP = "Undone right after the decision."


@transaction.atomic
def undo(*, actor: User, decision_id: int, reason: str, reason_for_user: str = "") -> Decision:
    """Take a decision back: text and points as they were before it, and the case open again.

    Args:
        actor: who decided it, or a lead.
        decision_id: the latest decision of its case, lifts of what it brought left out: what they
            ended stays ended.
        reason: why, for staff and record; may be empty right after the decision.
        reason_for_user: why, in the words of the notice; may be empty.

    Raises:
        ForbiddenError: the actor may not take this back.
        DecisionNotFoundError: there is no such decision.
        DecisionSupersededError: a later one took its place.
        AppealPendingError: the person waits for a second look; whoever gives it decides.
        CaseClaimedError: somebody else holds the case by now; a lead can take it over first.
        OwnCaseError: the actor has a part in the case.
        ValidationFailedError: no reason was given.
    """
    found, last, case = _reversible(actor, decision_id)
    decision = Decision.objects.create(
        case=case,
        verdict=Verdict.UNSURE,
        policy_version=found.policy_version,
        reason=clean_reason(reason.strip() or _said_at_once(found), field="reason"),
        reason_for_user=clean_reason(reason_for_user, field="reason_for_user", is_required=False),
        actor_kind=ActorKind.PERSON,
        actor=actor,
        actor_label=actor.name,
        supersedes=last,
        takes_back=found,
        is_undo=True,
    )
    taken = take_back(decision=decision, former=found, actor=actor)
    _tell(decision, case, taken)
    _open_again(case, found)
    audit.record(
        actor=actor,
        action=AuditAction.CASE_UNDONE,
        target_type="case",
        target_id=case.pk,
        reason=decision.reason,
        data={"decision_id": decision.pk, "former_id": found.pk},
    )
    facts.decision_made(decision, case)
    return decision


def _said_at_once(decision: Decision) -> str:
    return SLIP if _is_slip(decision) else ""


def _is_slip(decision: Decision) -> bool:
    return timezone.now() - decision.created_at <= timedelta(seconds=2 * UNDO_SECONDS)


def _reversible(actor: User, decision_id: int) -> tuple[Decision, Decision, Case]:
    """Return a decision, what stands in its place by now, and its case, locked."""
    cases.require(actor, cases.DECIDE)
    found = Decision.objects.filter(pk=decision_id).first()
    if found is None:
        raise DecisionNotFoundError
    if found.actor_id != actor.pk:
        cases.require(actor, cases.OVERRIDE)
    case = case_locks.lock_with_text(found.case_id)
    last = _last_lift(found)
    if found.is_undo or Decision.objects.in_place_of(last).exists():
        raise DecisionSupersededError
    if Appeal.objects.pending().against_case(case).exists():
        raise AppealPendingError
    if case.has_live_claim and case.claimed_by_id != actor.pk:
        raise CaseClaimedError
    cases.ensure_no_part(actor, case)
    return found, last, case


def _last_lift(decision: Decision) -> Decision:
    """Return the last lift of what a decision brought, or itself where nobody lifted any of it."""
    last = decision
    while not decision.is_lift:
        lift = Decision.objects.in_place_of(last).lifts().first()
        if lift is None:
            break
        last = lift
    return last


@dataclass(frozen=True, slots=True)
class Taken:
    """What taking a decision back has changed.

    Attributes:
        is_undone: something that it did does not hold any more.
        redone: what it had taken back and holds again.
        points: which it had overruled and count again.
        renewed: the decision by which these hold.
        eased: how the person's standing got lighter; None where it did not.
    """

    is_undone: bool
    redone: Sequence[Enforcement] = ()
    points: int = 0
    renewed: Decision | None = None
    eased: Easing | None = None


def _tell(decision: Decision, case: Case, taken: Taken) -> None:
    if taken.renewed is not None:
        notices.tell_renewal(
            decision=decision,
            case=case,
            renewed=taken.renewed,
            enforcements=taken.redone,
            points=taken.points,
        )
    elif taken.is_undone:
        notices.tell_reversal(decision=decision, case=case, eased=taken.eased)


def take_back(*, decision: Decision, former: Decision, actor: User | None) -> Taken:
    """Reverse what a decision did, and do again what it had reversed.

    Args:
        decision: the new one, already stored.
        former: the one that does not hold any more.
        actor: who decided.
    """
    strikes.lock_account(former.case, beside=actor)
    before = still_held.standing_of(former.case.subject_id)
    reason = decision.reason or "Decided otherwise."
    active = list(Enforcement.objects.active().of_decision(former).order_by("-id"))
    for enforcement in active:
        enforcements.reverse(enforcement=enforcement, by=decision, actor=actor, reason=reason)
    points = strikes.overrule(decision=former, by=decision)
    redone = list(Enforcement.objects.reversed_by(former).order_by("id"))
    for enforcement in redone:
        enforcements.reapply(enforcement=enforcement, decision=decision, actor=actor)
    strike = strikes.reinstate(by=former)
    withdraw_unreached(decision=decision, case=former.case)
    numbers = [one.pk for one in redone]
    holding = list(Enforcement.objects.active().filter(pk__in=numbers).order_by("id"))
    renewed = next((one.decision for one in holding), None)
    if renewed is None and strike is not None and not points:
        renewed = strike.decision
    return Taken(
        is_undone=bool(active or points),
        redone=holding,
        points=strike.points if strike is not None else 0,
        renewed=renewed,
        eased=still_held.eased(before, still_held.standing_of(former.case.subject_id)),
    )


def reverse_all(*, decision: Decision, case: Case, actor: User) -> Taken:
    """Take back all that holds because of a case, which has its former policy and severity again.

    Args:
        decision: the new one, already stored.
        case: locked; not saved here.
        actor: who decided.
    """
    strikes.lock_account(case, beside=actor)
    before = still_held.standing_of(case.subject_id)
    reason = decision.reason or "No violation."
    active = list(Enforcement.objects.active().of_case(case).order_by("-id"))
    for enforcement in active:
        enforcements.reverse(enforcement=enforcement, by=decision, actor=actor, reason=reason)
    points = 0
    for former in case.decisions.with_points():
        points += strikes.overrule(decision=former, by=decision)
    withdraw_unreached(decision=decision, case=case)
    priorities.restore_undecided(case, decision)
    after = still_held.standing_of(case.subject_id)
    return Taken(is_undone=bool(active or points), eased=still_held.eased(before, after))


def withdraw_unreached(*, decision: Decision, case: Case) -> None:
    """Take back what a person's points brought, where they would not have brought it.

    Args:
        decision: after which some points do not count.
        case: whose subject had them.
    """
    reason = "The points that brought this do not count any more."
    for enforcement in strikes.unreached(case.subject_id):
        enforcements.reverse(enforcement=enforcement, by=decision, actor=None, reason=reason)


def _open_again(case: Case, former: Decision) -> None:
    """Put a case back into the queue as it was before, unless the message has a newer one.

    Closed and opened long after, it lets nobody into the conversation: else whoever once decided a
    case could read on in it at any time, without a reason that its owner sees.
    """
    case.is_sealed = case.is_sealed or (case.is_closed and not _is_slip(former))
    priorities.restore(case, former)
    priorities.weigh(case)
    if case_locks.open_again(case):
        flags.unsettle(case)
        return
    priorities.restore(case, former)
    case.save(update_fields=["policy", "severity"])
