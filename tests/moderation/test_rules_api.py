"""Rules for programs: from a draft through a back-test to a mode, with the rights of the pages."""

import pytest

from apps.moderation.models import Rule
from apps.moderation.services import back_tests
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
    label = author.call("PUT", f"moderation/matches/{match['id']}/label", {"is_violation": True})
    assert label["is_violation"] is True
    assert author.call("GET", f"{page}/back-tests")["items"][0]["id"] == begun["id"]

    body = {"mode": "shadow", "version_id": second["id"]}
    assert author.call("POST", f"{page}/mode", body)["mode"] == "shadow"
    assert author.call("GET", f"{page}/scorecard")["hits"] == 0
    assert [row["id"] for row in author.call("GET", "moderation/rules?mode=shadow")["items"]] == [
        rule["id"]
    ]


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
