"""Policies and thresholds for programs: what leads do on the pages, with the same rights."""

from typing import Any

import orjson
import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audit.models import AuditEvent
from apps.moderation.models import Policy, PolicyVersion, Threshold
from apps.moderation.schemas.policies import Consequence
from tests.moderation.factories import make_policy, make_rule, make_staff, make_thresholds
from tests.moderation.programs import Caller

pytestmark = pytest.mark.django_db
PATH = "moderation/policies"
VERSION = {
    "title": "No spam",
    "text_for_users": "Do not send spam.",
    "guidance": "Look at the pace.",
    "good_example": "A newsletter.",
    "bad_example": "The same, forty times.",
    "reason_template": "It is spam.",
    "severity": 1,
    "strike_points": 1,
    "sla_minutes": 60,
    "shortcut": 5,
    "reason": "People asked.",
}
SETTING = {"points": 6, "consequence": "suspend", "hours": 24, "reason": "Too mild."}


def answered(caller: Caller, method: str, path: str, body: object = None, **headers: str) -> Any:
    return async_to_sync(caller.program.call)(method, path, body, **headers)


def test_a_lead_writes_changes_retires_and_reinstates_a_policy_on_record() -> None:
    lead = Caller(make_staff("lead"))
    made = lead.call("POST", PATH, {**VERSION, "code": "spam"}, 201)
    assert (made["code"], made["version"], made["is_active"]) == ("spam", 1, True)
    assert {name: made[name] for name in VERSION if name != "reason"} == {
        name: value for name, value in VERSION.items() if name != "reason"
    }
    page = f"{PATH}/{made['id']}"
    assert lead.call("GET", page) == made
    second = lead.call("POST", f"{page}/versions", {**VERSION, "title": "No flooding"}, 201)
    assert (second["id"], second["title"], second["version"]) == (made["id"], "No flooding", 2)
    versions = lead.call("GET", f"{page}/versions")["items"]
    assert [(one["number"], one["title"]) for one in versions] == [
        (2, "No flooding"),
        (1, "No spam"),
    ]
    assert lead.call("POST", f"{page}/retire", {"reason": "Not needed."})["is_active"] is False
    assert lead.call("GET", PATH)["items"] == []
    [retired] = lead.call("GET", f"{PATH}?use=retired")["items"]
    assert (retired["id"], retired["is_active"]) == (made["id"], False)
    third = lead.call("POST", f"{page}/versions", VERSION, 201)
    assert (third["version"], third["is_active"]) == (3, False)
    assert lead.call("POST", f"{page}/reinstate", {"reason": "It is."})["is_active"] is True
    events = AuditEvent.objects.filter(action="policy.changed", target_id=made["id"])
    assert list(events.order_by("id").values_list("reason", "actor_id")) == [
        (reason, lead.program.user.pk)
        for reason in (
            "People asked.",
            "People asked.",
            "Not needed.",
            "People asked.",
            "It is.",
        )
    ]


def test_a_policy_is_changed_in_the_state_that_was_read_and_its_code_taken_once() -> None:
    lead = Caller(make_staff("lead"))
    policy = make_policy("spam")
    page = f"{PATH}/{policy.pk}"
    read = answered(lead, "GET", page).headers["ETag"]
    first = answered(lead, "POST", f"{page}/versions", VERSION, If_Match=read)
    stale = answered(lead, "POST", f"{page}/versions", VERSION, If_Match=read)
    retired = answered(lead, "POST", f"{page}/retire", {"reason": "So."}, If_Match=read)
    assert [one.status_code for one in (first, stale, retired)] == [201, 412, 412]
    assert first.headers["ETag"] == answered(lead, "GET", page).headers["ETag"] != read
    taken = lead.call("POST", PATH, {**VERSION, "shortcut": None, "code": "spam"}, 400)
    assert taken["error"][0]["type"] == "code_taken"
    key = lead.call("POST", PATH, {**VERSION, "code": "other"}, 400)
    assert key["error"][0]["type"] == "key_taken"
    for wrong in (
        {name: value for name, value in VERSION.items() if name != "guidance"},
        {**VERSION, "reason": " "},
        {**VERSION, "severity": 9},
        {**VERSION, "title": "x" * 121},
        {**VERSION, "code": "other"},
    ):
        assert lead.call("POST", f"{page}/versions", wrong, 400)["code"] == "validation_failed"
    assert lead.call("POST", f"{page}/retire", {}, 400)["code"] == "validation_failed"
    assert (Policy.objects.count(), PolicyVersion.objects.count()) == (1, 2)
    assert Policy.objects.get().is_active


def test_a_policy_whose_rules_are_on_stays_in_use() -> None:
    rule = make_rule()
    path = f"{PATH}/{rule.policy_id}/retire"
    refused = Caller(make_staff("lead")).call("POST", path, {"reason": "Old."}, 409)
    assert refused["code"] == "policy_in_use"
    assert Policy.objects.get().is_active


