"""Whoever reads a text that lacks passages is told so beside it, and led to the decision."""

from urllib.parse import urlsplit

import pytest
from asgiref.sync import async_to_sync
from django.test import Client

from apps.conversations.constants import Author, ReplyState
from apps.conversations.errors import ReplyNotRetryableError
from apps.conversations.models import Message
from apps.conversations.services import (
    exporting,
    messages,
    presenting,
    retries,
    shares,
    showing,
    visibility,
)
from apps.core import redaction
from apps.core.languages import speaking
from apps.moderation.constants import EnforcementKind, Verdict
from apps.moderation.models import Decision, Notice
from apps.moderation.services.decisions import decisions, reversals
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.enforcements import Measure
from apps.users.models import User
from tests.factories import MessageFactory, ReplyFactory, UserFactory
from tests.moderation.factories import claimed_case, make_policy, make_staff
from tests.moderation.programs import Caller

pytestmark = pytest.mark.django_db
ONE = "1 passage of this text was withheld by moderation."
TWO = "2 passages of this text were withheld by moderation."
TOLD = f"{ONE} Reason: It is somebody's number."
SILENT = 'Call <span class="redacted" aria-hidden="true">████████</span> now'


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
    assert SILENT in page
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
    assert told_of(message) == f"{TWO} Reason: Another number."
    reversals.undo(actor=moderator, decision_id=second.pk, reason="Ours.")
    assert told_of(message) == TOLD
    reversals.undo(actor=moderator, decision_id=first.pk, reason="Ours.")
    assert told_of(message) == ""


def test_how_an_answer_ended_is_said_as_well(moderator: User) -> None:
    answer: Message = MessageFactory(role=Author.ASSISTANT, author=None, content="Call 0171 234.")
    ReplyFactory(message=answer, state=ReplyState.STOPPED)
    redact(moderator, answer, 5, 13, why="")
    shown = showing.show_messages([Message.objects.select_related("reply").get(pk=answer.pk)])[0]
    assert shown.is_redacted
    assert shown.notice.startswith(f"{ONE} ")
    assert len(shown.notice) > len(ONE) + 5


def test_an_export_says_it_too(moderator: User, message: Message) -> None:
    redact(moderator, message, 5, 13, why="It is somebody's number.")
    again = Message.objects.get(pk=message.pk)
    assert exporting._notice(again) == TOLD
    written = exporting._as_markdown(again)
    assert "Call [withheld] now, or 0172 345." in written
    assert f"*{TOLD}*" in written


def test_an_answer_keeps_its_rendering_and_its_links_while_blocks_are_silent(
    moderator: User,
) -> None:
    answer: Message = MessageFactory(
        role=Author.ASSISTANT, author=None, content="**Call** [0171 234](https://a.example/0171)."
    )
    ReplyFactory(message=answer, state=ReplyState.COMPLETE)
    redact(moderator, answer, 10, 18, why="")
    again = Message.objects.get(pk=answer.pk)
    html = presenting.html_of(again)
    assert html.startswith("<p><strong>Call</strong> <a ")
    assert '<span class="redacted" aria-hidden="true">████████</span></a>' in html
    assert "aria-hidden" not in again.html


def test_blocks_in_an_address_stay_in_it_and_other_text_is_escaped() -> None:
    assert redaction.silent_html('<a href="https://a.example/>██">█</a>') == (
        '<a href="https://a.example/>██"><span class="redacted" aria-hidden="true">█</span></a>'
    )
    assert redaction.silent("<b>██") == (
        '&lt;b&gt;<span class="redacted" aria-hidden="true">██</span>'
    )


def test_a_shared_text_shows_what_is_left_of_it_and_says_how_much_is_not(
    moderator: User, message: Message, client: Client
) -> None:
    owner = message.conversation.owner
    made = shares.create_share(
        actor=owner, conversation_id=message.conversation_id, expires_in_days=None
    )
    redact(moderator, message, 5, 13, why="It is somebody's number.")
    redact(moderator, message, 22, 30, why="")
    page = client.get(urlsplit(made.url).path).content.decode()
    assert SILENT in page
    assert TWO in page
    assert "It is somebody" not in page


def test_german_counts_the_passages_as_well(moderator: User, message: Message) -> None:
    redact(moderator, message, 5, 13, why="")
    with speaking("de"):
        assert told_of(message) == (
            "1 Stelle dieses Textes wurde von der Moderation zurückgehalten. Grund: No insults"
        )
        redact(moderator, message, 22, 30, why="")
        assert told_of(message) == (
            "2 Stellen dieses Textes wurden von der Moderation zurückgehalten. Grund: No insults"
        )
        text = Message.objects.get(pk=message.pk).content
        assert redaction.in_words(text).startswith("Call [zurückgehalten] now")


def test_staff_read_the_same_sentence_and_hear_no_blocks(
    moderator: User, message: Message, client: Client
) -> None:
    redact(moderator, message, 5, 13, why="It is somebody's number.")
    neighbour: Message = MessageFactory(conversation=message.conversation, content="And mine.")
    case = claimed_case(moderator, neighbour)
    client.force_login(moderator)
    for url in (
        f"/admin/moderation/queue/{case.pk}/",
        f"/admin/conversations/conversation/{message.conversation_id}/change/",
        f"/admin/conversations/message/{message.pk}/change/",
    ):
        page = client.get(url).content.decode()
        assert SILENT in page, url
        assert ONE in page, url


@pytest.mark.parametrize("taken", ["", "redacted", "hidden"])
def test_another_try_is_offered_where_the_question_may_be_asked_again_and_nowhere_else(
    moderator: User, taken: str
) -> None:
    question: Message = MessageFactory(content="Call 0171 234 now.", context={"note": "Mine."})
    reply = ReplyFactory(
        message__conversation=question.conversation,
        message__parent=question,
        state=ReplyState.FAILED,
    )
    if taken == "redacted":
        redact(moderator, question, 5, 13, why="")
    elif taken == "hidden":
        visibility.hide_message(actor=None, message_id=question.pk, reason="So.")
    page = messages.list_messages(
        viewer=question.conversation.owner, conversation_id=question.conversation_id
    )
    both = showing.show_messages(page.messages)[1]
    alone = showing.show_messages([Message.objects.select_related("reply").get(pk=reply.pk)])[0]
    for shown in (both, alone):
        assert (shown.can_retry, shown.can_ask_again) == (not taken, not taken)
    retry = async_to_sync(retries.retry_reply)
    if taken:
        with pytest.raises(ReplyNotRetryableError):
            retry(actor=question.conversation.owner, message_id=reply.pk)
    else:
        assert retry(actor=question.conversation.owner, message_id=reply.pk).created
