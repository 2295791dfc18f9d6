"""Who works on which case: taking, holding, giving back; a claim ends by the clock alone."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core import rights
from apps.core.problems import clean_reason, field_problem
from apps.moderation import constants
from apps.moderation.errors import (
    AppealPendingError,
    CaseChangedError,
    CaseClaimedError,
    CaseClosedError,
    CaseNotClaimedError,
    CaseNotFoundError,
    OwnCaseError,
    QueueEmptyError,
)
from apps.moderation.models import Case, Note
from apps.moderation.querysets import CaseQuerySet
from apps.moderation.services.cases import desk_news, lapsed_claims
from apps.users.models import User

VIEW = "moderation.view_case"
DECIDE = "moderation.decide_case"
OVERRIDE = "moderation.override_case"
APPEALS = "moderation.decide_appeal"
CLAIM = timedelta(minutes=constants.CLAIM_MINUTES)


def require(actor: User, permission: str) -> None:
    """Check that somebody may do this at the moment.

    Raises:
        ForbiddenError: they may not, or they are suspended themselves.
    """
    rights.require(actor, permission)


def access_case(*, viewer: User, case_id: int, permission: str = VIEW) -> Case:
    """Return one case for a member of staff who may see cases; `has_part` says if they have one.

    Args:
        viewer: who asks.
        case_id: which case.
        permission: what they must be allowed; seeing cases, if nothing else is named.

    Raises:
        ForbiddenError: the viewer may not do this.
        CaseNotFoundError: there is no such case.
        OwnCaseError: it is about the viewer, who must not learn who reported what.
    """
    require(viewer, permission)
    rows = Case.objects.with_part_of(viewer).select_related("policy__current")
    case = rows.filter(pk=case_id).first()
    if case is None:
        raise CaseNotFoundError
    if case.subject_id == viewer.pk:
        raise OwnCaseError
    return case


def take_next(*, actor: User, among: CaseQuerySet | None = None) -> Case:
    """Claim the most urgent case that waits and in which the actor has no part.

    What a lead gave the actor comes first, then, for a lead, what others have handed on.

    Rows that somebody else is taking at this moment are skipped, so that two people never get the
    same case; claims that have passed are put back first, and stay so where nothing waits.

    Args:
        actor: a member of staff who may decide.
        among: cases to choose from, as a filter of the queue; all by default.

    Raises:
        ForbiddenError: the actor may not decide.
        QueueEmptyError: nothing waits for them.
    """
    require(actor, DECIDE)
    lapsed_claims.put_back()
    return _take_first(actor, Case.objects.all() if among is None else among)


@transaction.atomic
def _take_first(actor: User, among: CaseQuerySet) -> Case:
    rows = among.fit_for(actor)
    if not actor.has_perm(APPEALS):
        rows = rows.without_appeal()
    lanes = [rows.given_to(actor)]
    if actor.has_perm(OVERRIDE):
        lanes.append(rows.handed_on_to(actor))
    for lane in [*lanes, rows.waiting()]:
        case = lane.select_for_update(skip_locked=True, of=("self",)).first()
        if case is not None:
            hold(case, actor)
            return case
    raise QueueEmptyError


@transaction.atomic
def claim(*, actor: User, case_id: int) -> Case:
    """Claim one case, or renew the actor's own claim on it.

    What a lead gave them they take when they open it: it is recorded, and its time begins, then.

    Raises:
        ForbiddenError: the actor may not decide.
        CaseNotFoundError: there is no such case.
        CaseClosedError: it is decided.
        AppealPendingError: an appeal waits on it, and the actor decides none.
        CaseClaimedError: somebody else holds it.
        OwnCaseError: the actor has a part in it.
    """
    require(actor, DECIDE)
    case = lock_case(case_id)
    if case.is_closed:
        raise CaseClosedError
    ensure_no_part(actor, case)
    ensure_may_take(actor, case)
    if case.has_appeal and not actor.has_perm(APPEALS):
        message = "An appeal waits on this case. A lead decides it."
        raise AppealPendingError(message)
    if case.has_live_claim and case.claimed_by_id != actor.pk:
        raise CaseClaimedError
    if case.has_live_claim and case.given_at is None:
        case.claim_expires_at = timezone.now() + CLAIM
        case.save(update_fields=["claim_expires_at"])
        return case
    hold(case, actor)
    return case


@transaction.atomic
def take_over(*, actor: User, case_id: int, reason: str) -> Case:
    """Take a case from whoever holds it, as a lead; both are in the record.

    Raises:
        ForbiddenError: the actor may not override.
        CaseNotFoundError, CaseClosedError, OwnCaseError: as `claim`.
        ValidationFailedError: no reason was given.
    """
    require(actor, OVERRIDE)
    reason = clean_reason(reason, field="reason")
    case = lock_case(case_id)
    if case.is_closed:
        raise CaseClosedError
    ensure_no_part(actor, case)
    data = {"former_holder_id": case.claimed_by_id, "severity": case.severity}
    hold(case, actor, is_recorded=False)
    _record(actor, AuditAction.CASE_TAKEN_OVER, case, reason, **data)
    return case


@transaction.atomic
def release(*, actor: User, case_id: int) -> Case:
    """Give a case back to the queue; nothing happens where the actor does not hold it.

    Raises:
        ForbiddenError: the actor may not decide.
        CaseNotFoundError: there is no such case.
    """
    require(actor, DECIDE)
    case = lock_case(case_id)
    if case.state == constants.CaseState.CLAIMED and case.claimed_by_id == actor.pk:
        put_back(case, constants.CaseState.OPEN, is_given_back=True)
        if Case.objects.filter(pk=case.pk).handed_on().exists():
            case.state = constants.CaseState.ESCALATED
        case.save()
        _record(actor, AuditAction.CASE_RELEASED, case)
    return case


@transaction.atomic
def add_note(*, actor: User, case_id: int, text: str) -> Note:
    """Tell the other members of staff something about a case.

    Raises:
        ForbiddenError: the actor may not decide.
        CaseNotFoundError: there is no such case.
        OwnCaseError: it is about the actor.
        ValidationFailedError: it is blank or too long.
    """
    require(actor, DECIDE)
    case = lock_case(case_id)
    if case.subject_id == actor.pk:
        raise OwnCaseError
    words = text.strip()
    if not words or len(words) > constants.MAX_NOTE_CHARS or "\x00" in words:
        problem = f"Write between 1 and {constants.MAX_NOTE_CHARS} characters."
        raise field_problem("text", problem, "note_length")
    note = Note.objects.create(case=case, author=actor, author_label=actor.name, text=words)
    _record(actor, AuditAction.CASE_NOTED, case)
    return note


def lock_case(case_id: int, *, version: int | None = None) -> Case:
    """Return a case with its policy, locked until the transaction ends.

    Raises:
        CaseNotFoundError: there is no such case.
        CaseChangedError: it is not in the version that the caller read.
    """
    rows = Case.objects.select_related("policy").select_for_update(of=("self",))
    case = rows.filter(pk=case_id).first()
    if case is None:
        raise CaseNotFoundError
    if version is not None and case.version != version:
        raise CaseChangedError
    return case


def ensure_holds(actor: User, case: Case) -> None:
    """Check that the actor holds a live claim; what they were given they take with this.

    Raises:
        CaseClaimedError: somebody else does.
        CaseNotClaimedError: nobody does, or the actor's has passed.
    """
    if case.has_live_claim and case.claimed_by_id != actor.pk:
        raise CaseClaimedError
    if not case.has_live_claim:
        raise CaseNotClaimedError
    if case.given_at is not None:
        case.given_at = None
        _record(actor, AuditAction.CASE_CLAIMED, case, severity=case.severity)


def ensure_may_take(actor: User, case: Case) -> None:
    """Check that a case was not handed on, unless the actor is a lead.

    Raises:
        CaseClaimedError: it waits for a lead, or one has it or had it.
    """
    if not actor.has_perm(OVERRIDE) and is_handed_on(case):
        message = "This case was handed on. A lead decides it."
        raise CaseClaimedError(message)


def is_handed_on(case: Case) -> bool:
    """Tell whether a case is for leads; one of them may have claimed it since."""
    if case.state == constants.CaseState.CLAIMED:
        return Case.objects.filter(pk=case.pk).handed_on().exists()
    return case.state == constants.CaseState.ESCALATED


def ensure_no_part(actor: User, case: Case) -> None:
    """Check that a case is not about the actor, reported by them, or an appeal against them.

    Raises:
        OwnCaseError: it is.
    """
    if has_part(actor, case):
        raise OwnCaseError


def has_part(person: User, case: Case) -> bool:
    """Tell whether a case is about somebody, reported by them, or an appeal against them."""
    return not Case.objects.fit_for(person).filter(pk=case.pk).exists()


def put_back(case: Case, state: constants.CaseState, *, is_given_back: bool = False) -> None:
    """End the claim on a locked case and set its state; not saved here."""
    case.state = state
    case.claimed_by = case.claimed_at = case.claim_expires_at = case.given_at = None
    case.version += 1
    desk_news.case_changed(case, is_given_back=is_given_back)
    case.closed_at = timezone.now() if state == constants.CaseState.CLOSED else None


def hold(case: Case, holder: User, *, is_recorded: bool = True, lasting: timedelta = CLAIM) -> None:
    """Give somebody the claim on a locked case; one that lasts longer is given by a lead."""
    now = timezone.now()
    case.state, case.claimed_by = constants.CaseState.CLAIMED, holder
    case.claimed_at, case.claim_expires_at = now, now + lasting
    case.given_at = now if lasting > CLAIM else None
    case.version += 1
    case.save()
    desk_news.case_changed(case)
    if is_recorded:
        _record(holder, AuditAction.CASE_CLAIMED, case, severity=case.severity)


def _record(
    actor: User, action: AuditAction, case: Case, reason: str = "", **data: int | None
) -> None:
    audit.record(
        actor=actor,
        action=action,
        target_type="case",
        target_id=case.pk,
        reason=reason,
        data={"message_id": case.message_id, **data},
    )
