"""The queue and the page of a case in the admin: who gets in, what a page costs, what it says."""

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.conversations.models import Message
from apps.moderation.constants import CaseState, EnforcementKind, Severity
from apps.moderation.models import Case, Decision, Note
from apps.moderation.services.cases import cases
from apps.moderation.services.decisions import reversals
from apps.moderation.services.decisions.measures import Why, act_on_person
from apps.users.models import User
from tests.admin.conftest import SignIn
from tests.factories import MessageFactory, UserFactory
from tests.moderation.factories import (
    claimed_case,
    make_case,
    make_decided,
    make_policy,
    make_staff,
)

pytestmark = pytest.mark.django_db

QUEUE = "/admin/moderation/queue/"
JSON = {"Accept": "application/json"}
LIST_QUERIES = 12
"""Ten of the page and two of the savepoint that a test adds."""
CASE_QUERIES = 20
NEXT_QUERIES = 27
DECIDE_QUERIES = 78
MEASURES = ("hide_message", "redact_span", "lock_conversation", "warn", "restrict", "suspend")


def queries_of(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def post(client: Client, url: str, **typed: Any) -> Any:
    return client.post(url, typed, headers=JSON)


@pytest.fixture
def moderator() -> User:
    return make_staff()


@pytest.fixture
def desk(moderator: User, sign_in: SignIn) -> Client:
    return sign_in(moderator)


def test_the_queue_takes_the_same_few_queries_for_one_case_and_for_forty(desk: Client) -> None:
    make_case()
    desk.get(QUEUE)
    few = queries_of(desk, QUEUE)
    for _ in range(40):
        make_case()
    assert queries_of(desk, QUEUE) == few <= LIST_QUERIES


def test_a_case_takes_the_same_queries_whatever_it_holds(desk: Client, moderator: User) -> None:
    make_policy()
    case = make_case()
    desk.get(f"{QUEUE}{case.pk}/")
    assert queries_of(desk, f"{QUEUE}{case.pk}/") == CASE_QUERIES
    message = Message.objects.get(pk=case.message_id)
    for number in range(5):
        make_case(message)
        MessageFactory(conversation=message.conversation)
        cases.claim(actor=moderator, case_id=case.pk)
        cases.add_note(actor=moderator, case_id=case.pk, text=f"Note {number}.")
        cases.take_over(actor=make_staff("lead"), case_id=case.pk, reason="The shift ended.")
        Case.objects.filter(pk=case.pk).update(claim_expires_at=timezone.now())
    assert queries_of(desk, f"{QUEUE}{case.pk}/") == CASE_QUERIES


def test_a_decided_and_appealed_case_takes_three_queries_more(desk: Client) -> None:
    url = f"{QUEUE}{make_decided(UserFactory()).case_id}/"
    desk.get(url)
    assert queries_of(desk, url) == CASE_QUERIES + 2


def test_a_case_about_a_person_opens_with_what_was_done_and_no_text(
    desk: Client, moderator: User
) -> None:
    make_policy()
    person = UserFactory(name="Uma")
    why = Why(policy="insults", reason="Ten accounts.", reason_for_user="Ten accounts.")
    warn = EnforcementKind.WARN
    made = act_on_person(actor=moderator, user_id=person.pk, kind=warn, why=why)
    url = f"{QUEUE}{made.case_id}/"
    desk.get(url)
    assert queries_of(desk, url) <= CASE_QUERIES + 2
    closed = desk.get(url).content.decode()
    assert "About Uma, not about one text" in closed
    assert "Warn the person (active)" in closed
    reversals.undo(actor=moderator, decision_id=made.pk, reason="The wrong person.")
    Case.objects.filter(pk=made.case_id).update(severity=4)
    listed = desk.get(QUEUE).content.decode()
    assert "About the person, not about one text" in listed
    shown = desk.get(url).content.decode()
    assert queries_of(desk, url) <= CASE_QUERIES + 2
    assert re.findall(r'name="measure" value="(\w+)"', shown) == ["warn", "restrict", "suspend"]
    assert "data-text" not in shown
    assert "data-spans-words" not in shown


def test_taking_the_next_case_and_deciding_it_take_a_bounded_number_of_queries(
    desk: Client,
) -> None:
    make_policy()
    for _ in range(30):
        make_case()
    post(desk, f"{QUEUE}next/")
    with CaptureQueriesContext(connection) as queries:
        taken = post(desk, f"{QUEUE}next/").json()
    assert len(queries) == NEXT_QUERIES
    version = Case.objects.get(pk=taken["case"]).version
    with CaptureQueriesContext(connection) as queries:
        post(
            desk,
            f"{QUEUE}{taken['case']}/decide/",
            verdict="violates",
            policy="insults",
            reason="An insult.",
            measure="hide_message",
            gives_points="on",
            version=version,
        )
    assert len(queries) <= DECIDE_QUERIES


def test_a_case_is_taken_decided_and_followed_by_the_next(desk: Client, moderator: User) -> None:
    make_policy()
    first, second = make_case(), make_case()
    Case.objects.filter(pk=first.pk).update(priority=900)
    taken = post(desk, f"{QUEUE}next/").json()
    assert taken["case"] == first.pk
    version = Case.objects.get(pk=first.pk).version
    answer = post(
        desk,
        f"{QUEUE}{first.pk}/decide/",
        verdict="violates",
        policy="insults",
        reason="An insult.",
        measure="hide_message",
        gives_points="on",
        version=version,
    ).json()
    assert answer["case"] == second.pk
    assert f'data-case="{second.pk}"' in answer["html"]
    assert Message.objects.get(pk=first.message_id).is_hidden
    undone = post(desk, answer["undo_url"]).json()
    assert undone["case"] == first.pk
    assert not Message.objects.get(pk=first.message_id).is_hidden
    assert Case.objects.get(pk=first.pk).claimed_by_id == moderator.pk


def test_the_next_case_is_one_of_the_filter_that_is_worked(desk: Client) -> None:
    first, other, wanted = (
        make_case(MessageFactory(role=role)) for role in ("user", "assistant", "user")
    )
    Case.objects.filter(pk=other.pk).update(priority=900)
    taken = post(desk, f"{QUEUE}next/?role=user").json()
    assert taken["case"] == first.pk
    version = Case.objects.get(pk=first.pk).version
    decided = post(
        desk, f"{QUEUE}{first.pk}/decide/?role=user", verdict="no_violation", version=version
    )
    assert decided.json()["case"] == wanted.pk
    assert decided.json()["url"] == f"{QUEUE}{wanted.pk}/?role=user"


def test_a_stale_version_answers_409_with_what_is_new_and_changes_nothing(
    desk: Client, moderator: User
) -> None:
    case = claimed_case(moderator)
    seen = Case.objects.get(pk=case.pk)
    make_case(Message.objects.get(pk=case.message_id), UserFactory(name="Rita"))
    response = post(
        desk,
        f"{QUEUE}{case.pk}/decide/",
        verdict="no_violation",
        reason="Fine.",
        version=seen.version,
        seen_at=seen.updated_at.isoformat(),
    )
    data = response.json()
    assert (response.status_code, data["code"]) == (409, "case_changed")
    assert data["news"] == ["New flag: user, insults or harasses"]
    assert data["standing"]["version"] > seen.version
    assert not Decision.objects.exists()


def test_a_page_that_holds_a_case_can_ask_what_is_new_in_it(desk: Client, moderator: User) -> None:
    case = claimed_case(moderator)
    make_case(Message.objects.get(pk=case.message_id), UserFactory(name="Rita"))
    news = f"{QUEUE}{case.pk}/news/"
    read = desk.get(news, {"seen_at": case.updated_at.isoformat()}).json()
    assert read["news"] == ["New flag: user, insults or harasses"]
    assert read["standing"]["version"] > case.version
    assert desk.get(news, {"seen_at": read["seen_at"]}).json()["news"] == []


def test_a_second_viewer_is_told_who_holds_a_case_and_cannot_take_it(
    desk: Client, sign_in: SignIn
) -> None:
    holder = make_staff()
    holder.name = "Mia"
    holder.save()
    case = claimed_case(holder)
    response = post(desk, f"{QUEUE}{case.pk}/claim/")
    assert response.status_code == 409
    assert response.json()["holder"] == "Mia"
    assert response.json()["why_not"].startswith("Mia has held it since ")
    standing = desk.get(f"{QUEUE}{case.pk}/standing/").json()
    assert (standing["is_mine"], standing["state"]) == (False, "claimed")
    lead = sign_in(make_staff("lead"))
    taken = post(lead, f"{QUEUE}{case.pk}/take-over/", reason="Mia went home.")
    assert taken.json()["is_mine"] is True


def test_leaving_gives_the_case_back(desk: Client, moderator: User) -> None:
    case = claimed_case(moderator)
    desk.post(f"{QUEUE}{case.pk}/release/")
    assert Case.objects.get(pk=case.pk).state == CaseState.OPEN


def test_user_and_model_text_is_plain_text(desk: Client) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    case = make_case(MessageFactory(content=hostile))
    cases.add_note(actor=make_staff(), case_id=case.pk, text=hostile)
    for url in (QUEUE, f"{QUEUE}{case.pk}/"):
        text = desk.get(url).content.decode()
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "&lt;script&gt;alert(1)" in text


def test_severe_text_is_covered_in_the_list_and_on_the_page(desk: Client) -> None:
    case = make_case(MessageFactory(content="Terrible words."))
    Case.objects.filter(pk=case.pk).update(severity=Severity.CRITICAL)
    assert "Terrible words." not in desk.get(QUEUE).content.decode()
    page = desk.get(f"{QUEUE}{case.pk}/").content.decode()
    assert "data-veil" in page
    assert "data-text hidden>Terrible words." in page


def test_no_address_is_shown_and_revealing_one_needs_right_and_reason(
    desk: Client, sign_in: SignIn
) -> None:
    person = UserFactory(email="secret@example.com")
    case = make_case(MessageFactory(conversation__owner=person))
    url = f"{QUEUE}{case.pk}/reveal/"
    lead = sign_in(make_staff("lead"))
    for client in (desk, lead):
        assert "secret@example.com" not in client.get(f"{QUEUE}{case.pk}/").content.decode()
    assert post(desk, url, reason="Curious.").status_code == 403
    assert post(lead, url, reason=" ").status_code == 400
    assert not AuditEvent.objects.filter(action="user.revealed").exists()
    assert post(lead, url, reason="A court order.").json() == {"email": "secret@example.com"}
    event = AuditEvent.objects.get(action="user.revealed")
    assert (event.target_id, event.reason) == (person.pk, "A court order.")


def test_the_exact_notice_is_previewed_and_nothing_is_stored(desk: Client, moderator: User) -> None:
    make_policy()
    case = claimed_case(moderator)
    answer = post(
        desk,
        f"{QUEUE}{case.pk}/preview/",
        verdict="violates",
        policy="insults",
        reason_for_user="It insults somebody.",
        measure="hide_message",
        gives_points="on",
    ).json()
    assert answer["effect"] == "Hides 1 message, adds 2 points, total 2."
    assert "It insults somebody." in answer["body"]
    assert not Decision.objects.exists()


def test_a_passage_is_redacted_by_its_place(desk: Client, moderator: User) -> None:
    make_policy()
    case = claimed_case(moderator, MessageFactory(content="Call 0171 234 now."))
    typed = {"verdict": "violates", "policy": "insults", "reason": "x", "version": case.version}
    url = f"{QUEUE}{case.pk}/decide/"
    refused = post(desk, url, measure="redact_span", spans="[[0]]", **typed)
    assert refused.status_code == 400
    post(desk, url, measure="redact_span", spans="[[5, 13]]", **typed)
    assert Message.objects.get(pk=case.message_id).content == "Call ████████ now."


def test_notes_and_more_of_the_conversation_are_there_for_an_open_case(
    desk: Client, moderator: User
) -> None:
    case = claimed_case(moderator)
    message = Message.objects.get(pk=case.message_id)
    talk = message.conversation
    later = [MessageFactory(conversation=talk, content=f"Line number {n}.") for n in range(5)]
    page = desk.get(f"{QUEUE}{case.pk}/").content.decode()
    assert "Line number 2." in page
    assert "Line number 3." not in page
    more = desk.get(f"{QUEUE}{case.pk}/more/?beyond={later[2].pk}").json()
    assert "Line number 3." in more["html"]
    assert more["more"] is False
    post(desk, f"{QUEUE}{case.pk}/note/", text="Seen before.")
    assert Note.objects.get().text == "Seen before."
    assert AuditEvent.objects.filter(action="conversation.read").count() == 1


def test_a_closed_case_gives_no_way_into_the_conversation(desk: Client) -> None:
    decision = make_decided(UserFactory())
    response = desk.get(f"{QUEUE}{decision.case_id}/more/?beyond=1")
    assert (response.status_code, response.json()["code"]) == (403, "grant_required")


def test_a_case_outlives_its_message_and_its_person(desk: Client) -> None:
    case = make_case(MessageFactory(content="Gone soon."))
    Message.objects.filter(pk=case.message_id).delete()
    text = desk.get(f"{QUEUE}{case.pk}/").content.decode()
    assert "The message was deleted since." in text
    assert "Gone soon." in text
    assert f"#{case.pk}" in desk.get(QUEUE).content.decode()


def test_plain_forms_work_without_a_script(desk: Client) -> None:
    case = make_case()
    response = desk.post(f"{QUEUE}next/")
    assert (response.status_code, response["Location"]) == (302, f"{QUEUE}{case.pk}/")
    version = Case.objects.get(pk=case.pk).version
    done = desk.post(f"{QUEUE}{case.pk}/decide/", {"verdict": "no_violation", "version": version})
    assert (done.status_code, done["Location"]) == (302, QUEUE)
    assert Case.objects.get(pk=case.pk).is_closed


def test_a_plain_form_that_was_refused_keeps_what_was_typed_and_says_what_is_new(
    desk: Client, moderator: User
) -> None:
    make_policy()
    case = claimed_case(moderator)
    seen = Case.objects.get(pk=case.pk)
    make_case(Message.objects.get(pk=case.message_id), UserFactory(name="Rita"))
    typed = {
        "verdict": "violates",
        "policy": "insults",
        "reason": "An insult, <b>I</b> think.",
        "reason_for_user": "It insults somebody.",
        "measure": ["warn", "restrict"],
        "restrict_hours": "24",
        "version": seen.version,
        "seen_at": seen.updated_at.isoformat(),
    }
    response = desk.post(f"{QUEUE}{case.pk}/decide/", typed)
    page = response.content.decode()
    version = Case.objects.get(pk=case.pk).version
    assert (response.status_code, version > seen.version) == (409, True)
    assert "<li>New flag: user, insults or harasses</li>" in page
    assert ">An insult, &lt;b&gt;I&lt;/b&gt; think.</textarea>" in page
    assert ">It insults somebody.</textarea>" in page
    assert 'name="restrict_hours" value="24"' in page
    assert f'name="version" value="{version}"' in page
    checked = {value for value in MEASURES if f'value="{value}" checked>' in page}
    assert checked == {"warn", "restrict"}
    assert not Decision.objects.exists()
    blank = desk.post(f"{QUEUE}{case.pk}/decide/", {**typed, "version": version, "reason": ""})
    assert blank.status_code == 400
    assert ">It insults somebody.</textarea>" in blank.content.decode()
    done = desk.post(f"{QUEUE}{case.pk}/decide/", {**typed, "version": version})
    assert (done.status_code, done["Location"]) == (302, QUEUE)
    late = desk.post(f"{QUEUE}{case.pk}/decide/", typed)
    assert late.status_code == 409
    assert "An insult, &lt;b&gt;I&lt;/b&gt; think." in late.content.decode()


def test_bulk_goes_from_the_list_to_a_batch_that_one_button_takes_back(sign_in: SignIn) -> None:
    lead = sign_in(make_staff("lead"))
    made = [make_case() for _ in range(3)]
    picked = [f"{case.pk}:{case.version}" for case in made]
    asked = lead.post(f"{QUEUE}bulk/", {"case": picked})
    assert "about 3 people" in asked.content.decode()
    done = lead.post(f"{QUEUE}bulk/", {"case": picked, "verdict": "no_violation"})
    assert done.status_code == 302
    assert Decision.objects.count() == 3
    batch = done["Location"].partition("?")[0]
    assert "Take all 3 back" in lead.get(batch).content.decode()
    lead.post(batch)
    assert set(Case.objects.values_list("state", flat=True)) == {CaseState.OPEN}


def test_the_bulk_page_keeps_what_was_ticked_and_typed_and_touches_no_case(sign_in: SignIn) -> None:
    make_policy()
    lead = sign_in(make_staff("lead"))
    made = [make_case() for _ in range(2)]
    picked = [f"{case.pk}:{case.version}" for case in made]
    hides = 'value="hide_message" checked'
    gives = 'name="gives_points" checked'
    fresh = lead.post(f"{QUEUE}bulk/", {"case": picked}).content.decode()
    assert (hides in fresh, gives in fresh) == (False, True)
    ticked = {"case": picked, "verdict": "violates", "measure": "hide_message", "reason": "Spam."}
    for typed, words in (
        ({**ticked, "policy": ""}, "There is no such policy in use."),
        ({**ticked, "policy": "insults", "reason": " "}, "Give a reason."),
    ):
        refused = lead.post(f"{QUEUE}bulk/", typed)
        page = refused.content.decode()
        assert refused.status_code == 400
        assert words in page
        assert (hides in page, gives in page) == (True, False)
        assert all(f'name="case" value="{pick}"' in page for pick in picked)
    assert not Decision.objects.exists()
    done = lead.post(f"{QUEUE}bulk/", {**ticked, "policy": "insults"})
    assert done.status_code == 302
    assert Message.objects.filter(hidden_at__isnull=False).count() == 2


def test_the_bulk_page_covers_from_the_severity_that_its_reader_chose(sign_in: SignIn) -> None:
    case = make_case()
    lead = sign_in(make_staff("lead"))
    picked = {"case": f"{case.pk}:{case.version}"}
    assert "Covered:" not in lead.post(f"{QUEUE}bulk/", picked).content.decode()
    lead.post(f"{QUEUE}preference/", {"collapse_from": "1"})
    assert "Covered:" in lead.post(f"{QUEUE}bulk/", picked).content.decode()


@pytest.mark.parametrize("file_format", ["csv", "json"])
def test_an_export_streams_every_case(sign_in: SignIn, file_format: str) -> None:
    made = [make_case().pk for _ in range(3)]
    response = sign_in(make_staff("lead")).get(f"{QUEUE}export/?format={file_format}")
    text = b"".join(response.streaming_content).decode()
    assert response.streaming
    if file_format == "csv":
        lines = text.splitlines()
        assert lines[0].startswith('\ufeff"id","state","severity"')
        assert [int(line.partition(",")[0]) for line in lines[1:]] == made[::-1]
    else:
        assert [row["id"] for row in json.loads(text)] == made[::-1]


def test_the_box_leads_to_a_case_and_to_a_saved_view(desk: Client, sign_in: SignIn) -> None:
    case = make_case()
    desk.post(f"{QUEUE}views/save/", {"name": "Late ones", "query": "age=overdue"})
    found = desk.get("/admin/search/", {"s": f"case:{case.pk}"}).content.decode()
    assert f"{QUEUE}{case.pk}/" in found
    assert f"{QUEUE}?age=overdue" in desk.get("/admin/search/", {"s": "late"}).content.decode()
    support = sign_in(make_staff("support", role="user"))
    assert QUEUE not in support.get("/admin/search/", {"s": str(case.pk)}).content.decode()


def test_an_auditor_reads_and_does_nothing(sign_in: SignIn) -> None:
    auditor = sign_in(make_staff("auditor", role="user"))
    case = make_case()
    assert auditor.get(QUEUE).status_code == 200
    assert auditor.get(f"{QUEUE}{case.pk}/").status_code == 200
    for name in ("claim", "release", "decide", "note", "take-over", "reveal", "preview"):
        response = post(
            auditor, f"{QUEUE}{case.pk}/{name}/", verdict="no_violation", reason="x", text="x"
        )
        assert response.status_code == 403, name
    assert post(auditor, f"{QUEUE}next/").status_code == 403
    assert Case.objects.get(pk=case.pk).version == case.version
