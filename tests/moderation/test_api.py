"""Moderation for programs: the same rights and rules as on the pages."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.core.models import IdempotentRequest
from apps.moderation.constants import EnforcementKind
from apps.moderation.models import Case
from apps.moderation.services.decisions import strikes
from apps.users.models import User
from tests.factories import MessageFactory, UserFactory
from tests.moderation.factories import claimed_case, make_case, make_policy, make_staff
from tests.moderation.programs import Caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def moderator() -> User:
    return make_staff()


@pytest.fixture
def owner() -> User:
    return UserFactory(name="Uma")


VIOLATES = {
    "verdict": "violates",
    "policy": "insults",
    "reason": "An insult.",
    "reason_for_user": "It insults somebody.",
    "measures": [{"kind": EnforcementKind.HIDE_MESSAGE.value}],
}


def test_a_report_is_taken_once_and_its_case_decided_in_the_version_that_was_read(
    moderator: User, owner: User
) -> None:
    make_policy()
    message = MessageFactory(conversation__owner=owner, content="You fool.")
    mine, staff = Caller(owner), Caller(moderator)
    report = mine.call("POST", f"messages/{message.pk}/reports", {"reason": "harassment"}, 201)
    assert (report["message_id"], report["outcome"]) == (message.pk, "pending")
    again = mine.call("POST", f"messages/{message.pk}/reports", {"reason": "spam"}, 409)
    assert again["code"] == "already_reported"

    case = staff.call("POST", "moderation/cases/next")
    page = f"moderation/cases/{case['id']}"
    detail = staff.call("GET", page)
    assert detail["snapshot"]["text"] == "You fool."
    shown = staff.call("POST", f"{page}/preview", VIOLATES)
    assert shown["effect"] == "Hides 1 message, adds 2 points, total 2."
    stale = staff.call("POST", f"{page}/decision", {**VIOLATES, "version": 1}, 409)
    assert stale["code"] == "case_changed"
    body = {**VIOLATES, "version": case["version"]}
    assert staff.call("POST", f"{page}/decision", body, 201)["actor_id"] == moderator.pk

    notices = mine.call("GET", "notices")["items"]
    notice = next(one for one in notices if one["appeal_until"])
    assert "It insults somebody." in notice["body"]
    assert mine.call("GET", "notices/standing")["points"] == 2


def test_an_appeal_is_sent_reviewed_and_ended_by_programs(moderator: User, owner: User) -> None:
    make_policy()
    case = claimed_case(moderator, MessageFactory(conversation__owner=owner))
    mine, staff, lead = Caller(owner), Caller(moderator), Caller(make_staff("lead"))
    page = f"moderation/cases/{case.pk}"
    staff.call("POST", f"{page}/decision", {**VIOLATES, "version": case.version}, 201)
    notice = mine.call("GET", "notices")["items"][0]
    appeal = f"notices/{notice['id']}/appeal"
    assert mine.call("POST", appeal, {"text": "A joke."}, 201)["state"] == "submitted"

    waiting = lead.call("GET", "moderation/appeals?state=submitted")["items"][0]
    assert (waiting["text"], waiting["first_reason"]) == ("A joke.", None)
    held = lead.call("POST", f"{page}/claim")
    assert lead.call("GET", page)["decisions"][0]["reason"] == ""
    review = f"moderation/appeals/{waiting['id']}"
    ruling = {"version": held["version"], "outcome": "overturned", "reason": "A joke."}
    assert lead.call("POST", f"{review}/decision", ruling, 409)["code"] == "first_opinion_missing"
    noted = lead.call("POST", f"{review}/opinion", {"verdict": "no_violation"})
    assert noted["first_reason"] == "An insult."
    assert lead.call("POST", f"{review}/decision", ruling)["state"] == "overturned"
    assert strikes.active_points(owner.pk) == 0
    assert mine.call("GET", "notices")["items"][0]["title"] == "Your appeal was accepted"


def test_a_case_is_listed_noted_released_taken_over_and_its_decision_undone(
    moderator: User,
) -> None:
    make_policy()
    first, second = make_case(), make_case()
    staff, lead = Caller(moderator), Caller(make_staff("lead"))
    page = staff.call("GET", "moderation/cases?limit=1")
    assert len(page["items"]) == 1
    rest = staff.call("GET", f"moderation/cases?limit=1&cursor={page['next_cursor']}")
    numbers = {one["id"] for one in [*page["items"], *rest["items"]]}
    assert numbers == {first.pk, second.pk}
    assert (
        staff.call("GET", f"moderation/cases?message_id={first.message_id}")["items"][0]["id"]
        == first.pk
    )
    path = f"moderation/cases/{first.pk}"
    staff.call("POST", f"{path}/claim")
    assert staff.call("POST", f"{path}/notes", {"text": "Seen."}, 201)["text"] == "Seen."
    assert staff.call("POST", f"{path}/take-over", {"reason": "So."}, 403)["code"] == "forbidden"
    taken = lead.call("POST", f"{path}/take-over", {"reason": "The shift is over."})
    assert staff.call("POST", f"{path}/claim", status=409)["code"] == "case_claimed"
    body = {"verdict": "no_violation", "version": taken["version"]}
    made = lead.call("POST", f"{path}/decision", body, 201)
    undone = lead.call("POST", f"moderation/decisions/{made['id']}/undo", {"reason": "No."}, 201)
    assert (undone["is_undo"], undone["supersedes_id"]) == (True, made["id"])
    staff.call("POST", f"{path}/claim")
    assert staff.call("POST", f"{path}/release")["state"] == "open"
    policies = staff.call("GET", "moderation/policies")
    assert [one["code"] for one in policies["items"]] == ["insults"]
    assert len(staff.call("GET", "moderation/flags")["items"]) == 2


def test_the_filters_of_the_queue_narrow_the_list_and_the_next_case(moderator: User) -> None:
    late, other = make_case(MessageFactory(content="A blunt word.")), make_case()
    Case.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(hours=1), priority=-1)
    staff = Caller(moderator)

    def found(query: str) -> list[int]:
        rows = staff.call("GET", f"moderation/cases?{query}")["items"]
        return sorted(one["id"] for one in rows)

    assert (found("age=overdue"), found("age=later")) == ([late.pk], [])
    assert found("q=blunt&within=7") == [late.pk]
    assert (found("rule=999"), found("role=user&source=user")) == ([], [late.pk, other.pk])
    refused = staff.call("GET", "moderation/cases?q=ab", status=400)
    assert refused["code"] == "search_refused"
    assert staff.call("POST", "moderation/cases/next?age=overdue")["id"] == late.pk
    assert (found("claimed_by=me"), found("claimed_by=nobody")) == ([late.pk], [other.pk])
    empty = staff.call("POST", "moderation/cases/next?age=overdue", status=404)
    assert empty["code"] == "queue_empty"
    wrong = staff.call("POST", "moderation/cases/next?age=old", status=400)
    assert wrong["code"] == "validation_failed"


def test_what_is_closed_is_listed_with_the_newest_first(moderator: User) -> None:
    first, second = make_case(), make_case()
    Case.objects.update(state="closed", closed_at=timezone.now())
    Case.objects.filter(pk=first.pk).update(priority=100)
    rows = Caller(moderator).call("GET", "moderation/cases?state=closed")["items"]
    assert [one["id"] for one in rows] == [second.pk, first.pk]


def test_a_lead_decides_several_cases_alike_and_takes_the_batch_back(moderator: User) -> None:
    made = [make_case() for _ in range(2)]
    ruling = {"verdict": "no_violation"}
    picks = [{"case_id": case.pk, "version": case.version} for case in made]
    lead, path = Caller(make_staff("lead")), "moderation/batches"
    stale = {**ruling, "cases": [picks[0], {**picks[1], "version": 99}]}
    assert Caller(moderator).call("POST", path, stale, 403)["code"] == "forbidden"
    too_many = [{"case_id": number, "version": 1} for number in range(1, 22)]
    unsure = lead.call("POST", path, {**ruling, "cases": too_many}, 400)
    assert unsure["error"][0]["type"] == "count_not_typed"
    batch = lead.call("POST", path, stale)
    assert batch["done"] == 1
    assert [line.partition(":")[0] for line in batch["refused"]] == [f"#{made[1].pk}"]
    undo = f"{path}/{batch['batch_id']}/undo"
    assert lead.call("POST", undo, {"reason": "A mistake."})["done"] == 1
    assert lead.call("POST", undo, {"reason": "Again."}, 404)["code"] == "batch_not_found"
    assert set(Case.objects.values_list("state", flat=True)) == {"open"}


def test_what_stands_around_a_case_is_read_on_and_its_person_revealed_on_record(
    moderator: User, owner: User
) -> None:
    first = MessageFactory(conversation__owner=owner, content="<b>Before</b>")
    second = MessageFactory(conversation=first.conversation)
    case = make_case(MessageFactory(conversation=first.conversation))
    staff, lead = Caller(moderator), Caller(make_staff("lead"))
    page = f"moderation/cases/{case.pk}"
    more = staff.call("GET", f"{page}/exchange?beyond={second.pk}")
    assert [(line["id"], line["text"]) for line in more["before"]] == [(first.pk, "<b>Before</b>")]
    assert (more["after"], more["has_earlier"]) == ([], False)
    assert staff.call("POST", f"{page}/reveal", {"reason": "So."}, 403)["code"] == "forbidden"
    assert lead.call("POST", f"{page}/reveal", {"reason": " "}, 400)["code"] == "validation_failed"
    assert lead.call("POST", f"{page}/reveal", {"reason": "A threat."}) == {"email": owner.email}
    event = AuditEvent.objects.get(action="user.revealed")
    assert (event.reason, event.data) == ("A threat.", {"case_id": case.pk})
    assert AuditEvent.objects.filter(action="conversation.read", actor_id=moderator.pk).exists()
    Case.objects.filter(pk=case.pk).update(state="closed", closed_at=timezone.now())
    closed = staff.call("GET", f"{page}/exchange?beyond=1", status=403)
    assert closed["code"] == "grant_required"


def test_each_showing_of_an_address_is_on_record_whatever_key_it_is_asked_for_with() -> None:
    case, lead = make_case(), Caller(make_staff("lead"))
    lead.program.headers["Idempotency-Key"] = "the-same-one"
    for times in (1, 2):
        found = lead.call("POST", f"moderation/cases/{case.pk}/reveal", {"reason": "A threat."})
        assert found == {"email": case.subject.email}
        assert AuditEvent.objects.filter(action="user.revealed").count() == times
    assert not IdempotentRequest.objects.exists()


def test_reading_under_a_grant_is_asked_for_and_shown_to_the_owner(
    moderator: User, owner: User
) -> None:
    conversation = MessageFactory(conversation__owner=owner).conversation
    staff = Caller(moderator)
    body = {"conversation_id": conversation.pk, "reason": "A complaint."}
    grant = staff.call("POST", "moderation/grants", body, 201)
    asked = Caller(owner)
    readings = asked.call("GET", "notices/readings")
    assert [(one["reader"], one["reason"]) for one in readings["items"]] == [
        (moderator.name, "A complaint.")
    ]
    staff.call("DELETE", f"moderation/grants/{grant['id']}")
    grant = staff.call("POST", "moderation/grants", {**body, "reason": "Another."}, 201)
    first = asked.call("GET", "notices/readings?limit=1")
    second = asked.call("GET", f"notices/readings?limit=1&cursor={first['next_cursor']}")
    shown = [page["items"][0]["reason"] for page in (first, second)]
    assert (shown, second["next_cursor"]) == (["Another.", "A complaint."], None)
    assert staff.call("DELETE", f"moderation/grants/{grant['id']}")["revoked_at"] is not None


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "cases", None),
        ("POST", "cases/next", None),
        ("GET", "cases/{case}", None),
        ("POST", "cases/{case}/claim", None),
        ("POST", "cases/{case}/decision", {"verdict": "unsure", "version": 1}),
        ("GET", "appeals", None),
        ("GET", "flags", None),
        ("GET", "policies", None),
        ("POST", "grants", {"conversation_id": 1, "reason": "So."}),
    ],
)
def test_moderation_is_for_staff_with_a_token_of_that_scope(
    moderator: User, owner: User, method: str, path: str, body: object
) -> None:
    case = make_case()
    path = f"moderation/{path.format(case=case.pk)}"
    assert Caller(owner).call(method, path, body, 403)["code"] == "forbidden"
    narrow = Caller(moderator, scopes=["chat", "account"])
    assert narrow.call(method, path, body, 403)["code"] == "missing_scope"


def test_what_is_not_yours_is_not_there(owner: User) -> None:
    make_case()
    mine = Caller(owner)
    other = Case.objects.get()
    report = mine.call("POST", f"messages/{other.message_id}/reports", {"reason": "spam"}, 404)
    assert report["code"] == "message_not_found"
    assert mine.call("GET", "notices/1", status=404)["code"] == "notice_not_found"
    assert mine.call("POST", "notices/1/appeal", {"text": "No."}, 404)["code"] == "notice_not_found"
