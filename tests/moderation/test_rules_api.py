"""Rules for programs: from a draft through a back-test to a mode, with the rights of the pages."""

import pytest
from django.contrib.auth.models import Group, Permission

from apps.audit.models import AuditEvent
from apps.core.models import IdempotentRequest
from apps.moderation.models import AccessGrant, BackTestMatch, Rule
from apps.moderation.services.rules import back_tests
from apps.users.models import User
from tests.factories import MessageFactory
from tests.moderation.factories import make_policy, make_rule, make_staff
from tests.moderation.programs import Caller

pytestmark = pytest.mark.django_db
WORDS = {"terms": ["badword"], "match": "word", "fold": True}
DRAFT = {
    "name": "Rude words",
    "kind": "keyword",
    "stage": "input",
    "applies_to": "user",
    "policy": "insults",
    "configuration": {"terms": ["rude"]},
}


def test_a_rule_is_written_tried_back_tested_labelled_and_put_into_shadow() -> None:
    make_policy()
    author = Caller(make_staff("rule_author"))
    rule = author.call("POST", "moderation/rules", DRAFT, 201)
    assert (rule["mode"], rule["version"]["configuration"]["match"]) == ("off", "word")
    page = f"moderation/rules/{rule['id']}"
    second = author.call("POST", f"{page}/versions", {"configuration": WORDS}, 201)
    assert second["number"] == 2

    trial = author.call("POST", f"{page}/try", {"text": "a b.a.d.w.o.r.d here"})
    assert [hit["passage"] for hit in trial["hits"]] == ["b.a.d.w.o.r.d"]

    MessageFactory(role="user", content="badword")
    MessageFactory(role="user", content="fine")
    begun = author.call("POST", "moderation/back-tests", {"version_id": second["id"]}, 202)
    assert (begun["state"], begun["total"]) == ("queued", 2)
    while back_tests.step(begun["id"]):
        pass
    test = f"moderation/back-tests/{begun['id']}"
    report = author.call("GET", test)
    assert (report["back_test"]["state"], report["rate"]["value"]) == ("done", 0.5)
    [match] = author.call("GET", f"{test}/matches")["items"]
    assert (match["start"], match["end"], match["is_violation"]) == (0, 7, None)
    assert author.call("POST", f"{test}/next-passage")["passage"] == "badword"
    label = author.call("PUT", f"moderation/matches/{match['id']}/label", {"is_violation": True})
    assert label["is_violation"] is True
    assert author.call("GET", f"{page}/back-tests")["items"][0]["id"] == begun["id"]

    body = {"mode": "shadow", "version_id": second["id"]}
    assert author.call("POST", f"{page}/mode", body)["mode"] == "shadow"
    assert author.call("GET", f"{page}/scorecard")["hits"] == 0
    assert [row["id"] for row in author.call("GET", "moderation/rules?mode=shadow")["items"]] == [
        rule["id"]
    ]


def test_a_match_is_labelled_by_who_was_shown_its_passage() -> None:
    rule, person = make_rule(stage="input", applies_to="user"), make_staff("rule_author")
    MessageFactory(role="user", content="badword")
    begun = back_tests.start(actor=person, version_id=rule.current_id)
    while back_tests.step(begun.pk):
        pass
    author, other = Caller(person), Caller(make_staff("rule_author"))
    passage = f"moderation/back-tests/{begun.pk}/next-passage"
    label = f"moderation/matches/{BackTestMatch.objects.get().pk}/label"
    refused = author.call("PUT", label, {"is_violation": True}, 409)
    assert (refused["code"], BackTestMatch.objects.get().is_violation) == ("passage_not_read", None)
    assert author.call("POST", passage)["passage"] == "badword"
    assert AccessGrant.objects.get().back_test_id == begun.pk
    assert author.call("PUT", label, {"is_violation": True})["is_violation"] is True
    assert author.call("POST", passage, status=404)["code"] == "nothing_to_label"
    assert other.call("PUT", label, {"is_violation": False}, 409)["code"] == "passage_not_read"
    assert other.call("PUT", label, {"is_violation": None})["is_violation"] is None
    told = AuditEvent.objects.filter(action="backtest.labelled").order_by("id")
    assert [(event.actor_id, event.target_id, event.data["is_violation"]) for event in told] == [
        (person.pk, rule.pk, True),
        (other.program.user.pk, rule.pk, None),
    ]


