"""Whoever reads a text that lacks passages is told so beside it, and led to the decision."""

import pytest
from django.test import Client

from apps.conversations.constants import REDACTED_NOTICE, Author, ReplyState
from apps.conversations.models import Message
from apps.conversations.services import exporting, presenting, showing
from apps.moderation.constants import EnforcementKind, Verdict
from apps.moderation.models import Decision, Notice
from apps.moderation.services import decisions, reversals
from apps.moderation.services.decisions import Ruling
from apps.moderation.services.enforcements import Measure
from apps.users.models import User
from tests.factories import MessageFactory, ReplyFactory, UserFactory
from tests.moderation.factories import claimed_case, make_policy, make_staff
from tests.moderation.programs import Caller

pytestmark = pytest.mark.django_db
TOLD = f"{REDACTED_NOTICE} Reason: It is somebody's number."


@pytest.fixture
def moderator() -> User:
    make_policy()
    return make_staff()


@pytest.fixture
def message() -> Message:
    found: Message = MessageFactory(role=Author.USER, content="Call 0171 234 now, or 0172 345.")
    return found


def redact(actor: User, message: Message, *span: int, why: str) -> Decision:
    case = claimed_case(actor, Message.objects.get(pk=message.pk))
    ruling = Ruling(
        verdict=Verdict.VIOLATES,
        policy_code="insults",
        reason="Private data.",
        reason_for_user=why,
        measures=[Measure(kind=EnforcementKind.REDACT_SPAN, spans=((span[0], span[1]),))],
    )
    return decisions.decide(actor=actor, case_id=case.pk, version=case.version, ruling=ruling)


def told_of(message: Message) -> str:
    return presenting.notice_of(Message.objects.get(pk=message.pk), None)


def test_the_page_says_it_and_leads_to_the_notice(
    moderator: User, message: Message, client: Client
) -> None:
    redact(moderator, message, 5, 13, why="It is somebody's number.")
    client.force_login(message.conversation.owner)
    page = client.get(f"/c/{message.conversation_id}/").content.decode()
    assert "Call ████████ now" in page
    assert TOLD.replace("'", "&#x27;") in page
    notice = Notice.objects.get(message=message.pk, appeal_until__isnull=False)
    to = client.get(f"/m/{message.pk}/decision/")["Location"]
    assert to == f"/settings/notices/{notice.pk}/"


def test_a_stranger_is_not_led_to_the_notice_of_somebody_else(
    moderator: User, message: Message, client: Client
) -> None:
    redact(moderator, message, 5, 13, why="")
    client.force_login(UserFactory())
    assert client.get(f"/m/{message.pk}/decision/")["Location"] == "/settings/notices/"


def test_the_api_says_it_in_a_field(moderator: User, message: Message) -> None:
    redact(moderator, message, 5, 13, why="It is somebody's number.")
    answer = Caller(message.conversation.owner).call("GET", f"messages/{message.pk}")
    assert (answer["is_redacted"], answer["is_hidden"]) == (True, False)
    assert answer["notice"] == TOLD


def test_the_sentence_goes_with_the_last_redaction(moderator: User, message: Message) -> None:
    first = redact(moderator, message, 5, 13, why="It is somebody's number.")
    second = redact(moderator, message, 22, 30, why="Another number.")
    assert told_of(message).endswith("Another number.")
    reversals.undo(actor=moderator, decision_id=second.pk, reason="Ours.")
    assert told_of(message) == TOLD
    reversals.undo(actor=moderator, decision_id=first.pk, reason="Ours.")
    assert told_of(message) == ""


def test_how_an_answer_ended_is_said_as_well(moderator: User) -> None:
    answer: Message = MessageFactory(role=Author.ASSISTANT, author=None, content="Call 0171 234.")
    ReplyFactory(message=answer, state=ReplyState.STOPPED)
    redact(moderator, answer, 5, 13, why="")
    shown = showing.show_message(Message.objects.select_related("reply").get(pk=answer.pk))
    assert shown.is_redacted
    assert shown.notice.startswith(f"{REDACTED_NOTICE} ")
    assert len(shown.notice) > len(REDACTED_NOTICE) + 5


def test_an_export_says_it_too(moderator: User, message: Message) -> None:
    redact(moderator, message, 5, 13, why="It is somebody's number.")
    again = Message.objects.get(pk=message.pk)
    assert exporting._notice(again) == TOLD
