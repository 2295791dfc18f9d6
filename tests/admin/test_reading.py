"""Reading a conversation: plain text only, in order, a screen at a time, and noted."""

import pytest
from django.test import Client

from apps.audit.models import AuditEvent
from apps.conversations.models import Message
from apps.conversations.services.visibility import hide_message
from apps.users.models import User
from tests.admin.conftest import SignIn, Talk, make_talk
from tests.factories import MessageFactory, UserFactory

pytestmark = pytest.mark.django_db

HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(1)><b x-html="1" hx-get="/">**b**'
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;"


def page_of(talk: Talk) -> str:
    return f"/admin/conversations/conversation/{talk.conversation.pk}/change/"


def test_what_people_and_models_write_is_shown_as_text(as_moderator: Client) -> None:
    owner = UserFactory(name=HOSTILE[:100])
    talk = make_talk(owner, question=HOSTILE)
    Message.objects.filter(pk=talk.answer.pk).update(
        content=HOSTILE, html=HOSTILE, context={"note": HOSTILE}, hidden_reason=HOSTILE
    )
    talk.conversation.title = HOSTILE
    talk.conversation.save()
    pages = (
        page_of(talk),
        "/admin/conversations/conversation/",
        "/admin/conversations/message/",
        f"/admin/conversations/message/{talk.question.pk}/change/",
        f"/admin/conversations/message/{talk.answer.pk}/change/",
        f"/admin/conversations/message/{talk.answer.pk}/hide/",
        f"/admin/conversations/reply/{talk.reply.pk}/change/",
        f"/admin/users/user/{owner.pk}/change/",
        f"/admin/users/user/{owner.pk}/warn/",
    )
    for page in pages:
        text = as_moderator.get(page).content.decode()
        assert "<script>alert" not in text, page
        assert "<img src=x" not in text, page
        assert 'x-html="1"' not in text, page
    assert ESCAPED in as_moderator.get(page_of(talk)).content.decode()


def test_messages_come_in_order_with_what_the_answer_used(as_moderator: Client, talk: Talk) -> None:
    lines = as_moderator.get(page_of(talk)).context["lines"]
    assert [(line.id, line.author, line.text) for line in lines] == [
        (talk.question.pk, "Uma", "A question?"),
        (talk.answer.pk, "Assistant", "Flour and water."),
    ]
    assert (lines[1].model, lines[1].tokens) == ("scripted", "12 tokens in, 3 out")
    assert "Complete" in lines[1].state
    assert [button.label for button in lines[0].buttons] == ["Hide", "Flag"]


def test_a_running_answer_can_be_halted_from_the_page(as_moderator: Client, person: User) -> None:
    lines = as_moderator.get(page_of(make_talk(person, running=True))).context["lines"]
    assert [button.label for button in lines[1].buttons] == ["Hide", "Flag", "Halt"]


def test_a_hidden_message_is_marked_with_who_and_why(
    as_moderator: Client, moderator: User, talk: Talk
) -> None:
    told = {"reason": "A threat.", "reason_for_user": "No threats here."}
    hide_message(actor=moderator, message_id=talk.question.pk, **told)
    line = as_moderator.get(page_of(talk)).context["lines"][0]
    assert (line.is_hidden, line.hidden_by, line.hidden_why, line.told) == (
        True,
        "Mo",
        "A threat.",
        "No threats here.",
    )
    assert line.text == "A question?"
    assert [button.label for button in line.buttons] == ["Restore"]


def test_staff_learn_of_their_own_hidden_message_what_its_readers_are_told_and_no_more(
    moderator: User, as_moderator: Client, peer: User, sign_in: SignIn
) -> None:
    own = make_talk(moderator)
    path = f"/admin/conversations/message/{own.question.pk}"
    told = {"reason": "Mo knows better.", "reason_for_user": "No threats here."}
    hide_message(actor=peer, message_id=own.question.pk, **told)
    line = as_moderator.get(page_of(own)).context["lines"][0]
    assert (line.is_hidden, line.hidden_by, line.hidden_why, line.told) == (
        True,
        "",
        "",
        "No threats here.",
    )
    assert "Mo knows better." not in as_moderator.get(f"{path}/change/").content.decode()
    assert "Mo knows better." in sign_in(peer).get(f"{path}/change/").content.decode()


def test_a_long_conversation_is_shown_a_screen_at_a_time(as_moderator: Client, talk: Talk) -> None:
    more = MessageFactory.create_batch(120, conversation=talk.conversation)
    first = as_moderator.get(page_of(talk)).context
    assert (len(first["lines"]), first["page"].paginator.num_pages) == (50, 3)
    assert first["lines"][0].id == talk.question.pk
    holding = as_moderator.get(page_of(talk), {"message": more[-1].pk}).context
    assert holding["page"].number == 3
    assert holding["lines"][-1].id == more[-1].pk
    for odd in ("x", "-1", "9" * 30):
        assert as_moderator.get(page_of(talk), {"message": odd}).status_code == 200


def test_reading_is_noted_once_an_hour_and_never_of_ones_own(
    as_moderator: Client, sign_in: SignIn, moderator: User, peer: User, talk: Talk
) -> None:
    as_moderator.get(page_of(talk))
    as_moderator.get(page_of(talk))
    as_moderator.get(f"/admin/conversations/message/{talk.question.pk}/change/")
    sign_in(peer).get(page_of(talk))
    as_moderator.get(page_of(make_talk(moderator)))
    events = AuditEvent.objects.order_by("id")
    fields = ("actor_id", "action", "target_type", "target_id")
    about = ("conversation.read", "conversation", talk.conversation.pk)
    assert list(events.values_list(*fields)) == [(moderator.pk, *about), (peer.pk, *about)]


def test_the_audit_record_reads_like_a_sentence(as_admin: Client, person: User) -> None:
    sent = {"role": "moderator", "reason": "She helps."}
    as_admin.post(f"/admin/users/user/{person.pk}/role/", sent)
    event = AuditEvent.objects.get()
    detail = as_admin.get(f"/admin/audit/auditevent/{event.pk}/change/").context["detail"]
    assert detail.title == f"Role changed: user {person.pk}"
    assert detail.tables[0].rows == [("Changed", "user → moderator")]
    assert detail.texts[0].text == "She helps."
    found = as_admin.get("/admin/audit/auditevent/", {"q": f"user:{person.pk}"}).context["cl"]
    assert [row.pk for row in found.result_list] == [event.pk]
