"""A person asks for a second look; somebody else gives it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.conversations.models import Message
from apps.core.errors import ForbiddenError
from apps.moderation.constants import AppealState, CaseState, EnforcementKind, Verdict
from apps.moderation.errors import (
    AppealDecidedError,
    AppealNotPossibleError,
    AppealPendingError,
    CaseChangedError,
    FirstOpinionMissingError,
    NoticeNotFoundError,
    OwnCaseError,
    QueueEmptyError,
)
from apps.moderation.models import Appeal, Case, Decision, Notice
from apps.moderation.services.appeals import appeal_cases, appeals, blind_reviews
from apps.moderation.services.appeals.appeals import Review
from apps.moderation.services.cases import cases
from apps.moderation.services.decisions import decisions, reversals, strikes
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.enforcements import Measure
from apps.users.models import User
from tests.factories import MessageFactory, UserFactory
from tests.moderation.factories import claimed_case, make_case, make_policy, make_staff

pytestmark = pytest.mark.django_db
TEXT = "Fóol \u200b\U0001f600"


@pytest.fixture
def moderator() -> User:
    return make_staff()


@pytest.fixture
def lead() -> User:
    return make_staff("lead")


@pytest.fixture
def notice(moderator: User) -> Notice:
    """What somebody was told when their message was hidden and they were suspended."""
    make_policy()
    case = claimed_case(moderator, MessageFactory(content=TEXT))
    kinds = (EnforcementKind.HIDE_MESSAGE, EnforcementKind.SUSPEND)
    decision = decisions.decide(
        actor=moderator,
        case_id=case.pk,
        version=case.version,
        ruling=Ruling(
            verdict=Verdict.VIOLATES,
            policy_code="insults",
            reason="An insult.",
            measures=[Measure(kind=kind) for kind in kinds],
        ),
    )
    return Notice.objects.select_related("subject", "decision__case").get(
        decision=decision, subject=case.subject_id
    )


def appeal_of(notice: Notice) -> Appeal:
    return appeals.submit(actor=notice.subject, notice_id=notice.pk, text="It was a joke.")


def review(lead: User, appeal: Appeal, outcome: AppealState) -> Appeal:
    case = cases.claim(actor=lead, case_id=appeal.case_id)
    appeals.note_first_opinion(actor=lead, appeal_id=appeal.pk, verdict=Verdict.NO_VIOLATION)
    return appeals.decide_appeal(
        actor=lead,
        appeal_id=appeal.pk,
        version=case.version,
        review=Review(outcome=outcome, reason="Seen again.", reason_for_user="We looked."),
    )


def test_an_appeal_opens_the_case_again_and_makes_it_more_urgent(notice: Notice) -> None:
    appeal = appeal_of(notice)
    case = Case.objects.get()
    assert (case.state, case.has_appeal) == (CaseState.OPEN, True)
    assert ["An appeal waits", 60] in case.priority_reasons
    assert case.priority == sum(points for _, points in case.priority_reasons)
    assert appeal.state == AppealState.SUBMITTED
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"appeal.submitted", "case.reopened"} <= actions


def test_an_appeal_is_possible_once_in_time_and_by_its_reader(notice: Notice) -> None:
    with pytest.raises(NoticeNotFoundError):
        appeals.submit(actor=UserFactory(), notice_id=notice.pk, text="Let me.")
    appeal_of(notice)
    with pytest.raises(AppealNotPossibleError):
        appeal_of(notice)


def confirmed(notice: Notice, actor: User) -> Notice:
    """Decide the case of a notice once more, alike, and return what is told of that."""
    Case.objects.update(state=CaseState.OPEN, closed_at=None)
    case = cases.claim(actor=actor, case_id=notice.decision.case_id)
    ruling = Ruling(verdict=Verdict.VIOLATES, policy_code="insults", reason="An insult, I agree.")
    decided = decisions.decide(actor=actor, case_id=case.pk, version=case.version, ruling=ruling)
    return Notice.objects.get(decision=decided, appeal_until__isnull=False)


def test_two_notices_of_one_case_bring_one_appeal_at_a_time(notice: Notice) -> None:
    second = confirmed(notice, make_staff())
    appeal_of(notice)
    assert not appeal_cases.can_appeal(second)
    with pytest.raises(AppealNotPossibleError):
        appeals.submit(actor=notice.subject, notice_id=second.pk, text="And again.")
    appeals.withdraw(actor=notice.subject, notice_id=notice.pk)
    assert appeal_cases.can_appeal(second)


def test_the_end_of_an_appeal_is_that_of_others_of_its_case(notice: Notice, lead: User) -> None:
    second = confirmed(notice, make_staff())
    first = appeal_of(notice)
    other = Appeal.objects.create(
        notice=second, decision=first.decision, case=first.case, subject=notice.subject, text="So."
    )
    review(lead, first, AppealState.OVERTURNED)
    other.refresh_from_db()
    assert (other.state, other.outcome) == (AppealState.OVERTURNED, None)
    assert other.decided_at is not None
    case = Case.objects.get()
    assert (case.state, case.has_appeal) == (CaseState.CLOSED, False)
    events = AuditEvent.objects.filter(action="appeal.decided")
    assert set(events.values_list("target_id", flat=True)) == {first.pk, other.pk}


def test_an_appeal_takes_a_case_from_its_decider_and_leaves_it_handed_on(
    notice: Notice, moderator: User, lead: User
) -> None:
    Case.objects.update(state=CaseState.OPEN, closed_at=None)
    other = make_staff()
    case = cases.claim(actor=other, case_id=notice.decision.case_id)
    unsure = Ruling(verdict=Verdict.UNSURE)
    decisions.decide(actor=other, case_id=case.pk, version=case.version, ruling=unsure)
    moderator.groups.set(lead.groups.all())
    decider = User.objects.get(pk=moderator.pk)
    cases.claim(actor=decider, case_id=case.pk)
    appeal_of(notice)
    case.refresh_from_db()
    assert (case.state, case.claimed_by_id) == (CaseState.ESCALATED, None)


def test_an_appeal_after_the_deadline_is_refused(notice: Notice) -> None:
    Notice.objects.update(appeal_until=timezone.now() - timedelta(seconds=1))
    with pytest.raises(AppealNotPossibleError):
        appeal_of(notice)
    assert Case.objects.get().state == CaseState.CLOSED


def test_what_does_not_hold_any_more_cannot_be_appealed(notice: Notice, moderator: User) -> None:
    reversals.undo(actor=moderator, decision_id=notice.decision_id, reason="Mine.")
    with pytest.raises(AppealNotPossibleError):
        appeal_of(notice)


def test_an_overturned_appeal_gives_text_points_and_standing_back(
    notice: Notice, lead: User
) -> None:
    appeal = review(lead, appeal_of(notice), AppealState.OVERTURNED)
    message = Message.objects.get()
    subject = User.objects.get(pk=notice.subject_id)
    assert (message.content, message.is_hidden, subject.standing) == (TEXT, False, "good")
    assert strikes.active_points(subject.pk) == 0
    assert Case.objects.get().state == CaseState.CLOSED
    assert appeal.outcome is not None
    assert appeal.outcome.supersedes_id == notice.decision_id
    told = Notice.objects.get(kind="appeal")
    assert told.title == "Your appeal was accepted"
    assert "We looked." in told.body


def test_an_upheld_appeal_leaves_everything_and_says_so(notice: Notice, lead: User) -> None:
    appeal = review(lead, appeal_of(notice), AppealState.UPHELD)
    assert Message.objects.get().is_hidden
    assert strikes.active_points(notice.subject_id) == 2
    assert appeal.outcome is not None
    assert appeal.outcome.verdict == Verdict.VIOLATES
    assert Notice.objects.get(kind="appeal").title == "Your appeal was not accepted"
    assert Case.objects.get().state == CaseState.CLOSED


def test_the_first_decider_gets_neither_the_case_nor_the_appeal(notice: Notice) -> None:
    appeal = appeal_of(notice)
    decider = User.objects.get(pk=notice.decision.actor_id)
    decider.groups.set(make_staff("lead").groups.all())
    decider = User.objects.get(pk=decider.pk)
    with pytest.raises(OwnCaseError):
        cases.claim(actor=decider, case_id=appeal.case_id)
    with pytest.raises(QueueEmptyError):
        cases.take_next(actor=decider)
    with pytest.raises(OwnCaseError):
        appeals.note_first_opinion(actor=decider, appeal_id=appeal.pk, verdict=Verdict.VIOLATES)


def test_whoever_decided_anything_on_the_case_does_not_judge_its_appeal(
    notice: Notice, lead: User
) -> None:
    """Also by an earlier decision, which the one that is appealed has superseded."""
    early = make_staff("lead")
    former = notice.decision
    undone = reversals.undo(actor=early, decision_id=former.pk, reason="Let me look.")
    case = cases.claim(actor=lead, case_id=undone.case_id)
    decided = decisions.decide(
        actor=lead,
        case_id=case.pk,
        version=case.version,
        ruling=Ruling(
            verdict=Verdict.VIOLATES,
            policy_code="insults",
            reason="An insult all the same.",
            measures=[Measure(kind=EnforcementKind.HIDE_MESSAGE)],
        ),
    )
    told = Notice.objects.get(decision=decided, appeal_until__isnull=False)
    appeal = appeals.submit(actor=notice.subject, notice_id=told.pk, text="Still a joke.")
    first = User.objects.get(pk=former.actor_id)
    first.groups.add(*lead.groups.all())
    for person in (User.objects.get(pk=first.pk), early, lead):
        with pytest.raises(QueueEmptyError):
            cases.take_next(actor=person)
        for act in (
            lambda who: cases.claim(actor=who, case_id=appeal.case_id),
            lambda who: cases.take_over(actor=who, case_id=appeal.case_id, reason="Mine."),
            lambda who: appeals.note_first_opinion(
                actor=who, appeal_id=appeal.pk, verdict=Verdict.VIOLATES
            ),
        ):
            with pytest.raises(OwnCaseError):
                act(person)
    assert cases.take_next(actor=make_staff("lead")).pk == appeal.case_id


def test_an_accepted_appeal_says_what_another_decision_still_keeps_from_view(
    notice: Notice, moderator: User, lead: User
) -> None:
    message = Message.objects.get()
    other = claimed_case(moderator, message)
    decisions.decide(
        actor=moderator,
        case_id=other.pk,
        version=other.version,
        ruling=Ruling(
            verdict=Verdict.VIOLATES,
            policy_code="insults",
            reason="An insult, once more.",
            measures=[Measure(kind=EnforcementKind.HIDE_MESSAGE)],
            gives_points=False,
        ),
    )
    review(lead, appeal_of(notice), AppealState.OVERTURNED)
    assert Message.objects.get().is_hidden
    body = Notice.objects.get(title="Your appeal was accepted").body
    assert "This still holds for another reason: Your message is hidden" in body
    assert "is undone" not in body
    assert "You cannot use your account" not in body


def test_a_moderator_without_the_right_does_not_decide_appeals(notice: Notice) -> None:
    appeal = appeal_of(notice)
    other = make_staff()
    with pytest.raises(QueueEmptyError):
        cases.take_next(actor=other)
    with pytest.raises(AppealPendingError):
        cases.claim(actor=other, case_id=appeal.case_id)
    with pytest.raises(ForbiddenError):
        appeals.note_first_opinion(actor=other, appeal_id=appeal.pk, verdict=Verdict.VIOLATES)


def test_the_first_opinion_comes_before_the_reasons_and_the_decision(
    notice: Notice, lead: User
) -> None:
    appeal = appeal_of(notice)
    case = cases.claim(actor=lead, case_id=appeal.case_id)
    assert not blind_reviews.shows_reasons(viewer=lead, appeal=appeal)
    overturn = Review(outcome=AppealState.OVERTURNED, reason="So.")
    with pytest.raises(FirstOpinionMissingError):
        appeals.decide_appeal(
            actor=lead, appeal_id=appeal.pk, version=case.version, review=overturn
        )
    noted = appeals.note_first_opinion(
        actor=lead, appeal_id=appeal.pk, verdict=Verdict.NO_VIOLATION
    )
    assert blind_reviews.shows_reasons(viewer=lead, appeal=noted)
    assert not blind_reviews.shows_reasons(viewer=make_staff("lead"), appeal=noted)
    again = appeals.note_first_opinion(actor=lead, appeal_id=appeal.pk, verdict=Verdict.VIOLATES)
    assert again.first_opinion == Verdict.NO_VIOLATION


def test_an_appeal_that_waits_is_not_passed_over_by_an_ordinary_decision(
    notice: Notice, lead: User
) -> None:
    appeal = appeal_of(notice)
    case = cases.claim(actor=lead, case_id=appeal.case_id)
    with pytest.raises(AppealPendingError):
        decisions.decide(
            actor=lead,
            case_id=case.pk,
            version=case.version,
            ruling=Ruling(verdict=Verdict.NO_VIOLATION),
        )
    assert Decision.objects.count() == 1


def test_a_stale_version_changes_nothing(notice: Notice, lead: User) -> None:
    appeal = appeal_of(notice)
    case = cases.claim(actor=lead, case_id=appeal.case_id)
    appeals.note_first_opinion(actor=lead, appeal_id=appeal.pk, verdict=Verdict.VIOLATES)
    make_case(Message.objects.get())
    with pytest.raises(CaseChangedError):
        appeals.decide_appeal(
            actor=lead,
            appeal_id=appeal.pk,
            version=case.version,
            review=Review(outcome=AppealState.OVERTURNED, reason="So."),
        )
    assert Decision.objects.count() == 1


def test_a_withdrawn_appeal_closes_what_only_it_had_opened(notice: Notice) -> None:
    appeal_of(notice)
    appeal = appeals.withdraw(actor=notice.subject, notice_id=notice.pk)
    assert appeal.state == AppealState.WITHDRAWN
    case = Case.objects.get()
    assert (case.state, case.has_appeal) == (CaseState.CLOSED, False)
    with pytest.raises(AppealDecidedError):
        appeals.withdraw(actor=notice.subject, notice_id=notice.pk)
    with pytest.raises(AppealNotPossibleError):
        appeal_of(notice)


def test_a_decided_appeal_is_not_decided_again(notice: Notice, lead: User) -> None:
    appeal = review(lead, appeal_of(notice), AppealState.UPHELD)
    with pytest.raises(AppealDecidedError):
        appeals.note_first_opinion(actor=lead, appeal_id=appeal.pk, verdict=Verdict.VIOLATES)


def test_whoever_made_a_decision_hold_again_does_not_decide_the_appeal_of_that(
    notice: Notice, lead: User
) -> None:
    overturned = review(lead, appeal_of(notice), AppealState.OVERTURNED)
    assert overturned.outcome_id is not None
    other = make_staff("lead")
    reversals.undo(actor=other, decision_id=overturned.outcome_id, reason="Wrong file.")
    told = Notice.objects.get(title="An earlier decision holds again")
    held = cases.claim(actor=other, case_id=overturned.case_id)
    again = appeals.submit(actor=notice.subject, notice_id=told.pk, text="Again?")
    held.refresh_from_db()
    assert held.claimed_by_id is None
    for decider in (other, User.objects.get(pk=notice.decision.actor_id)):
        decider.groups.add(*lead.groups.all())
        with pytest.raises(OwnCaseError):
            cases.claim(actor=User.objects.get(pk=decider.pk), case_id=again.case_id)
    assert cases.claim(actor=make_staff("lead"), case_id=again.case_id).has_appeal


def test_points_that_count_again_can_be_appealed_again(moderator: User, lead: User) -> None:
    make_policy()
    case = claimed_case(moderator)
    ruling = Ruling(verdict=Verdict.VIOLATES, policy_code="insults", reason="An insult.")
    first = decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=ruling)
    notice = first.notices.get(subject=case.subject_id)
    overturned = review(lead, appeal_of(notice), AppealState.OVERTURNED)
    assert overturned.outcome_id is not None
    reversals.undo(actor=lead, decision_id=overturned.outcome_id, reason="Wrong file.")
    told = Notice.objects.get(title="An earlier decision holds again")
    assert "2 points were added to your account." in told.body
    again = appeals.submit(actor=told.subject, notice_id=told.pk, text="Again?")
    assert again.decision == first


def test_taking_an_accepted_appeal_back_renews_what_it_had_undone(
    notice: Notice, lead: User
) -> None:
    appeal = review(lead, appeal_of(notice), AppealState.OVERTURNED)
    assert appeal.outcome_id is not None
    reversals.undo(actor=lead, decision_id=appeal.outcome_id, reason="Wrong file.")
    assert Message.objects.get().is_hidden
    assert strikes.active_points(notice.subject_id) == 2
    told = Notice.objects.order_by("-id").first()
    assert told is not None
    assert told.title == "An earlier decision holds again"
    assert "Your message is hidden and the model does not read it." in told.body
    assert "2 points were added" in told.body
    assert "Policy: No insults. Do not insult people." in told.body
    assert told.appeal_until is not None
    assert appeals.submit(actor=notice.subject, notice_id=told.pk, text="Again?").decision_id == (
        notice.decision_id
    )


def test_what_an_appeal_confirmed_is_not_appealed_again_until_somebody_decides_anew(
    notice: Notice, lead: User
) -> None:
    second = confirmed(notice, make_staff())
    review(lead, appeal_of(notice), AppealState.UPHELD)
    assert not appeal_cases.can_appeal(second)
    with pytest.raises(AppealNotPossibleError):
        appeals.submit(actor=notice.subject, notice_id=second.pk, text="And again.")
    assert Case.objects.get().state == CaseState.CLOSED
    third = confirmed(notice, make_staff())
    again = appeals.submit(actor=notice.subject, notice_id=third.pk, text="Not this either.")
    assert again.decision_id == third.decision_id