def test_each_passage_that_is_shown_is_a_reading_whatever_key_it_is_asked_for_with() -> None:
    rule, person = make_rule(stage="input", applies_to="user"), make_staff("rule_author")
    MessageFactory(role="user", content="badword")
    begun = back_tests.start(actor=person, version_id=rule.current_id)
    while back_tests.step(begun.pk):
        pass
    author = Caller(person)
    author.program.headers["Idempotency-Key"] = "the-same-one"
    passage = f"moderation/back-tests/{begun.pk}/next-passage"
    for times in (1, 2):
        assert author.call("POST", passage)["passage"] == "badword"
        assert AuditEvent.objects.filter(action="conversation.read").count() == times
    assert not IdempotentRequest.objects.exists()


def test_a_moderator_reads_what_the_pages_show_and_changes_nothing() -> None:
    rule = make_rule()
    moderator = Caller(make_staff())
    page = f"moderation/rules/{rule.pk}"
    for path, body in (
        (f"{page}/versions", {"configuration": WORDS}),
        (f"{page}/mode", {"mode": "enforce"}),
        ("moderation/back-tests", {"version_id": rule.current_id}),
    ):
        assert moderator.call("POST", path, body, 403)["code"] == "forbidden"
    assert Rule.objects.get().mode == "shadow"


def test_enforcing_has_to_be_earned_here_too() -> None:
    rule = make_rule()
    approver = Caller(make_staff("rule_author", "rule_approver"))
    refused = approver.call("POST", f"moderation/rules/{rule.pk}/mode", {"mode": "enforce"}, 409)
    assert refused["code"] == "rule_not_proven"


def test_the_history_of_a_rule_is_for_those_who_may_read_the_record() -> None:
    rule = make_rule()
    author, auditor = Caller(make_staff("rule_author")), Caller(make_staff("auditor"))
    author.call("POST", f"moderation/rules/{rule.pk}/mode", {"mode": "off"})
    assert author.call("GET", "moderation/rules/999999", status=404)["code"] == "rule_not_found"
    [event] = auditor.call("GET", f"moderation/rules/{rule.pk}/history")["items"]
    assert (event["action"], event["data"]["to"]) == ("rule.mode_changed", "off")


def test_a_moderator_reads_the_history_only_with_the_right_to_read_the_record() -> None:
    rule, moderator = make_rule(), make_staff()
    path = f"moderation/rules/{rule.pk}/history"
    assert Caller(moderator).call("GET", path)["items"] == []
    right = Permission.objects.get(codename="view_auditevent")
    Group.objects.get(name="moderator").permissions.remove(right)
    without = Caller(User.objects.get(pk=moderator.pk))
    assert without.call("GET", path, status=403)["code"] == "forbidden"
    assert without.call("GET", "moderation/audit", status=403)["code"] == "forbidden"


def test_the_limits_of_a_rule_are_set_whole_and_recorded() -> None:
    rule = make_rule()
    author = Caller(make_staff("rule_author"))
    path = f"moderation/rules/{rule.pk}/limits"
    wanted = {"action": "block_strike", "on_error": "closed", "daily_cap": 50}
    end = "2030-01-31T09:30:00Z"
    set_to = author.call("PUT", path, {**wanted, "expires_at": end})
    assert {name: set_to[name] for name in (*wanted, "expires_at")} == {**wanted, "expires_at": end}
    event = AuditEvent.objects.get(action="rule.changed")
    assert (event.data["daily_cap"], event.data["action"]) == (50, "block_strike")
    for wrong in (
        wanted,
        {**wanted, "expires_at": "2030-01-31T09:30:00"},
        {**wanted, "expires_at": "9999-12-31T23:59:59-14:00"},
        {**wanted, "expires_at": "9999-01-01T00:00:00Z"},
        {**wanted, "expires_at": "1970-01-01T00:00:00+14:00"},
        {**wanted, "expires_at": None, "daily_cap": -1},
        {**wanted, "expires_at": None, "daily_cap": 1_000_001},
        {**wanted, "expires_at": None, "action": "shout"},
    ):
        assert author.call("PUT", path, wrong, 400)["code"] == "validation_failed"
    last = author.call("PUT", path, {**wanted, "expires_at": "9999-01-01T13:59:59+14:00"})
    assert last["expires_at"] == "9998-12-31T23:59:59Z"
    Rule.objects.filter(pk=rule.pk).update(mode="enforce")
    assert author.call("PUT", path, {**wanted, "expires_at": None}, 403)["code"] == "forbidden"
    approver = Caller(make_staff("rule_approver"))
    assert approver.call("PUT", path, {**wanted, "expires_at": None})["expires_at"] is None
