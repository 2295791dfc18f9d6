"""Staff put a message into the queue without hiding it, for somebody else to decide."""

import pytest

from apps.audit.models import AuditEvent
from apps.conversations.errors import OwnConversationError
from apps.conversations.models import Message
from apps.core.errors import ForbiddenError
from apps.moderation.constants import CaseState, FlagSource
from apps.moderation.conversation_gate import CaseGate
from apps.moderation.errors import (
    AlreadyReportedError,
    GrantRequiredError,
    OwnCaseError,
    PolicyNotFoundError,
    ReportNotPossibleError,
)
from apps.moderation.models import Case, Flag, Notice
from apps.moderation.services.cases import cases, grants, readings
from apps.moderation.services.decisions import by_hand
from apps.moderation.services.desk import case_texts
from apps.users.models import User
from tests.factories import MessageFactory
from tests.moderation.factories import claimed_case, make_case, make_policy, make_staff
from tests.moderation.programs import Caller

pytestmark = pytest.mark.django_db

WHY = "Is this an insult where she comes from?"


@pytest.fixture
def moderator() -> User:
    return make_staff()


def readable_by(moderator: User) -> Message:
    message: Message = MessageFactory(content="You fool.")
    number = message.conversation_id
    grants.open_grant(actor=moderator, conversation_id=number, reason="They wrote to us.")
    return message


def flag(actor: User, message: Message, policy: str = "") -> Flag:
    return by_hand.flag_message(actor=actor, message_id=message.pk, reason=WHY, policy_code=policy)


def test_a_flag_opens_a_case_for_others_and_changes_nothing_for_the_person(
    moderator: User,
) -> None:
    make_policy(severity=3)
    message = readable_by(moderator)
    made = flag(moderator, message, "insults")
    case = Case.objects.get()
    assert (made.case_id, made.source, made.reporter_id) == (case.pk, "staff", moderator.pk)
    assert (made.comment, case.source, case.severity) == (WHY, FlagSource.STAFF, 3)
    message.refresh_from_db()
    assert (message.is_hidden, Notice.objects.count()) == (False, 0)
    event = AuditEvent.objects.get(action="message.flagged")
    assert (event.actor_id, event.target_id, event.reason) == (moderator.pk, message.pk, WHY)
    with pytest.raises(OwnCaseError):
        cases.claim(actor=moderator, case_id=case.pk)
    assert cases.take_next(actor=make_staff()).pk == case.pk


def test_a_flag_joins_the_open_case_once_for_each_person_who_gives_it_back_then(
    moderator: User,
) -> None:
    message = MessageFactory(content="You fool.")
    case = claimed_case(moderator, message)
    flag(moderator, message)
    case.refresh_from_db()
    assert (case.state, case.claimed_by_id, case.flag_count) == (CaseState.OPEN, None, 2)
    with pytest.raises(AlreadyReportedError):
        flag(moderator, message)
    flag(make_staff(), message)
    assert Case.objects.get().flags.count() == 3


def test_what_cannot_be_flagged_stays_as_it_is(moderator: User) -> None:
    message: Message = MessageFactory(content="You fool.")
    with pytest.raises(GrantRequiredError):
        flag(moderator, message)
    with pytest.raises(OwnConversationError):
        flag(moderator, MessageFactory(conversation__owner=moderator))
    make_case(message)
    with pytest.raises(PolicyNotFoundError):
        flag(moderator, message, "unheard")
    with pytest.raises(ForbiddenError):
        flag(make_staff("auditor", role="user"), message)
    Message.objects.filter(pk=message.pk).update(content="")
    with pytest.raises(ReportNotPossibleError):
        flag(moderator, message)
    assert not Flag.objects.filter(source=FlagSource.STAFF).exists()


def test_a_flag_lets_nobody_in_and_hides_no_reading_from_the_owner(moderator: User) -> None:
    message, other = readable_by(moderator), make_staff()
    conversation = message.conversation
    MessageFactory(conversation=conversation, content="What was said next.")
    gate = CaseGate()
    assert gate.enter(moderator, conversation)
    flag(moderator, message)
    case = cases.take_next(actor=other)
    assert not gate.enter(other, conversation)
    with pytest.raises(GrantRequiredError):
        case_texts.read_more(viewer=other, case_id=case.pk, beyond=message.pk)
    assert gate.enter(moderator, conversation)
    gate.note_list(moderator, {conversation.pk: conversation.owner_id})
    make_case(message)
    assert gate.enter(other, conversation)
    assert gate.enter(moderator, conversation)
    (reading,) = readings.list_readings(viewer=conversation.owner)
    assert (reading.reader, len(reading.read_at)) == (moderator.name, 4)


def test_programs_flag_it_too(moderator: User) -> None:
    first = readable_by(moderator)
    path = f"moderation/messages/{first.pk}/flag"
    made = Caller(moderator).call("POST", path, {"reason": WHY}, 201)
    assert (made["source"], made["outcome"], made["message_id"]) == ("staff", "pending", first.pk)
    again = Caller(moderator).call("POST", path, {"reason": WHY}, 409)
    assert again["code"] == "already_reported"
