"""Staff hide a message, restore it and halt an answer: with a reason, by services, audited."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.test import Client
from django.urls import reverse

from apps.audit.models import AuditEvent
from apps.conversations.models import Message
from apps.conversations.services.presenting import hidden_notice
from apps.conversations.services.visibility import hide_message
from apps.moderation.constants import CaseState, EnforcementKind, FlagSource, Verdict
from apps.moderation.models import Case, Decision, Notice, Strike
from apps.moderation.services.appeals import appeal_cases
from apps.moderation.services.cases import cases
from apps.moderation.services.decisions import decisions, reversals
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.enforcements import Measure
from apps.users.models import User
from tests.admin.conftest import Talk, make_talk, open_case
from tests.factories import MessageFactory
from tests.moderation.factories import make_policy

pytestmark = pytest.mark.django_db

EXACT = "Grüße 👋🏽\r\n\ttabs  and   blanks \n\n\u202ereversed\u202c\n"
LIST = "/admin/conversations/message/"
Commit = Callable[..., Any]


@pytest.fixture(autouse=True)
def _policy(db: None) -> None:
    make_policy()


def hide_url(message: Message) -> str:
    return reverse("admin:conversations_message_hide", args=[message.pk])


def restore_url(message: Message) -> str:
    return reverse("admin:conversations_message_restore", args=[message.pk])


def halt_url(talk: Talk) -> str:
    return reverse("admin:conversations_reply_halt", args=[talk.reply.pk])


def page_of(message: Message) -> str:
    return reverse("admin:conversations_message_change", args=[message.pk])


def audited() -> list[dict[str, Any]]:
    fields = ("actor_id", "actor_label", "action", "target_type", "target_id", "reason", "data")
    return list(AuditEvent.objects.order_by("id").values(*fields))


def hidings() -> list[dict[str, Any]]:
    return [event for event in audited() if event["action"] == "message.hidden"]


def asked(reason: str, **more: Any) -> dict[str, Any]:
    return {"policy": "insults", "reason": reason, **more}


def linked(case: Case, words: str = "") -> str:
    url = reverse("admin:moderation_case_page", args=[case.pk])
    return f'<a class="staff-link" href="{url}">{words or f"Case {case.pk}"}</a>'


def test_the_page_says_what_will_happen_and_changes_nothing(
    as_moderator: Client, talk: Talk
) -> None:
    response = as_moderator.get(hide_url(talk.question))
    text = response.content.decode()
    assert response.status_code == 200
    assert "disappears at once from every open page of Uma" in text
    assert "A question?" in text
    assert 'name="csrfmiddlewaretoken"' in text
    assert re.findall(r'name="(\w+)"[^>]* autofocus', text) == ["policy"]
    talk.question.refresh_from_db()
    assert talk.question.hidden_at is None
    assert audited() == []


def test_hiding_takes_the_message_from_view_and_writes_who_did_it_and_why(
    as_moderator: Client, moderator: User, talk: Talk
) -> None:
    open_case(talk.answer)
    sent = asked(" A threat. ", reason_for_user="No threats here.")
    response = as_moderator.post(hide_url(talk.question), sent, follow=True)
    assert response.redirect_chain == [(page_of(talk.question), 302)]
    assert f"Message {talk.question.pk} is hidden." in response.content.decode()
    talk.question.refresh_from_db()
    assert talk.question.is_hidden
    assert talk.question.hidden_reason == "No threats here."
    assert hidings()[0] == {
        "actor_id": moderator.pk,
        "actor_label": "Mo",
        "action": "message.hidden",
        "target_type": "message",
        "target_id": talk.question.pk,
        "reason": "A threat.",
        "data": {
            "conversation_id": talk.conversation.pk,
            "reason_for_user": "No threats here.",
        },
    }


def test_hiding_is_a_decision_that_is_told_and_appealed_and_taken_back(
    as_moderator: Client, moderator: User, person: User
) -> None:
    message = make_talk(person, question=EXACT).question
    before = Message.objects.filter(pk=message.pk).values().get()
    waiting = Case.objects.get()
    sent = asked("A threat.", reason_for_user="No threats here.")
    response = as_moderator.post(hide_url(message), sent, follow=True)
    assert response.redirect_chain == [(LIST, 302)]
    assert f"{linked(waiting)} keeps the decision." in response.content.decode()
    decision = Decision.objects.get()
    assert (decision.case_id, decision.verdict, decision.actor_id, decision.reason) == (
        waiting.pk,
        Verdict.VIOLATES,
        moderator.pk,
        "A threat.",
    )
    case = Case.objects.get()
    assert (case.state, case.policy and case.policy.code) == (CaseState.CLOSED, "insults")
    assert [flag.source for flag in case.flags.all()] == [FlagSource.STAFF]
    notice = Notice.objects.get()
    assert notice.subject_id == person.pk
    assert "Reason: No threats here." in notice.body
    assert appeal_cases.can_appeal(notice)
    assert not Strike.objects.exists()
    record = as_moderator.get(reverse("admin:moderation_case_change", args=[case.pk]))
    assert [(table.label, len(table.rows)) for table in record.context["detail"].tables] == [
        ("Decisions", 1),
        ("Enforcements", 1),
        ("Flags", 1),
        ("Notices", 1),
    ]
    assert f"Decision {decision.pk}" not in record.content.decode()
    assert f'/moderation/decision/{decision.pk}/change/">#{decision.pk}</a>' in (
        record.content.decode()
    )
    reversals.undo(actor=moderator, decision_id=decision.pk, reason="It was harmless.")
    assert Message.objects.filter(pk=message.pk).values().get() == before


def test_a_hidden_answer_is_told_of_as_one(as_moderator: Client, talk: Talk) -> None:
    as_moderator.post(hide_url(talk.answer), asked("Wrong."))
    assert Notice.objects.get().title == "An answer was withheld"


def test_without_a_reason_for_the_person_the_place_names_the_policy(
    as_moderator: Client, talk: Talk
) -> None:
    as_moderator.post(hide_url(talk.answer), asked("Wrong."))
    talk.answer.refresh_from_db()
    assert hidden_notice(talk.answer).endswith(" Reason: No insults")
    assert Decision.objects.get().reason_for_user == ""


def test_what_somebody_else_works_on_or_nobody_may_read_is_not_hidden(
    as_moderator: Client, peer: User, talk: Talk, person: User
) -> None:
    held = cases.claim(actor=peer, case_id=Case.objects.get().pk)
    response = as_moderator.post(hide_url(talk.question), asked("A threat."))
    assert response.status_code == 409
    assert "Somebody else works on this case" in response.content.decode()
    private = make_talk(person, question="Between us.").question
    Case.objects.exclude(pk=held.pk).delete()
    url = reverse("admin:conversations_message_hide_selected")
    page = as_moderator.post(url, {"message": [private.pk]}).content.decode()
    assert "Is left as it is: No case is open on this conversation." in page
    assert "(private)" in page
    assert "Between us." not in page
    text = as_moderator.post(url, asked("Both.", message=[private.pk]), follow=True)
    assert f"0 of 1 hidden. #{private.pk}: No case is open" in text.content.decode()
    assert not Decision.objects.exists()
    assert not Message.objects.filter(hidden_at__isnull=False).exists()


def test_restoring_gives_the_text_back_byte_for_byte(
    as_moderator: Client, moderator: User, person: User
) -> None:
    message = make_talk(person, question=EXACT).question
    before = Message.objects.filter(pk=message.pk).values().get()
    hide_message(actor=moderator, message_id=message.pk, reason="Wrong one.")
    response = as_moderator.post(restore_url(message), {"reason": "It was harmless."})
    assert response.status_code == 302
    assert Message.objects.filter(pk=message.pk).values().get() == before
    assert [(event["action"], event["reason"]) for event in audited()] == [
        ("message.hidden", "Wrong one."),
        ("message.restored", "It was harmless."),
    ]


def test_open_pages_hear_of_it_after_the_commit(
    as_moderator: Client,
    talk: Talk,
    redis_url: str,
    django_capture_on_commit_callbacks: Commit,
) -> None:
    ears = redis.Redis.from_url(redis_url).pubsub(ignore_subscribe_messages=True)
    ears.psubscribe("*")
    ears.get_message(timeout=1)
    with django_capture_on_commit_callbacks(execute=True):
        as_moderator.post(hide_url(talk.question), asked("A threat."))
    heard = [message["data"] for _ in range(20) if (message := ears.get_message(timeout=0.1))]
    ears.close()
    assert [b"message.updated" in data for data in heard].count(True) == 1


@pytest.mark.parametrize("reason", ["", "   ", "x" * 2001])
def test_without_a_proper_reason_nothing_changes(
    as_moderator: Client, talk: Talk, reason: str
) -> None:
    response = as_moderator.post(hide_url(talk.question), asked(reason))
    assert response.status_code == 400
    talk.question.refresh_from_db()
    assert talk.question.hidden_at is None
    assert audited() == []


@pytest.mark.parametrize("policy", ["", "unknown"])
def test_without_a_policy_nothing_changes(as_moderator: Client, talk: Talk, policy: str) -> None:
    sent = {"policy": policy, "reason": "A threat."}
    assert as_moderator.post(hide_url(talk.question), sent).status_code == 400
    assert audited() == []


def test_a_refusal_of_the_service_keeps_what_was_typed(
    as_moderator: Client, moderator: User, talk: Talk
) -> None:
    hide_message(actor=moderator, message_id=talk.question.pk, reason="First.")
    written = audited()
    response = as_moderator.post(hide_url(talk.question), asked("Typed with <care>."))
    text = response.content.decode()
    assert response.status_code == 409
    assert "This message is hidden already." in text
    assert "Nothing was changed." in text
    assert "Typed with &lt;care&gt;." in text
    assert audited() == written


def test_what_makes_no_sense_any_more_is_not_asked(as_moderator: Client, talk: Talk) -> None:
    response = as_moderator.get(restore_url(talk.question), follow=True)
    assert response.redirect_chain == [(page_of(talk.question), 302)]
    assert "makes no sense here any more" in response.content.decode()


@pytest.mark.parametrize("make_url", [hide_url, restore_url])
def test_a_person_who_is_no_staff_changes_nothing(
    as_person: Client, talk: Talk, make_url: Callable[[Message], str]
) -> None:
    url = make_url(talk.question)
    response = as_person.post(url, {"reason": "I want to."})
    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/")
    assert as_person.get(response["Location"]).status_code == 403
    talk.question.refresh_from_db()
    assert talk.question.hidden_at is None
    assert audited() == []


def test_staff_without_the_right_change_nothing(
    as_moderator: Client, moderator: User, talk: Talk
) -> None:
    group = moderator.groups.get()
    group.permissions.remove(group.permissions.get(codename="hide_message"))
    assert as_moderator.post(hide_url(talk.question), {"reason": "Try."}).status_code == 403
    assert as_moderator.get(hide_url(talk.question)).status_code == 403
    talk.question.refresh_from_db()
    assert talk.question.hidden_at is None
    assert "Hide" not in as_moderator.get(page_of(talk.question)).content.decode()
    assert [event["action"] for event in audited()] == ["conversation.read"]


def test_a_form_from_elsewhere_is_refused(moderator: User, talk: Talk) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(moderator)
    assert client.post(hide_url(talk.question), {"reason": "Forged."}).status_code == 403
    talk.question.refresh_from_db()
    assert talk.question.hidden_at is None


def test_an_unknown_message_is_not_found(as_moderator: Client) -> None:
    assert as_moderator.get("/admin/conversations/message/999999/hide/").status_code == 404
    assert as_moderator.get("/admin/conversations/message/x/hide/").status_code == 404
    huge = "9" * 30
    assert as_moderator.get(f"/admin/conversations/message/{huge}/change/").status_code == 404


def test_several_messages_are_hidden_at_once_each_with_its_entry(
    as_moderator: Client, talk: Talk
) -> None:
    numbers = [talk.question.pk, talk.answer.pk]
    url = reverse("admin:conversations_message_hide_selected")
    page = as_moderator.post(url, {"message": numbers})
    assert page.status_code == 200
    assert "Hides 2 messages in conversations of 1 person." in page.content.decode()
    assert [(quote.text, quote.note) for quote in page.context["decision"].quotes] == [
        ("A question?", ""),
        ("Flour and water.", ""),
    ]
    assert "A question?" in page.content.decode()
    assert Message.objects.filter(hidden_at__isnull=False).count() == 0
    done = as_moderator.post(url, asked("A raid.", message=numbers), follow=True)
    both = ", ".join(linked(case) for case in Case.objects.order_by("id"))
    assert f"2 of 2 hidden. {both} keep the decisions." in done.content.decode()
    assert Message.objects.filter(hidden_at__isnull=False).count() == 2
    assert [(event["target_id"], event["reason"]) for event in hidings()] == [
        (talk.question.pk, "A raid."),
        (talk.answer.pk, "A raid."),
    ]
    assert Decision.objects.values("batch_id").distinct().count() == 1
    assert Notice.objects.count() == 2


def test_what_is_refused_among_several_is_told(
    as_moderator: Client, moderator: User, talk: Talk
) -> None:
    hide_message(actor=moderator, message_id=talk.question.pk, reason="First.")
    url = reverse("admin:conversations_message_hide_selected")
    sent = asked("Both.", message=[talk.question.pk, talk.answer.pk])
    page = as_moderator.post(url, sent, follow=True)
    text = page.content.decode()
    assert [told.level_tag for told in page.context["messages"]] == ["warning"]
    case = Case.objects.get(message=talk.answer.pk)
    assert f"1 of 2 hidden. {linked(case)} keeps the decision. #{talk.question.pk}: This" in text


def test_selecting_nothing_is_told(as_moderator: Client) -> None:
    url = reverse("admin:conversations_message_restore_selected")
    text = as_moderator.post(url, {}, follow=True).content.decode()
    assert "Select at least one message first." in text
    assert as_moderator.get(url).status_code == 405


def test_halting_asks_for_the_end_of_a_running_answer(
    as_moderator: Client, moderator: User, person: User
) -> None:
    talk = make_talk(person, running=True)
    assert "The model is stopped" in as_moderator.get(halt_url(talk)).content.decode()
    assert as_moderator.post(halt_url(talk), {"reason": "Dangerous."}).status_code == 302
    talk.reply.refresh_from_db()
    assert talk.reply.stop_state == "halted"
    assert talk.reply.stop_requested_at is not None
    assert [(e["actor_id"], e["action"], e["target_id"], e["reason"]) for e in audited()] == [
        (moderator.pk, "reply.halted", talk.reply.pk, "Dangerous.")
    ]


def test_the_way_back_is_only_ever_ours(as_moderator: Client, talk: Talk) -> None:
    sent = asked("A threat.", next="https://evil.example/")
    open_case(talk.answer)
    response = as_moderator.post(hide_url(talk.question), sent)
    assert response["Location"] == page_of(talk.question)
    ours = f"/admin/conversations/conversation/{talk.conversation.pk}/change/?page=1#message-1"
    response = as_moderator.post(hide_url(talk.answer), asked("Fine.", next=ours))
    assert response["Location"] == LIST
    open_case(talk.question)
    third = MessageFactory(conversation=talk.conversation)
    response = as_moderator.post(hide_url(third), asked("Fine.", next=ours))
    assert response["Location"] == ours


def test_what_a_decision_hides_is_not_offered_here_and_the_pages_say_where_it_is_given_back(
    as_moderator: Client, moderator: User, talk: Talk
) -> None:
    case = cases.claim(actor=moderator, case_id=Case.objects.get().pk)
    hide = Measure(kind=EnforcementKind.HIDE_MESSAGE)
    ruling = Ruling(
        verdict=Verdict.VIOLATES, policy_code="insults", reason="An insult.", measures=[hide]
    )
    decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=ruling)
    open_case(talk.answer)
    hide_message(actor=moderator, message_id=talk.answer.pk, reason="By hand.")
    page = as_moderator.get(page_of(talk.question)).content.decode()
    back = linked(Case.objects.get(pk=case.pk), "Take that decision back on its case.")
    assert back in page
    assert restore_url(talk.question) not in page
    held = as_moderator.get(restore_url(talk.question), follow=True)
    assert held.redirect_chain == [(page_of(talk.question), 302)]
    assert held.content.decode().count(back) == 2
    transcript = as_moderator.get(
        reverse("admin:conversations_conversation_change", args=[talk.conversation.pk])
    ).content.decode()
    assert transcript.count(back) == 1
    several = reverse("admin:conversations_message_restore_selected")
    sent = {"message": [talk.question.pk], "reason": "Both."}
    assert back in as_moderator.post(several, sent, follow=True).content.decode()
    assert restore_url(talk.question) not in transcript
    assert restore_url(talk.answer) in transcript
    assert restore_url(talk.answer) in as_moderator.get(page_of(talk.answer)).content.decode()


def test_what_is_ones_own_is_not_offered_to_be_hidden_or_restored(
    as_moderator: Client, moderator: User
) -> None:
    own = make_talk(moderator)
    page = as_moderator.get(page_of(own.question)).content.decode()
    assert hide_url(own.question) not in page
    Message.objects.filter(pk=own.question.pk).update(hidden_at=own.question.created_at)
    page = as_moderator.get(page_of(own.question)).content.decode()
    assert restore_url(own.question) not in page
