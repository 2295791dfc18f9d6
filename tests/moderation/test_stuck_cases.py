"""No case waits for ever: for an account that is gone, for an appeal, or for a lead."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.conversations.models import Message
from apps.moderation.constants import CaseState, EnforcementKind, FlagSource, Verdict
from apps.moderation.errors import (
    AppealPendingError,
    CaseClaimedError,
    OwnCaseError,
    QueueEmptyError,
)
from apps.moderation.models import Appeal, Case, CaseSnapshot, Decision, Notice
from apps.moderation.services.appeals import appeals
from apps.moderation.services.cases import cases, flags
from apps.moderation.services.cases.priorities import DEFAULT_SLA_MINUTES
from apps.moderation.services.decisions import decisions, reversals
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.enforcements import Measure
from apps.moderation.services.desk import queue
from apps.users.errors import RoleRequiredError
from apps.users.models import User
from tests.factories import MessageFactory, UserFactory
from tests.moderation.factories import claimed_case, make_case, make_policy, make_staff

pytestmark = pytest.mark.django_db
HIDES = Ruling(
    verdict=Verdict.VIOLATES,
    policy_code="insults",
    reason="An insult.",
    measures=[Measure(kind=EnforcementKind.HIDE_MESSAGE)],
)
UNSURE = Ruling(verdict=Verdict.UNSURE, reason="I cannot tell.")


@pytest.fixture
def moderator() -> User:
    make_policy()
    return make_staff()


@pytest.fixture
def lead() -> User:
    return make_staff("lead")


def decide(actor: User, case: Case, ruling: Ruling) -> Decision:
    return decisions.decide(actor=actor, case_id=case.pk, version=case.version, ruling=ruling)


def test_a_case_whose_person_is_gone_is_decided_without_a_notice(moderator: User) -> None:
    case = make_case()
    User.objects.get(pk=case.subject_id).delete()
    assert not CaseSnapshot.objects.filter(case=case).exists()
    held = cases.take_next(actor=moderator)
    decide(moderator, held, Ruling(verdict=Verdict.VIOLATES, policy_code="insults", reason="So."))
    assert Case.objects.get(pk=case.pk).state == CaseState.CLOSED
    assert not Notice.objects.filter(subject=case.subject_id).exists()


def test_the_page_of_a_case_whose_message_is_gone_still_opens(
    moderator: User, client: Client
) -> None:
    case = make_case()
    User.objects.get(pk=case.subject_id).delete()
    client.force_login(moderator)
    page = client.get(reverse("admin:moderation_case_page", args=[case.pk]))
    assert page.status_code == 200
    assert b"The message was deleted since." in page.content


def test_an_appeal_that_went_with_its_account_does_not_keep_the_case(
    moderator: User, lead: User
) -> None:
    case = claimed_case(moderator)
    decision = decide(moderator, case, HIDES)
    notice = Notice.objects.get(decision=decision, subject=case.subject_id)
    appeals.submit(actor=notice.subject, notice_id=notice.pk, text="It was a joke.")
    User.objects.get(pk=case.subject_id).delete()
    assert not Appeal.objects.exists()
    decide(lead, cases.claim(actor=lead, case_id=case.pk), Ruling(verdict=Verdict.NO_VIOLATION))
    case.refresh_from_db()
    assert (case.state, case.has_appeal) == (CaseState.CLOSED, False)


def test_a_decision_that_is_appealed_is_not_undone_beside_the_appeal(
    moderator: User, lead: User
) -> None:
    case = claimed_case(moderator)
    decision = decide(moderator, case, HIDES)
    notice = Notice.objects.get(decision=decision, subject=case.subject_id)
    appeals.submit(actor=notice.subject, notice_id=notice.pk, text="It was a joke.")
    for actor in (moderator, lead):
        with pytest.raises(AppealPendingError):
            reversals.undo(actor=actor, decision_id=decision.pk, reason="Ours.")
    assert Message.objects.get(pk=case.message_id).is_hidden


def test_a_lead_does_not_undo_the_decision_on_what_they_reported(
    moderator: User, lead: User
) -> None:
    case = cases.claim(actor=moderator, case_id=make_case(reporter=lead).pk)
    decision = decide(moderator, case, HIDES)
    with pytest.raises(OwnCaseError):
        reversals.undo(actor=lead, decision_id=decision.pk, reason="Mine.")


def test_a_lead_gets_first_what_a_moderator_handed_on_and_a_moderator_never(
    moderator: User, lead: User
) -> None:
    handed_on = claimed_case(moderator)
    decide(moderator, handed_on, UNSURE)
    with pytest.raises(QueueEmptyError):
        cases.take_next(actor=moderator)
    waiting = make_case()
    assert cases.take_next(actor=lead).pk == handed_on.pk
    assert cases.take_next(actor=lead).pk == waiting.pk


def test_a_lead_does_not_get_back_at_once_what_they_handed_on(lead: User) -> None:
    decide(lead, claimed_case(lead), UNSURE)
    with pytest.raises(QueueEmptyError):
        cases.take_next(actor=lead)


@pytest.mark.parametrize("is_released", [True, False])
def test_a_case_that_was_handed_on_stays_so_when_a_lead_gives_it_back(
    moderator: User, lead: User, *, is_released: bool
) -> None:
    case = claimed_case(moderator)
    decide(moderator, case, UNSURE)
    cases.take_next(actor=lead)
    if is_released:
        cases.release(actor=lead, case_id=case.pk)
    else:
        over = timezone.now() - timedelta(minutes=1)
        Case.objects.filter(pk=case.pk).update(claim_expires_at=over)
    other = make_staff()
    with pytest.raises(CaseClaimedError, match="A lead decides it"):
        cases.claim(actor=other, case_id=case.pk)
    with pytest.raises(QueueEmptyError):
        cases.take_next(actor=other)
    assert cases.take_next(actor=make_staff("lead")).pk == case.pk


def test_a_claim_that_has_passed_is_put_back_where_nothing_waits_for_whoever_asks(
    moderator: User,
) -> None:
    reporter = make_staff()
    case = cases.claim(actor=moderator, case_id=make_case(reporter=reporter).pk)
    over = timezone.now() - timedelta(minutes=1)
    Case.objects.filter(pk=case.pk).update(claim_expires_at=over)
    with pytest.raises(QueueEmptyError):
        cases.take_next(actor=reporter)
    case.refresh_from_db()
    assert (case.state, case.claimed_by_id) == (CaseState.OPEN, None)


def test_taking_back_what_was_handed_on_does_not_end_the_claim_of_whoever_has_it(
    moderator: User, lead: User
) -> None:
    case = claimed_case(moderator)
    decision = decide(moderator, case, UNSURE)
    held = cases.take_next(actor=lead)
    with pytest.raises(CaseClaimedError):
        reversals.undo(actor=moderator, decision_id=decision.pk, reason="I see now.")
    case.refresh_from_db()
    assert (case.claimed_by_id, case.version) == (lead.pk, held.version)
    assert not case.decisions.filter(is_undo=True).exists()
    cases.release(actor=lead, case_id=case.pk)
    reversals.undo(actor=moderator, decision_id=decision.pk, reason="I see now.")
    case.refresh_from_db()
    assert (case.state, case.claimed_by_id) == (CaseState.OPEN, None)


def test_a_case_that_opens_again_has_its_whole_time_anew(moderator: User) -> None:
    case = claimed_case(moderator)
    decision = decide(moderator, case, HIDES)
    long_ago = timezone.now() - timedelta(days=30)
    Case.objects.filter(pk=case.pk).update(created_at=long_ago, due_at=long_ago)
    reversals.undo(actor=moderator, decision_id=decision.pk, reason="A mistake.")
    case.refresh_from_db()
    assert case.reopened_at is not None
    assert case.due_at == case.reopened_at + timedelta(minutes=DEFAULT_SLA_MINUTES)
    assert queue.share_of_sla(case) == 0
    flags.raise_flag(message=case.message, source=FlagSource.USER, reporter=UserFactory())
    case.refresh_from_db()
    assert case.due_at == case.reopened_at + timedelta(minutes=DEFAULT_SLA_MINUTES)


def test_handing_a_case_on_and_back_gives_it_no_more_time(moderator: User) -> None:
    case = claimed_case(moderator)
    due_at = case.due_at
    decision = decide(moderator, case, UNSURE)
    reversals.undo(actor=moderator, decision_id=decision.pk, reason="I see now.")
    case.refresh_from_db()
    assert (case.reopened_at, case.due_at) == (None, due_at)


def test_a_moderator_who_holds_a_case_that_was_handed_on_does_not_decide_it(
    moderator: User,
) -> None:
    case = claimed_case(moderator)
    decide(moderator, case, UNSURE)
    until = timezone.now() + timedelta(minutes=5)
    Case.objects.filter(pk=case.pk).update(
        state=CaseState.CLAIMED, claimed_by=moderator, claim_expires_at=until
    )
    case.refresh_from_db()
    with pytest.raises(CaseClaimedError, match="A lead decides it"):
        decide(moderator, case, HIDES)


def test_a_moderator_restricts_nobody_who_has_a_duty(moderator: User) -> None:
    case = claimed_case(
        moderator, MessageFactory(conversation__owner=make_staff("lead", role="user"))
    )
    ruling = Ruling(
        verdict=Verdict.VIOLATES,
        policy_code="insults",
        reason="An insult.",
        measures=[Measure(kind=EnforcementKind.SUSPEND)],
    )
    with pytest.raises(RoleRequiredError):
        decide(moderator, case, ruling)
    assert not Decision.objects.exists()


@pytest.mark.parametrize("door", ["page", "body", "next"])
def test_whoever_reads_a_case_by_whatever_door_is_in_the_record(
    moderator: User, client: Client, door: str
) -> None:
    case = make_case(MessageFactory(conversation__owner=UserFactory()))
    client.force_login(moderator)
    if door == "next":
        client.post("/admin/moderation/queue/next/", headers={"Accept": "application/json"})
    else:
        url = reverse(f"admin:moderation_case_{door}", args=[case.pk])
        assert client.get(url).status_code == 200
    read = AuditEvent.objects.filter(action="conversation.read", actor_id=moderator.pk)
    assert read.get().target_id == case.conversation_id
