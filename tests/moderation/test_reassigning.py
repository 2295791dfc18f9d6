"""A lead gives a case to somebody else: who may, to whom, and what stands in the record."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.core.errors import ForbiddenError, ValidationFailedError
from apps.moderation.constants import CaseState, Verdict
from apps.moderation.errors import CaseClosedError, OwnCaseError
from apps.moderation.models import Case
from apps.moderation.services.cases import cases, reassigning
from apps.moderation.services.decisions import decisions
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.desk import queue, queue_filters
from apps.users.models import User
from tests.factories import MessageFactory, UserFactory
from tests.moderation.factories import claimed_case, make_case, make_staff
from tests.moderation.programs import Caller

pytestmark = pytest.mark.django_db

WHY = "She speaks Dutch."


@pytest.fixture
def lead() -> User:
    return make_staff("lead")


def give(lead: User, case: Case, person: User) -> Case:
    return reassigning.reassign(actor=lead, case_id=case.pk, user_id=person.pk, reason=WHY)


def test_a_case_is_given_from_its_holder_to_somebody_who_decides_it(lead: User) -> None:
    mia, noor = make_staff(), make_staff()
    case = claimed_case(mia)
    given = give(lead, case, noor)
    assert (given.state, given.claimed_by_id) == (CaseState.CLAIMED, noor.pk)
    assert given.claim_expires_at is not None
    assert timedelta(minutes=59) < given.claim_expires_at - timezone.now() <= reassigning.GIVEN
    event = AuditEvent.objects.get(action="case.reassigned")
    assert (event.actor_id, event.target_id, event.reason) == (lead.pk, case.pk, WHY)
    assert (event.data["former_holder_id"], event.data["holder_id"]) == (mia.pk, noor.pk)
    told: Any = Caller(make_staff()).call("GET", f"moderation/cases/{case.pk}/timeline")
    entry = next(one for one in told if one["what"].startswith("gave it"))
    assert entry["what"] == f"gave it from {mia.name} to {noor.name}"
    decisions.decide(
        actor=noor,
        case_id=case.pk,
        version=given.version,
        ruling=Ruling(verdict=Verdict.NO_VIOLATION),
    )


def test_opening_what_was_given_is_recorded_as_taking_it_and_begins_its_ten_minutes(
    lead: User,
) -> None:
    noor = make_staff()
    case = give(lead, make_case(), noor)
    opened = cases.claim(actor=noor, case_id=case.pk)
    assert opened.claim_expires_at is not None
    assert opened.claim_expires_at - timezone.now() <= cases.CLAIM
    assert AuditEvent.objects.get(action="case.claimed").actor_id == noor.pk
    cases.claim(actor=noor, case_id=case.pk)
    assert AuditEvent.objects.filter(action="case.claimed").count() == 1


def test_what_was_given_is_taken_however_late_it_is_opened(lead: User) -> None:
    noor = make_staff()
    case = give(lead, make_case(), noor)
    begun, soon = (timezone.now() + timedelta(minutes=minutes) for minutes in (-50, 10))
    Case.objects.filter(pk=case.pk).update(claimed_at=begun, claim_expires_at=soon)
    browser = Client()
    browser.force_login(noor)
    page = f"/admin/moderation/queue/{case.pk}/"
    assert " data-given " in browser.get(page).text.split("data-claim-url")[0]
    opened = cases.claim(actor=noor, case_id=case.pk)
    assert opened.claimed_at is not None
    assert opened.claimed_at > begun + timedelta(minutes=49)
    assert AuditEvent.objects.get(action="case.claimed").data["severity"] == case.severity
    assert "data-given" not in browser.get(page).text


def test_deciding_what_was_given_without_opening_it_is_recorded_as_taking_it(lead: User) -> None:
    noor = make_staff()
    case = give(lead, make_case(), noor)
    okay = Ruling(verdict=Verdict.NO_VIOLATION)
    decisions.decide(actor=noor, case_id=case.pk, version=case.version, ruling=okay)
    assert AuditEvent.objects.get(action="case.claimed").actor_id == noor.pk
    assert Case.objects.get(pk=case.pk).given_at is None


def test_the_next_case_is_first_what_a_lead_gave(lead: User) -> None:
    noor = make_staff()
    given, handed_on, other = make_case(), claimed_case(lead), make_case()
    unsure = Ruling(verdict=Verdict.UNSURE)
    decisions.decide(actor=lead, case_id=handed_on.pk, version=handed_on.version, ruling=unsure)
    Case.objects.filter(pk=other.pk).update(priority=900)
    give(lead, given, noor)
    assert [cases.take_next(actor=noor).pk for _ in range(2)] == [given.pk, other.pk]
    assert AuditEvent.objects.filter(action="case.claimed", target_id=given.pk).count() == 1


def test_who_is_given_a_case_finds_it_first_with_the_name_of_the_lead_until_they_open_it(
    lead: User,
) -> None:
    noor, other = make_staff(), make_staff()
    case = give(lead, make_case(), noor)
    make_case()
    chosen = queue_filters.parse({})
    [mine] = queue.take_slice(viewer=noor, chosen=chosen).mine
    assert (mine.case.pk, mine.is_mine, mine.given_by) == (case.pk, True, lead.name)
    browser = Client()
    browser.force_login(noor)
    assert f"{lead.name} gave it to you" in browser.get("/admin/moderation/queue/").text
    rows = queue.take_slice(viewer=other, chosen=chosen).rows
    assert [row.given_by for row in rows] == ["", ""]
    cases.claim(actor=noor, case_id=case.pk)
    [mine] = queue.take_slice(viewer=noor, chosen=chosen).mine
    assert mine.given_by == ""


def test_nobody_is_given_a_case_that_they_may_not_decide(lead: User) -> None:
    reporter = make_staff()
    own = make_case(MessageFactory(conversation__owner=make_staff()), reporter)
    handed_on = claimed_case(mia := make_staff())
    unsure = Ruling(verdict=Verdict.UNSURE)
    decisions.decide(actor=mia, case_id=handed_on.pk, version=handed_on.version, ruling=unsure)
    suspended = make_staff()
    User.objects.filter(pk=suspended.pk).update(standing="suspended")
    auditor = make_staff("auditor", role="user")
    appealed = make_case()
    Case.objects.filter(pk=appealed.pk).update(has_appeal=True)
    for case, person, code in (
        (own, reporter, "has_a_part"),
        (own, User.objects.get(pk=own.subject_id), "has_a_part"),
        (own, UserFactory(), "not_a_decider"),
        (own, auditor, "not_a_decider"),
        (own, suspended, "not_a_decider"),
        (handed_on, make_staff(), "not_a_lead"),
        (appealed, make_staff(), "decides_no_appeals"),
    ):
        with pytest.raises(ValidationFailedError) as refused:
            give(lead, case, person)
        assert refused.value.details is not None
        assert refused.value.details[0]["type"] == code
    assert not AuditEvent.objects.filter(action="case.reassigned").exists()


def test_only_a_lead_without_a_part_in_it_gives_a_case_that_waits(lead: User) -> None:
    other = make_staff()
    with pytest.raises(ForbiddenError):
        give(make_staff(), make_case(), other)
    with pytest.raises(OwnCaseError):
        give(lead, make_case(MessageFactory(conversation__owner=lead)), other)
    with pytest.raises(OwnCaseError):
        give(lead, make_case(reporter=lead), other)
    closed = claimed_case(mia := make_staff())
    okay = Ruling(verdict=Verdict.NO_VIOLATION)
    decisions.decide(actor=mia, case_id=closed.pk, version=closed.version, ruling=okay)
    with pytest.raises(CaseClosedError):
        give(lead, closed, other)


def test_programs_of_leads_give_cases_too(lead: User) -> None:
    noor = make_staff()
    path = f"moderation/cases/{make_case().pk}/reassign"
    body = {"user_id": noor.pk, "reason": WHY}
    assert Caller(make_staff()).call("POST", path, body, 403)["code"] == "forbidden"
    assert Caller(lead).call("POST", path, body)["claimed_by_id"] == noor.pk
    again: Any = Caller(lead).call("POST", path, body, 400)
    assert again["error"][0]["message"] == "They hold it already."