def test_a_policy_is_written_once_for_one_key() -> None:
    lead, body = Caller(make_staff("lead")), {**VERSION, "code": "spam"}
    answers = [answered(lead, "POST", PATH, body, Idempotency_Key="k") for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert PolicyVersion.objects.count() == 1


def test_who_may_not_write_policies_or_thresholds_changes_nothing() -> None:
    make_thresholds()
    policy, threshold = make_policy(), Threshold.objects.earliest("points")
    writes = (
        ("POST", PATH, {**VERSION, "code": "spam"}),
        ("POST", f"{PATH}/{policy.pk}/versions", VERSION),
        ("POST", f"{PATH}/{policy.pk}/retire", {"reason": "So."}),
        ("POST", f"{PATH}/{policy.pk}/reinstate", {"reason": "So."}),
        ("PUT", "moderation/thresholds", SETTING),
        ("POST", f"moderation/thresholds/{threshold.pk}/remove", {"reason": "So."}),
    )
    author, support = make_staff("rule_author"), make_staff("support", role="user")
    for person in (make_staff(), make_staff("auditor", role="user"), author, support):
        for method, path, body in writes:
            assert Caller(person).call(method, path, body, 403)["code"] == "forbidden"
    lead = Caller(make_staff("lead"), scopes=["account", "chat"])
    assert lead.call("POST", PATH, {**VERSION, "code": "spam"}, 403)["code"] == "missing_scope"
    assert [one.current for one in Policy.objects.all()] == [policy.current]
    assert Threshold.objects.count() == 3
    assert not AuditEvent.objects.filter(action="policy.changed").exists()


def test_whoever_may_see_policies_reads_them_rule_authors_too() -> None:
    policy = make_policy()
    make_policy("old", is_active=False)
    author, support = make_staff("rule_author", role="user"), make_staff("support", role="user")
    for person in (make_staff(), author, make_staff("auditor", role="user")):
        caller = Caller(person)
        assert [one["code"] for one in caller.call("GET", PATH)["items"]] == ["insults"]
        found = caller.call("GET", f"{PATH}?use=any")["items"]
        assert [one["code"] for one in found] == ["insults", "old"]
        assert caller.call("GET", f"{PATH}/{policy.pk}")["title"] == "No insults"
    for path in (PATH, f"{PATH}/{policy.pk}", f"{PATH}/{policy.pk}/versions"):
        assert Caller(support).call("GET", path, status=403)["code"] == "forbidden"
    missing = Caller(make_staff()).call("GET", f"{PATH}/999999", status=404)
    assert missing["code"] == "policy_not_found"
    refused = Caller(author).call("GET", "moderation/thresholds", status=403)
    assert refused["code"] == "forbidden"


def test_policies_are_listed_a_page_at_a_time_with_the_same_few_queries() -> None:
    for number in range(5):
        make_policy(f"p{number}")
    lead = Caller(make_staff("lead"))
    lead.call("GET", PATH)
    counts = []
    for limit in (1, 5):
        with CaptureQueriesContext(connection) as queries:
            page = lead.call("GET", f"{PATH}?limit={limit}")
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert [one["code"] for one in page["items"]] == [f"p{number}" for number in range(5)]
    first = lead.call("GET", f"{PATH}?limit=2")
    second = lead.call("GET", f"{PATH}?limit=3&cursor={first['next_cursor']}")
    assert [one["code"] for one in second["items"]] == ["p2", "p3", "p4"]
    assert second["next_cursor"] is None


def test_thresholds_are_listed_set_replaced_and_removed_on_record() -> None:
    make_thresholds()
    lead, path = Caller(make_staff("lead")), "moderation/thresholds"
    listed = lead.call("GET", path)["items"]
    assert [(one["points"], one["consequence"]) for one in listed] == [
        (3, "warn"),
        (6, "restrict"),
        (10, "suspend"),
    ]
    page = f"{path}/{listed[1]['id']}"
    read = answered(lead, "GET", page).headers["ETag"]
    first = answered(lead, "PUT", path, SETTING, If_Match=read)
    stale = answered(lead, "PUT", path, {**SETTING, "hours": 48}, If_Match=read)
    unknown = answered(lead, "PUT", path, {**SETTING, "points": 7}, If_Match=read)
    removed = answered(lead, "POST", f"{page}/remove", {"reason": "So."}, If_Match=read)
    said = [one.status_code for one in (first, stale, unknown, removed)]
    assert said == [200, 412, 412, 412]
    set_to = orjson.loads(first.content)["data"]
    assert set_to == {"id": listed[1]["id"], "points": 6, "consequence": "suspend", "hours": 24}
    for wrong in (
        {**SETTING, "points": 0},
        {**SETTING, "consequence": "hide_message"},
        {**SETTING, "hours": 87_601},
        {**SETTING, "consequence": "warn"},
        {**SETTING, "reason": ""},
    ):
        assert lead.call("PUT", path, wrong, 400)["code"] == "validation_failed"
    gone = lead.call("POST", f"{page}/remove", {"reason": "Not needed."})
    assert (gone["id"], gone["points"]) == (listed[1]["id"], 6)
    assert lead.call("GET", page, status=404)["code"] == "threshold_not_found"
    again = lead.call("POST", f"{page}/remove", {"reason": "Again."}, 404)
    assert again["code"] == "threshold_not_found"
    assert list(Threshold.objects.order_by("points").values_list("points", flat=True)) == [3, 10]
    events = AuditEvent.objects.filter(action="policy.changed", target_type="threshold")
    assert list(events.order_by("id").values_list("reason", "data__is_removed")) == [
        ("Too mild.", False),
        ("Not needed.", True),
    ]


def test_a_program_may_name_every_consequence_that_a_threshold_can_have() -> None:
    choices = Threshold._meta.get_field("consequence").choices
    assert set(Consequence.__args__) == {value for value, _ in choices or ()}
