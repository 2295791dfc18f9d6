"""A slip that is taken back leaves the case as it was: policy, severity and time."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from apps.moderation.constants import AppealState, FlagSource, Severity, Verdict
from apps.moderation.models import Appeal, Case, Notice, Policy, RuleHit
from apps.moderation.services.appeals import appeals
from apps.moderation.services.appeals.appeals import Review
from apps.moderation.services.cases import cases, flags
from apps.moderation.services.decisions import by_hand, decisions, reversals
from apps.moderation.services.decisions.decisions import Ruling
from apps.users.models import User
from tests.factories import MessageFactory
from tests.moderation.factories import make_policy, make_rule, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def moderator() -> User:
    return make_staff()


@pytest.fixture
def grave() -> Policy:
    return make_policy("grave", shortcut=None, severity=Severity.CRITICAL, sla_minutes=5)


def flagged_as_insult() -> Case:
    policy = make_policy()
    return flags.raise_flag(message=MessageFactory(), source=FlagSource.STAFF, policy=policy)


def slip(moderator: User, number: int) -> int:
    """Decide under the wrong policy; returns the decision."""
    case = cases.claim(actor=moderator, case_id=number)
    ruling = Ruling(verdict=Verdict.VIOLATES, policy_code="grave", reason="A wrong key.")
    made = decisions.decide(actor=moderator, case_id=number, version=case.version, ruling=ruling)
    decided = Case.objects.get(pk=number)
    assert decided.policy == made.policy_version.policy  # type: ignore[union-attr]
    assert decided.severity == Severity.CRITICAL
    return made.pk


@pytest.mark.usefixtures("grave")
def test_a_slip_that_is_taken_back_leaves_policy_severity_priority_and_time(
    moderator: User,
) -> None:
    before = flagged_as_insult()
    decision = slip(moderator, before.pk)
    reversals.undo(actor=moderator, decision_id=decision, reason="")
    after = Case.objects.get(pk=before.pk)
    assert after.policy is not None
    assert (after.policy.code, after.severity) == ("insults", Severity.MEDIUM)
    assert after.priority == before.priority
    assert after.reopened_at is not None
    assert after.due_at - after.reopened_at == timedelta(minutes=60)


@pytest.mark.usefixtures("grave")
def test_a_case_without_a_policy_has_none_again(moderator: User) -> None:
    case = flags.raise_flag(message=MessageFactory(), source=FlagSource.STAFF)
    reversals.undo(actor=moderator, decision_id=slip(moderator, case.pk), reason="")
    after = Case.objects.get(pk=case.pk)
    assert (after.policy, after.severity) == (None, Severity.LOW)


def test_what_a_rule_has_found_since_the_decision_stays(moderator: User, grave: Policy) -> None:
    case = flagged_as_insult()
    claimed = cases.claim(actor=moderator, case_id=case.pk)
    unsure = decisions.decide(
        actor=moderator,
        case_id=case.pk,
        version=claimed.version,
        ruling=Ruling(verdict=Verdict.UNSURE),
    )
    rule = make_rule(grave)
    assert rule.current is not None
    message = MessageFactory._meta.model.objects.get(pk=case.message_id)
    hit = RuleHit.objects.create(
        rule=rule,
        version=rule.current,
        mode=rule.mode,
        outcome="flagged",
        stage=rule.stage,
        message=message,
        subject=message.conversation.owner,
        span_hash="abc",
    )
    flags.raise_flag(message=message, source=FlagSource.RULE, hit=hit, policy=grave)
    reversals.undo(actor=moderator, decision_id=unsure.pk, reason="")
    after = Case.objects.get(pk=case.pk)
    assert (after.policy, after.severity) == (grave, Severity.CRITICAL)


def appealed(case: Case) -> Appeal:
    notice = Notice.objects.filter(subject=case.subject_id, appeal_until__isnull=False).latest("pk")
    return appeals.submit(actor=notice.subject, notice_id=notice.pk, text="A joke.")


def overturn(case: Case) -> int:
    """Accept an appeal; returns the decision."""
    lead, appeal = make_staff("lead"), appealed(case)
    held = cases.claim(actor=lead, case_id=case.pk)
    appeals.note_first_opinion(actor=lead, appeal_id=appeal.pk, verdict=Verdict.NO_VIOLATION)
    review = Review(outcome=AppealState.OVERTURNED, reason="Seen again.")
    appeals.decide_appeal(actor=lead, appeal_id=appeal.pk, version=held.version, review=review)
    return latest(case)


def decide_anew(case: Case) -> int:
    """Say that there is no violation, on a case that is open again; returns the decision."""
    moderator, appeal = make_staff(), appealed(case)
    message = MessageFactory._meta.model.objects.get(pk=case.message_id)
    flags.raise_flag(message=message, source=FlagSource.STAFF)
    appeals.withdraw(actor=appeal.subject, notice_id=appeal.notice_id)
    held = cases.claim(actor=moderator, case_id=case.pk)
    assert held.severity == Severity.CRITICAL
    okay = Ruling(verdict=Verdict.NO_VIOLATION)
    decisions.decide(actor=moderator, case_id=case.pk, version=held.version, ruling=okay)
    return latest(case)


def latest(case: Case) -> int:
    found = decisions.latest_decision(case)
    assert found is not None
    return found.pk


@pytest.mark.usefixtures("grave")
@pytest.mark.parametrize("take_back", [overturn, decide_anew])
def test_whatever_takes_a_violation_back_leaves_policy_and_severity_as_an_undo_does(
    moderator: User, take_back: Callable[[Case], int]
) -> None:
    case = flagged_as_insult()
    slip(moderator, case.pk)
    decision = take_back(case)
    after = Case.objects.select_related("policy").get(pk=case.pk)
    assert after.is_closed
    assert after.policy is not None
    assert (after.policy.code, after.severity) == ("insults", Severity.MEDIUM)
    reversals.undo(actor=make_staff("lead"), decision_id=decision, reason="It does violate.")
    again = Case.objects.select_related("policy").get(pk=case.pk)
    assert again.policy is not None
    assert (again.policy.code, again.severity) == ("grave", Severity.CRITICAL)


@pytest.mark.usefixtures("grave")
def test_no_violation_goes_back_before_everything_that_was_decided_in_a_row(
    moderator: User,
) -> None:
    case = flagged_as_insult()
    slip(moderator, case.pk)
    lead = make_staff("lead")
    first = appealed(case)
    held = cases.claim(actor=lead, case_id=case.pk)
    appeals.note_first_opinion(actor=lead, appeal_id=first.pk, verdict=Verdict.VIOLATES)
    upheld = Review(outcome=AppealState.UPHELD, reason="It does.")
    appeals.decide_appeal(actor=lead, appeal_id=first.pk, version=held.version, review=upheld)
    reversals.undo(actor=lead, decision_id=latest(case), reason="Not yet.")
    held = cases.claim(actor=moderator, case_id=case.pk)
    okay = Ruling(verdict=Verdict.NO_VIOLATION)
    decisions.decide(actor=moderator, case_id=case.pk, version=held.version, ruling=okay)
    after = Case.objects.select_related("policy").get(pk=case.pk)
    assert after.policy is not None
    assert (after.policy.code, after.severity) == ("insults", Severity.MEDIUM)


def test_what_a_colleague_has_flagged_since_the_decision_stays(
    moderator: User, grave: Policy
) -> None:
    case = flags.raise_flag(message=MessageFactory(), source=FlagSource.USER)
    claimed = cases.claim(actor=moderator, case_id=case.pk)
    unsure = decisions.decide(
        actor=moderator,
        case_id=case.pk,
        version=claimed.version,
        ruling=Ruling(verdict=Verdict.UNSURE),
    )
    by_hand.flag_message(
        actor=make_staff(), message_id=case.text_number, reason="A threat.", policy_code="grave"
    )
    reversals.undo(actor=moderator, decision_id=unsure.pk, reason="")
    after = Case.objects.get(pk=case.pk)
    assert (after.policy, after.severity) == (grave, Severity.CRITICAL)
