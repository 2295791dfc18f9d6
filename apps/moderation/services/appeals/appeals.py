"""A person asks for a second look at a decision; somebody else gives it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core.problems import clean_reason, field_problem
from apps.moderation import constants
from apps.moderation.constants import (
    ActorKind,
    AppealState,
    FlagOutcome,
    Verdict,
)
from apps.moderation.errors import (
    AppealDecidedError,
    AppealNotFoundError,
    AppealNotPossibleError,
    CaseChangedError,
    FirstOpinionMissingError,
)
from apps.moderation.models import Appeal, Case, Decision
from apps.moderation.querysets import AppealQuerySet
from apps.moderation.services.appeals import appeal_cases, blind_reviews
from apps.moderation.services.cases import case_locks, cases, facts, flags
from apps.moderation.services.decisions import decisions, inbox, reversals
from apps.moderation.services.notices import notices
from apps.moderation.services.notices.still_held import Easing
from apps.users.models import User

OUTCOMES = (AppealState.UPHELD, AppealState.OVERTURNED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What somebody decides about an appeal.

    Attributes:
        outcome: upheld (the decision stays) or overturned (it does not).
        reason: why, for staff and record.
        reason_for_user: why, in the words of the notice; may be empty.
    """

    outcome: AppealState
    reason: str
    reason_for_user: str = ""


@transaction.atomic
def submit(*, actor: User, notice_id: int, text: str) -> Appeal:
    """Ask for a second look at what a notice tells; its case opens again for somebody else.

    A suspended person may: it is the only thing that is left to them.

    Args:
        actor: whom the decision is about.
        notice_id: the notice of the decision.
        text: why they think that it is wrong.

    Raises:
        NoticeNotFoundError: there is none, or it is somebody else's.
        AppealNotPossibleError: there is nothing to appeal, it was done, or the time has passed.
        CaseChangedError: its cases change under it; asking again helps.
        ValidationFailedError: the text is blank or too long.
    """
    notice = inbox.access_notice(viewer=actor, notice_id=notice_id)
    words = _clean_text(text)
    case = appeal_cases.case_to_look_at(notice)
    decision = appeal_cases.standing_decision(notice)
    if decision is None or not appeal_cases.can_appeal(notice):
        raise AppealNotPossibleError
    case = appeal_cases.take_in(case, notice, decision)
    appeal = Appeal.objects.create(
        notice=notice, decision=decision, case=case, subject=actor, text=words
    )
    _record(actor, AuditAction.APPEAL_SUBMITTED, appeal)
    return appeal


@transaction.atomic
def withdraw(*, actor: User, notice_id: int) -> Appeal:
    """Take an appeal back; a case that only it had opened closes again.

    Raises:
        NoticeNotFoundError: there is none, or it is somebody else's.
        AppealNotFoundError: it was not appealed.
        AppealDecidedError: it was decided or withdrawn already.
    """
    notice = inbox.access_notice(viewer=actor, notice_id=notice_id)
    found = Appeal.objects.from_notice(notice).first()
    if found is None:
        raise AppealNotFoundError
    case = cases.lock_case(found.case_id)
    appeal = _locked(found.pk)
    if appeal.state not in constants.PENDING_APPEALS:
        raise AppealDecidedError
    appeal.state, appeal.decided_at = AppealState.WITHDRAWN, timezone.now()
    appeal.save(update_fields=["state", "decided_at"])
    appeal_cases.let_go(case, is_decided=False)
    _record(actor, AuditAction.APPEAL_WITHDRAWN, appeal)
    return appeal


def list_appeals(
    *, viewer: User, state: AppealState | None = None, case_id: int | None = None
) -> AppealQuerySet:
    """Return all appeals, or those in a state or of a case, newest first, for staff who see cases.

    The viewer's own are not among them: they hear of those as everybody does.

    Raises:
        ForbiddenError: the viewer may not see cases.
    """
    cases.require(viewer, cases.VIEW)
    rows = Appeal.objects.with_parts().not_about(viewer).order_by("-id")
    rows = rows if state is None else rows.in_state(state)
    return rows if case_id is None else rows.of_case(case_id)


def access_appeal(*, viewer: User, appeal_id: int) -> Appeal:
    """Return one appeal, for staff who may see cases.

    Raises:
        ForbiddenError: the viewer may not see cases.
        AppealNotFoundError: there is no such appeal.
    """
    appeal = list_appeals(viewer=viewer).filter(pk=appeal_id).first()
    if appeal is None:
        raise AppealNotFoundError
    return appeal


@transaction.atomic
def note_first_opinion(*, actor: User, appeal_id: int, verdict: Verdict) -> Appeal:
    """Keep what a reviewer thinks of the text before they read the original reasons.

    Raises:
        ForbiddenError: the actor decides no appeals.
        AppealNotFoundError: there is no such appeal.
        AppealDecidedError: it was decided or withdrawn already.
        CaseClaimedError, CaseNotClaimedError: the actor does not hold its case.
        OwnCaseError: the actor has a part in it.
    """
    appeal, case = _reviewable(actor, appeal_id)
    cases.ensure_holds(actor, case)
    if appeal.first_opinion and appeal.reviewer_id == actor.pk:
        return appeal
    appeal.state, appeal.reviewer = AppealState.IN_REVIEW, actor
    appeal.first_opinion = verdict
    appeal.save(update_fields=["state", "reviewer", "first_opinion"])
    _record(actor, AuditAction.APPEAL_OPINION_NOTED, appeal, first_opinion=str(verdict))
    return appeal


