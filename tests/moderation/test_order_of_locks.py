"""Two who change the same text or case at once wait in one order, and none fails with a fault."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction

from apps.conversations.constants import Author, ReplyState
from apps.conversations.models import Message, Reply
from apps.moderation.constants import AppealState, CaseState, EnforcementKind, Verdict
from apps.moderation.models import Appeal, Case, Decision, Enforcement, Notice
from apps.moderation.services.appeals import appeals
from apps.moderation.services.cases import cases
from apps.moderation.services.decisions import decisions, reversals
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.effects import Measure
from apps.users.models import User
from apps.users.services import accounts
from tests.factories import MessageFactory, UserFactory
from tests.moderation.factories import (
    claimed_case,
    make_case,
    make_policy,
    make_staff,
    make_thresholds,
)
from tests.support.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
HIDES = Ruling(
    verdict=Verdict.VIOLATES,
    policy_code="insults",
    reason="An insult.",
    measures=[Measure(kind=EnforcementKind.HIDE_MESSAGE)],
)
WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(WAITING)
        return bool(cursor.fetchone()[0])


@pytest.fixture
def moderator() -> User:
    make_policy()
    return make_staff()


def decided(moderator: User) -> tuple[Case, Decision, Notice]:
    case = claimed_case(moderator)
    decision = decisions.decide(
        actor=moderator, case_id=case.pk, version=case.version, ruling=HIDES
    )
    return case, decision, Notice.objects.get(decision=decision, subject=case.subject_id)


def test_a_decision_waits_for_the_end_of_an_answer_without_holding_its_case(
    moderator: User,
) -> None:
    answer = MessageFactory(role=Author.ASSISTANT, author=None)
    Reply.objects.create(
        message=answer,
        conversation=answer.conversation,
        state=ReplyState.RUNNING,
        model="m",
        temperature=0.5,
    )
    case = claimed_case(moderator, answer)

    def decide() -> Decision:
        return decisions.decide(
            actor=moderator, case_id=case.pk, version=case.version, ruling=HIDES
        )

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Reply.objects.select_for_update().get(pk=answer.pk)
            deciding = pool.submit(closing, decide)
            wait_until(somebody_waits, seconds=10, what="somebody waits for a lock")
            Case.objects.select_for_update(nowait=True).get(pk=case.pk)
            assert not deciding.done()
        deciding.result(timeout=10)
    assert Message.objects.get(pk=answer.pk).is_hidden


def test_removing_an_account_waits_for_an_answer_of_it_without_holding_the_account(
    moderator: User,
) -> None:
    answer = MessageFactory(role=Author.ASSISTANT, author=None)
    Reply.objects.create(
        message=answer, conversation=answer.conversation, model="m", temperature=0.5
    )
    owner = answer.conversation.owner
    admin = UserFactory(admin=True)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Reply.objects.select_for_update().get(pk=answer.pk)
            removing = pool.submit(
                closing, lambda: accounts.delete_user(actor=admin, user_id=owner.pk)
            )
            wait_until(somebody_waits, seconds=10, what="somebody waits for a lock")
            User.objects.select_for_update(nowait=True).get(pk=owner.pk)
            assert not removing.done()
        removing.result(timeout=10)
    assert not User.objects.filter(pk=owner.pk).exists()


def closing(work: Callable[[], Any]) -> Any:
    """Run work on this thread's own connection, and close it."""
    try:
        return work()
    finally:
        connection.close()


def test_an_appeal_joins_the_case_that_somebody_opens_at_the_same_moment(moderator: User) -> None:
    case, _, notice = decided(moderator)
    message = Message.objects.get(pk=case.message_id)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            newer = make_case(message)
            appealing = pool.submit(
                closing,
                lambda: appeals.submit(actor=notice.subject, notice_id=notice.pk, text="No."),
            )
            wait_until(somebody_waits, seconds=10, what="somebody waits for a lock")
        appeal: Appeal = appealing.result(timeout=10)
    case.refresh_from_db()
    newer.refresh_from_db()
    assert (appeal.case_id, newer.has_appeal, newer.state) == (newer.pk, True, CaseState.OPEN)
    assert case.state == CaseState.CLOSED


