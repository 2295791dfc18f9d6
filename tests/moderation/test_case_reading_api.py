"""What stands beside the text of a case, and the records, for programs of staff."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.conversations.models import Message
from apps.moderation.constants import EnforcementKind, FlagSource, HitOutcome, Verdict
from apps.moderation.models import Appeal, Case, Decision, Rule, RuleHit
from apps.moderation.services.cases import cases, flags
from apps.moderation.services.decisions import decisions
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.enforcements import Measure
from apps.users.models import User
from tests.factories import MessageFactory, UserFactory
from tests.moderation.factories import (
    make_case,
    make_decided,
    make_policy,
    make_rule,
    make_staff,
    make_thresholds,
)
from tests.moderation.programs import Caller

pytestmark = pytest.mark.django_db


def message_of(person: User) -> Message:
    return MessageFactory(conversation__owner=person, author=person)


def violated(person: User, *measures: tuple[EnforcementKind, int | None]) -> Decision:
    """Decide that something of a person violates."""
    case = make_case(message_of(person))
    return decisions.decide(
        actor=make_staff("lead"),
        case_id=case.pk,
        version=case.version,
        ruling=Ruling(
            verdict=Verdict.VIOLATES,
            policy_code="insults",
            reason="An insult.",
            measures=[Measure(kind=kind, hours=hours) for kind, hours in measures],
        ),
        is_override=True,
    )


def hit_case(person: User) -> Case:
    """Make a case that a rule opened."""
    rule = Rule.objects.first() or make_rule()
    message = message_of(person)
    hit = RuleHit.objects.create(
        rule=rule,
        version=rule.current,
        mode="flag",
        outcome=HitOutcome.FLAGGED,
        stage=rule.stage,
        message=message,
        subject=person,
        span_hash="abc",
        score=0.75,
        start=0,
        end=3,
    )
    return flags.raise_flag(message=message, source=FlagSource.RULE, hit=hit, policy=rule.policy)


def test_the_card_of_the_person_tells_how_they_stand_and_what_was_decided_before() -> None:
    make_policy()
    make_thresholds()
    person = UserFactory(name="Uma")
    earlier = violated(person, (EnforcementKind.RESTRICT, 24))
    make_case(message_of(person))
    case = make_case(message_of(person))
    card = Caller(make_staff()).call("GET", f"moderation/cases/{case.pk}/person")
    assert {name: card[name] for name in ("user_id", "name", "standing", "is_gone")} == {
        "user_id": person.pk,
        "name": "Uma",
        "standing": "Restricted",
        "is_gone": False,
    }
    figures = ("messages", "open_cases", "violations", "others", "points", "next_points")
    assert [card[name] for name in figures] == [3, 2, 1, 0, 2, 3]
    [restriction], [strike], [decision] = card["restrictions"], card["strikes"], card["decisions"]
    assert restriction["kind"] == "restriction"
    assert (strike["points"], strike["case_id"]) == (2, earlier.case_id)
    assert (decision["id"], decision["verdict"], decision["policy"]) == (
        earlier.pk,
        "violates",
        "No insults",
    )
    assert person.email not in str(card)
    assert "An insult." not in str(card)


def test_similar_cases_are_told_and_none_about_whoever_asks() -> None:
    make_policy("spam")
    make_rule()
    person, viewer = UserFactory(), make_staff()
    lead = make_staff("lead")
    for subject in (UserFactory(), viewer):
        case = hit_case(subject)
        decisions.decide(
            actor=lead,
            case_id=case.pk,
            version=case.version,
            ruling=Ruling(verdict=Verdict.NO_VIOLATION),
            is_override=True,
        )
    asked = hit_case(person)
    path = f"moderation/cases/{asked.pk}/similar"
    [similar] = Caller(viewer).call("GET", path)
    other = Case.objects.exclude(subject__in=[person.pk, viewer.pk]).get()
    assert (similar["case_id"], similar["verdict"], similar["shared"]) == (
        other.pk,
        "no_violation",
        "same passage",
    )
    assert len(Caller(make_staff()).call("GET", path)) == 2
    [flag] = Caller(viewer).call("GET", f"moderation/cases/{asked.pk}")["flags"]
    assert (flag["hit"]["rule"], flag["hit"]["mode"], flag["hit"]["score"]) == (
        "Bad words",
        "flag",
        0.75,
    )
    assert (flag["hit"]["start"], flag["hit"]["end"], flag["reports_decided"]) == (0, 3, 0)


def test_the_timeline_says_who_did_what_and_keeps_reasons_from_a_reviewer() -> None:
    person = UserFactory(name="Uma")
    decision = make_decided(person)
    Case.objects.filter(pk=decision.case_id).update(has_appeal=True, state="open", closed_at=None)
    lead = Caller(make_staff("lead"))
    path = f"moderation/cases/{decision.case_id}"
    told = lead.call("GET", f"{path}/timeline")
    whats = [entry["what"] for entry in told]
    assert whats.count("appealed") == 1
    assert "decided: violates, No insults" in whats
    assert "An insult." not in str(told)
    appeal = Appeal.objects.get()
    lead.call("POST", f"{path}/claim")
    opinion = {"verdict": "violates"}
    lead.call("POST", f"moderation/appeals/{appeal.pk}/opinion", opinion)
    assert "An insult." in str(lead.call("GET", f"{path}/timeline"))


def test_a_program_hears_who_holds_a_case_and_why_it_cannot_decide() -> None:
    holder, other, auditor = make_staff(), make_staff(), make_staff("auditor", role="user")
    case = make_case()
    cases.claim(actor=holder, case_id=case.pk)
    path = f"moderation/cases/{case.pk}/standing"
    mine, theirs = Caller(holder).call("GET", path), Caller(other).call("GET", path)
    assert (mine["is_mine"], mine["why_not"], mine["seconds_left"] > 0) == (True, "", True)
    assert (theirs["is_mine"], theirs["holder"]) == (False, holder.name)
    assert theirs["why_not"].startswith(f"{holder.name} has held it since")
    assert Caller(auditor).call("GET", path)["why_not"] != ""
    Case.objects.filter(pk=case.pk).update(claim_expires_at=timezone.now() - timedelta(seconds=1))
    assert Caller(other).call("GET", path)["why_not"] == ""


@pytest.mark.parametrize("part", ["person", "similar", "timeline", "standing", "notes"])
def test_nobody_reads_around_the_case_about_themself_nor_without_the_right(part: str) -> None:
    """Nor does anybody write a note there."""
    method, body = ("POST", {"text": "Hm."}) if part == "notes" else ("GET", None)
    moderator, support = make_staff(), make_staff("support", role="user")
    own = make_case(MessageFactory(conversation__owner=moderator))
    path = f"moderation/cases/{own.pk}/{part}"
    assert Caller(moderator).call(method, path, body, status=403)["code"] == "own_case"
    assert Caller(support).call(method, path, body, status=403)["code"] == "forbidden"
    missing = f"moderation/cases/999999/{part}"
    assert Caller(moderator).call(method, missing, body, status=404)["code"] == "case_not_found"


@pytest.mark.parametrize(("part", "most"), [("person", 9), ("similar", 6), ("timeline", 10)])
def test_reading_around_a_case_takes_the_same_few_queries_however_much_there_is(
    part: str, most: int
) -> None:
    make_policy()
    make_thresholds()
    person, caller = UserFactory(), Caller(make_staff())
    case = make_case(message_of(person))
    path, counts = f"moderation/cases/{case.pk}/{part}", []
    caller.call("GET", path)
    for _ in range(2):
        violated(person, (EnforcementKind.WARN, None))
        cases.add_note(actor=make_staff(), case_id=case.pk, text="A note.")
        with CaptureQueriesContext(connection) as queries:
            caller.call("GET", path)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= most


RECORDS: dict[str, tuple[str, Any]] = {
    "decisions": ("case_id", lambda decision: decision.case_id),
    "enforcements": ("decision_id", lambda decision: decision.pk),
    "strikes": ("subject_id", lambda decision: decision.case.subject_id),
    "notices": ("decision_id", lambda decision: decision.pk),
    "hits": ("message_id", lambda decision: decision.case.message_id),
    "flags": ("case_id", lambda decision: decision.case_id),
}


@pytest.mark.parametrize("name", RECORDS)
def test_records_are_listed_and_narrowed_and_none_is_about_the_viewer(name: str) -> None:
    moderator = make_staff()
    make_decided(moderator)
    found, other = make_decided(UserFactory()), make_decided(UserFactory())
    caller, path = Caller(moderator), f"moderation/{name}"
    column, value_of = RECORDS[name]
    listed = caller.call("GET", path)["items"]
    assert len(listed) == 2
    assert [one["id"] for one in listed] == sorted((one["id"] for one in listed), reverse=True)
    narrowed = caller.call("GET", f"{path}?{column}={value_of(found)}")["items"]
    assert [one["id"] for one in narrowed] == [listed[1]["id"]]
    assert other.pk > found.pk
    own = Decision.objects.get(case__subject=moderator)
    assert caller.call("GET", f"{path}?{column}={value_of(own)}")["items"] == []
    support = Caller(make_staff("support", role="user"))
    assert support.call("GET", path, status=403)["code"] == "forbidden"


def test_a_batch_is_looked_at_before_it_is_decided_and_read_until_it_is_taken_back() -> None:
    lead = make_staff("lead")
    made = [make_case(MessageFactory(content=f"Word {number}.")) for number in range(2)]
    own = make_case(MessageFactory(conversation__owner=lead))
    caller, path = Caller(lead), "moderation/batches"
    body = {"cases": [{"case_id": one.pk, "version": one.version} for one in (*made, own)]}
    refused = Caller(make_staff()).call("POST", f"{path}/preview", body, 403)
    assert refused["code"] == "forbidden"
    looked = caller.call("POST", f"{path}/preview", body)
    assert (looked["count"], looked["people"], looked["must_be_typed"]) == (2, 2, False)
    assert {one["text"] for one in looked["samples"]} == {"Word 0.", "Word 1."}
    noted = AuditEvent.objects.get(action="case.listed")
    assert sorted(noted.data["case_ids"]) == sorted(one.pk for one in made)
    assert not Decision.objects.exists()
    body["cases"] = body["cases"][:2]
    batch = caller.call("POST", path, {**body, "verdict": "no_violation"})["batch_id"]
    held = caller.call("GET", f"{path}/{batch}")
    assert {(one["case_id"], one["batch_id"]) for one in held} == {(one.pk, batch) for one in made}
    about = make_staff("lead")
    Case.objects.filter(pk=made[0].pk).update(subject=about)
    others = Caller(about).call("GET", f"{path}/{batch}")
    assert [one["case_id"] for one in others] == [made[1].pk]
    caller.call("POST", f"{path}/{batch}/undo", {"reason": "A mistake."})
    assert caller.call("GET", f"{path}/{batch}", status=404)["code"] == "batch_not_found"