@transaction.atomic
def decide_appeal(*, actor: User, appeal_id: int, version: int, review: Review) -> Appeal:
    """Decide an appeal: a new decision takes the place of the first, and the person is told.

    Overturned: text, points and standing are as before the decision. Upheld: all stays.

    Args:
        actor: who holds the case, decides appeals and had no part in the decision.
        appeal_id: which appeal.
        version: the state of the case that the actor has read.
        review: what they decide.

    Raises:
        ForbiddenError: the actor decides no appeals.
        AppealNotFoundError: there is no such appeal.
        AppealDecidedError: it was decided or withdrawn already.
        CaseChangedError: the case is not in that version any more; nothing changed.
        CaseClaimedError, CaseNotClaimedError: the actor does not hold the case.
        OwnCaseError: the actor has a part in it, or decided what is appealed.
        FirstOpinionMissingError: the actor has not noted their first opinion of the text.
        ValidationFailedError: the outcome is none, or the reason is missing.
    """
    appeal, case = _reviewable(actor, appeal_id)
    if case.version != version:
        raise CaseChangedError
    cases.ensure_holds(actor, case)
    if review.outcome not in OUTCOMES:
        raise field_problem("outcome", "Choose upheld or overturned.", "outcome_unknown")
    if not blind_reviews.is_ready(viewer=actor, appeal=appeal):
        raise FirstOpinionMissingError
    decision, eased = _write_outcome(appeal, case, review, actor)
    appeal.state, appeal.outcome, appeal.reviewer = review.outcome, decision, actor
    appeal.decided_at = timezone.now()
    appeal.save(update_fields=["state", "outcome", "reviewer", "decided_at"])
    carried = appeal_cases.carry_along(appeal)
    is_upheld = review.outcome == AppealState.UPHELD
    notices.tell_appeal(
        decision=decision, case=appeal.decision.case, is_upheld=is_upheld, eased=eased
    )
    if appeal.decision.case_id == case.pk:
        outcome = FlagOutcome.AGREED if is_upheld else FlagOutcome.DISAGREED
        reporters = flags.settle(case, outcome)
        notices.tell_reporters(decision=decision, case=case, reporters=reporters)
    appeal_cases.let_go(case, is_decided=appeal.decision.case_id == case.pk)
    for one in (appeal, *carried):
        _record_end(actor, one, decision)
    return appeal


def _reviewable(actor: User, appeal_id: int) -> tuple[Appeal, Case]:
    cases.require(actor, cases.APPEALS)
    found = Appeal.objects.filter(pk=appeal_id).first()
    if found is None:
        raise AppealNotFoundError
    case = case_locks.lock_with_text(found.case_id)
    appeal = _locked(appeal_id)
    if appeal.state not in constants.PENDING_APPEALS:
        raise AppealDecidedError
    cases.ensure_no_part(actor, case)
    return appeal, case


def _locked(appeal_id: int) -> Appeal:
    rows = Appeal.objects.select_related(
        "case", "decision__case__policy", "decision__policy_version"
    )
    return rows.select_for_update(of=("self",)).get(pk=appeal_id)


def _write_outcome(
    appeal: Appeal, case: Case, review: Review, actor: User
) -> tuple[Decision, Easing | None]:
    former = appeal.decision
    is_upheld = review.outcome == AppealState.UPHELD
    decided = case if former.case_id == case.pk else cases.lock_case(former.case_id)
    decision = Decision.objects.create(
        case=decided,
        verdict=Verdict.VIOLATES if is_upheld else Verdict.NO_VIOLATION,
        policy_version=former.policy_version if is_upheld else None,
        reason=clean_reason(review.reason, field="reason"),
        reason_for_user=clean_reason(
            review.reason_for_user, field="reason_for_user", is_required=False
        ),
        actor_kind=ActorKind.PERSON,
        actor=actor,
        actor_label=actor.name,
        supersedes=decisions.latest_decision(decided),
        claimed_at=case.claimed_at,
        policy_before=decided.policy,
        severity_before=decided.severity,
    )
    eased = None
    if not is_upheld:
        eased = reversals.reverse_all(decision=decision, case=decided, actor=actor).eased
        decided.save(update_fields=["policy", "severity", "updated_at"])
    facts.decision_made(decision, decided)
    return decision, eased


def _clean_text(text: str) -> str:
    words = text.replace("\r\n", "\n").strip()
    if not words or len(words) > constants.MAX_APPEAL_CHARS or "\x00" in words:
        problem = f"Write between 1 and {constants.MAX_APPEAL_CHARS} characters."
        raise field_problem("text", problem, "appeal_length")
    return words


def _record_end(actor: User, appeal: Appeal, decision: Decision) -> None:
    said = {"outcome": str(appeal.state), "first_opinion": appeal.first_opinion}
    _record(actor, AuditAction.APPEAL_DECIDED, appeal, reason=decision.reason, **said)


def _record(
    actor: User, action: AuditAction, appeal: Appeal, *, reason: str = "", **data: str
) -> None:
    audit.record(
        actor=actor,
        action=action,
        target_type="appeal",
        target_id=appeal.pk,
        reason=reason,
        data={"case_id": appeal.case_id, "decision_id": appeal.decision_id, **data},
    )
