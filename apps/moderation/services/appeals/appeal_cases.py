"""What an appeal needs of its case: what is still decided there, opening it, closing it again."""

from __future__ import annotations

from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.moderation.constants import CaseState, Verdict
from apps.moderation.errors import CaseChangedError
from apps.moderation.models import Appeal, Case, Decision, Enforcement, Notice, Strike
from apps.moderation.services.cases import case_locks, cases, desk_news, priorities
from apps.moderation.services.decisions import decisions


def can_appeal(notice: Notice) -> bool:
    """Tell whether the reader of a notice may appeal at the moment.

    Several notices may tell of one case: while an appeal from one waits, none comes from another.
    What an appeal has confirmed is not appealed once more, until somebody decides anew.
    """
    if notice.appeal_until is None or notice.appeal_until <= timezone.now():
        return False
    waiting = Appeal.objects.against_case(notice.decision.case_id).pending()
    if waiting.exists() or Appeal.objects.from_notice(notice).exists():
        return False
    last = _last_word(notice.decision.case)
    if last is None or Appeal.objects.decided_with(last).exists():
        return False
    return _violation_of(last) is not None


def standing_decision(notice: Notice) -> Decision | None:
    """Return the violation that holds in the notice's case; None where nothing does."""
    last = _last_word(notice.decision.case)
    return None if last is None else _violation_of(last)


def _last_word(case: Case) -> Decision | None:
    """Return what was decided last; handing a case on decides nothing, nor does ending it early."""
    latest = decisions.latest_decision(case)
    while latest is not None and _decides_nothing(latest):
        latest = latest.supersedes
    return latest


def _decides_nothing(decision: Decision) -> bool:
    return decision.is_lift or (decision.verdict == Verdict.UNSURE and not decision.is_undo)


def _violation_of(last: Decision) -> Decision | None:
    """Return the violation that the last word on a case leaves standing, if it does."""
    if last.verdict == Verdict.NO_VIOLATION:
        return None
    return last if last.verdict == Verdict.VIOLATES else _renewed(last)


def _renewed(undo: Decision) -> Decision | None:
    """Return the violation that an undo brought back, where it did."""
    holding = Enforcement.objects.of_case(undo.case_id).not_ended().order_by("-id")
    counting = Strike.objects.active().of_case(undo.case_id).select_related("decision")
    newest = holding.select_related("decision").first() or counting.first()
    return newest.decision if newest is not None else None


def case_to_look_at(notice: Notice) -> Case:
    """Return the case of a decision, locked; or the newer one that is open on the same message.

    It is locked with the text: whoever takes the decision back meanwhile locks another case.
    """
    number, case = notice.decision.case_id, notice.decision.case
    if case.is_about_person:
        return case_locks.lock_with_text(number)
    newer = Case.objects.not_closed().on_message(case.message_id)
    return case_locks.lock_with_text(newer.values_list("pk", flat=True).first() or number)


def take_in(case: Case, notice: Notice, decision: Decision) -> Case:
    """Put an appeal into its locked case, which opens again if it was closed.

    Returns:
        The case in which it waits: another one, if somebody opened that at the same moment.

    Raises:
        CaseChangedError: that one is closed again already.
    """
    was_closed = case.is_closed
    if was_closed and not case_locks.open_again(case):
        case, was_closed = case_to_look_at(notice), False
        if case.is_closed:
            raise CaseChangedError
    decided = Decision.objects.of_cases([case.pk, decision.case_id])
    if case.state == CaseState.CLAIMED and decided.made_by(case.claimed_by_id).exists():
        state = CaseState.ESCALATED if cases.is_handed_on(case) else CaseState.OPEN
        cases.put_back(case, state)
    elif not was_closed:
        case.version += 1
    case.has_appeal, case.is_sealed = True, False
    priorities.weigh(case)
    case.save()
    desk_news.case_changed(case)
    if was_closed:
        audit.record(
            actor=None,
            action=AuditAction.CASE_REOPENED,
            target_type="case",
            target_id=case.pk,
            data={"message_id": case.message_id},
        )
    return case


def carry_along(appeal: Appeal) -> list[Appeal]:
    """Give a decided appeal's end to others that wait on the same case's decision.

    Returns:
        Those others. The decision stays the outcome of the first only.
    """
    rows = Appeal.objects.pending().against_case(appeal.decision.case_id)
    others = list(rows.exclude(pk=appeal.pk).order_by("pk").select_for_update())
    for other in others:
        other.state, other.decided_at = appeal.state, appeal.decided_at
        other.save(update_fields=["state", "decided_at"])
    for number in sorted({other.case_id for other in others} - {appeal.case_id}):
        let_go(cases.lock_case(number), is_decided=False)
    return others


def let_go(case: Case, *, is_decided: bool) -> None:
    """End the appeal's hold on a case; it closes where nothing else waits in it."""
    case.has_appeal = Appeal.objects.pending().of_case(case).exists()
    waits = case.has_appeal or (not is_decided and case.flags.pending().exists())
    never_decided = not case.decisions.exists()
    if waits or never_decided:
        case.version += 1
    else:
        cases.put_back(case, CaseState.CLOSED)
    priorities.weigh(case)
    case.save()
