"""The dashboard's figures and the audit record for programs: the same numbers, the same rights."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.models import AuditEvent
from apps.moderation.constants import Verdict
from apps.moderation.models import Case
from apps.moderation.services.decisions import decisions
from apps.moderation.services.decisions.decisions import Ruling
from tests.moderation.factories import claimed_case, make_case, make_policy, make_rule, make_staff
from tests.moderation.programs import Caller

pytestmark = pytest.mark.django_db
PAGES = ("queue", "decisions", "rules", "care")


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    cache.clear()


def test_leads_and_auditors_read_the_figures_and_nobody_else_does() -> None:
    rule = make_rule()
    paths = [
        *(f"moderation/metrics/{page}" for page in PAGES),
        f"moderation/metrics/rules/{rule.pk}",
    ]
    for duty in ("lead", "auditor"):
        caller = Caller(make_staff(duty))
        for path in paths:
            caller.call("GET", path)
    for other in (make_staff(), make_staff("rule_approver")):
        caller = Caller(other)
        for path in paths:
            assert caller.call("GET", path, status=403)["code"] == "forbidden"


def test_the_figures_are_those_of_the_dashboard() -> None:
    make_policy()
    moderator, lead = make_staff(), Caller(make_staff("lead"))
    waiting = make_case()
    Case.objects.filter(pk=waiting.pk).update(due_at=timezone.now() - timedelta(hours=1))
    case = claimed_case(moderator)
    ruling = Ruling(verdict=Verdict.VIOLATES, policy_code="insults", reason="An insult.")
    decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=ruling)
    queue = lead.call("GET", "moderation/metrics/queue?days=7")
    assert (queue["backlog"], [part["overdue"] for part in queue["waiting"]]) == (1, [1])
    assert len(queue["flow"]) == len(queue["first_by_day"]) == 7
    today = queue["flow"][-1]
    assert (today["opened"], today["closed"], today["by_source"]["user"]) == (2, 1, 2)
    assert queue["first"]["number"] == 1
    made = lead.call("GET", "moderation/metrics/decisions")
    assert sum(hour["by_people"] for hour in made["hours"]) == 1
    assert [(day["acted"], day["told"]) for day in made["notices"]][-1] == (1, 1)
    assert len(made["notices"]) == 30
    care = lead.call("GET", "moderation/metrics/care?days=90")
    assert (care["exposures"], len(care["days"])) == ([], 90)


def test_a_rule_has_figures_of_its_own() -> None:
    rule, lead = make_rule(name="Bad words"), Caller(make_staff("lead"))
    found = lead.call("GET", f"moderation/metrics/rules/{rule.pk}?days=7")
    assert (found["name"], found["hits"], len(found["days"])) == ("Bad words", 0, 7)
    assert found["precision"] == {"hits": 0, "total": 0, "value": None, "low": 0.0, "high": 1.0}
    [listed] = lead.call("GET", "moderation/metrics/rules")["rules"]
    assert (listed["rule_id"], listed["mode"]) == (rule.pk, "shadow")
    missing = lead.call("GET", "moderation/metrics/rules/999999", status=404)
    assert missing["code"] == "rule_not_found"
    assert lead.call("GET", "moderation/metrics/queue?days=8", status=400)["error"][0]["field"]


def test_the_record_is_listed_newest_first_page_by_page() -> None:
    lead, other = make_staff("lead"), make_staff()
    for number in range(3):
        audit.record(actor=lead, action="case.claimed", target_type="case", target_id=number)
    audit.record(actor=other, action="case.released", target_type="case", target_id=1, reason="So.")
    caller = Caller(make_staff("auditor"))
    first = caller.call("GET", "moderation/audit?limit=3")
    rest = caller.call("GET", f"moderation/audit?limit=3&cursor={first['next_cursor']}")
    listed = [row["id"] for row in (*first["items"], *rest["items"])]
    assert listed == list(AuditEvent.objects.order_by("-id").values_list("pk", flat=True))
    assert rest["next_cursor"] is None
    [newest, *_] = first["items"]
    assert {name: newest[name] for name in ("actor_id", "action", "target_id", "reason")} == {
        "actor_id": other.pk,
        "action": "case.released",
        "target_id": 1,
        "reason": "So.",
    }


def test_the_record_is_found_by_actor_action_and_whole_target() -> None:
    lead, other = make_staff("lead"), make_staff()
    for actor, action, target in (
        (lead, "case.claimed", 7),
        (lead, "case.released", 7),
        (other, "case.claimed", 8),
    ):
        audit.record(actor=actor, action=action, target_type="case", target_id=target)
    caller = Caller(make_staff("auditor"))

    def found(query: str) -> list[tuple[str, int]]:
        rows = caller.call("GET", f"moderation/audit?{query}")["items"]
        return [(row["action"], row["target_id"]) for row in rows]

    assert found(f"actor_id={lead.pk}") == [("case.released", 7), ("case.claimed", 7)]
    assert found("action=case.claimed") == [("case.claimed", 8), ("case.claimed", 7)]
    assert found("target_type=case&target_id=8") == [("case.claimed", 8)]
    for half in ("target_type=case", "target_id=8", "action=case.danced", "actor_id=0"):
        refused = caller.call("GET", f"moderation/audit?{half}", status=400)
        assert refused["code"] == "validation_failed"