def test_an_undo_leaves_its_case_closed_when_somebody_opens_another_at_the_same_moment(
    moderator: User,
) -> None:
    case, decision, _ = decided(moderator)
    message = Message.objects.get(pk=case.message_id)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            make_case(message)
            undoing = pool.submit(
                closing,
                lambda: reversals.undo(
                    actor=moderator, decision_id=decision.pk, reason="A mistake."
                ),
            )
            wait_until(somebody_waits, seconds=10, what="somebody waits for a lock")
        undoing.result(timeout=10)
    case.refresh_from_db()
    assert case.state == CaseState.CLOSED
    assert not Message.objects.get(pk=message.pk).is_hidden


def test_an_appeal_that_waits_in_a_newer_case_waits_for_whoever_takes_the_decision_back(
    moderator: User,
) -> None:
    case, decision, notice = decided(moderator)
    make_case(Message.objects.get(pk=case.message_id))
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            reversals.undo(actor=moderator, decision_id=decision.pk, reason="A mistake.")
            appealing = pool.submit(
                closing,
                lambda: appeals.submit(actor=notice.subject, notice_id=notice.pk, text="No."),
            )
            wait_until(somebody_waits, seconds=10, what="somebody waits for a lock")
        with pytest.raises(appeals.AppealNotPossibleError):
            appealing.result(timeout=10)
    assert not Appeal.objects.exists()


@pytest.mark.parametrize("is_appealed", [False, True])
def test_points_that_stop_counting_while_others_are_given_bring_no_consequence(
    moderator: User, *, is_appealed: bool
) -> None:
    make_thresholds()
    _, decision, notice = decided(moderator)
    message = MessageFactory(conversation__owner=notice.subject)
    other = claimed_case(moderator, message)
    if is_appealed:
        take_back = appeal_to_overturn(notice)
    else:

        def take_back() -> object:
            return reversals.undo(actor=moderator, decision_id=decision.pk, reason="A mistake.")

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            decisions.decide(actor=moderator, case_id=other.pk, version=other.version, ruling=HIDES)
            assert Enforcement.objects.active().filter(kind=EnforcementKind.WARN).exists()
            taking = pool.submit(closing, take_back)
            wait_until(somebody_waits, seconds=10, what="somebody waits for a lock")
        taking.result(timeout=10)
    assert not Enforcement.objects.active().filter(kind=EnforcementKind.WARN).exists()


def appeal_to_overturn(notice: Notice) -> Callable[[], Any]:
    """Return what overturns an appeal of a notice, up to which everything is done."""
    lead = make_staff("lead")
    appeal = appeals.submit(actor=notice.subject, notice_id=notice.pk, text="It was a joke.")
    case = cases.claim(actor=lead, case_id=appeal.case_id)
    appeals.note_first_opinion(actor=lead, appeal_id=appeal.pk, verdict=Verdict.NO_VIOLATION)
    review = appeals.Review(outcome=AppealState.OVERTURNED, reason="It was one.")
    return lambda: appeals.decide_appeal(
        actor=lead, appeal_id=appeal.pk, version=case.version, review=review
    )


def test_two_appeals_of_one_notice_at_once_are_one_appeal_and_a_conflict(moderator: User) -> None:
    _, _, notice = decided(moderator)

    def appeal() -> str:
        try:
            appeals.submit(actor=notice.subject, notice_id=notice.pk, text="No.")
        except appeals.AppealNotPossibleError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(2) as pool:
        results = sorted(pool.map(lambda _: closing(appeal), range(2)))
    assert results == ["appeal_not_possible", "done"]
    assert Appeal.objects.count() == 1
