"""An appeal on the page of its case: first the reviewer's opinion, then the reasons."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.conversations.models import Message
from apps.moderation.constants import AppealState, Verdict
from apps.moderation.models import Appeal, Case, Notice
from apps.moderation.services.appeals import appeals
from apps.moderation.services.cases import cases
from apps.moderation.services.decisions import decisions
from apps.moderation.services.decisions.decisions import Ruling
from apps.users.models import User
from tests.moderation.factories import claimed_case, make_case, make_policy, make_staff
from tests.moderation.programs import Caller

pytestmark = pytest.mark.django_db
REASON = "An insult between friends."


@pytest.fixture
def appeal() -> Appeal:
    make_policy()
    moderator = make_staff()
    case = claimed_case(moderator)
    decision = decisions.decide(
        actor=moderator,
        case_id=case.pk,
        version=case.version,
        ruling=Ruling(verdict=Verdict.VIOLATES, policy_code="insults", reason=REASON),
    )
    notice = Notice.objects.get(decision=decision, subject=case.subject_id)
    owner = User.objects.get(pk=case.subject_id)
    return appeals.submit(actor=owner, notice_id=notice.pk, text="It was a <b>joke</b>.")


def browser_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_a_lead_says_what_they_think_reads_the_reasons_and_decides(appeal: Appeal) -> None:
    lead = make_staff("lead")
    browser = browser_of(lead)
    page = reverse("admin:moderation_case_page", args=[appeal.case_id])
    cases.claim(actor=lead, case_id=appeal.case_id)
    text = browser.get(page).content.decode()
    assert "It was a &lt;b&gt;joke&lt;/b&gt;." in text
    assert REASON not in text
    assert "Keep my first opinion" in text
    opinion = reverse("admin:moderation_appeal_opinion", args=[appeal.pk])
    browser.post(opinion, {"verdict": "no_violation", "case": appeal.case_id})
    text = browser.get(page).content.decode()
    assert REASON in text
    decide = reverse("admin:moderation_appeal_decide", args=[appeal.pk])
    sent = {
        "outcome": "overturned",
        "reason": "They are friends.",
        "case": appeal.case_id,
        "version": Case.objects.get().version,
    }
    browser.post(decide, sent)
    assert Appeal.objects.get().state == AppealState.OVERTURNED
    assert "Overturned" in browser.get(page).content.decode()


def test_the_record_of_decisions_keeps_the_reasons_from_a_reviewer_until_their_opinion(
    appeal: Appeal,
) -> None:
    def told(person: User) -> list[bool]:
        record = browser_of(person)
        row = reverse("admin:moderation_decision_change", args=[appeal.decision_id])
        pages = [record.get(url) for url in (reverse("admin:moderation_decision_changelist"), row)]
        path = f"moderation/decisions?case_id={appeal.case_id}"
        (listed,) = Caller(person).call("GET", path)["items"]
        return [*(REASON in page.content.decode() for page in pages), listed["reason"] == REASON]

    lead = make_staff("lead")
    assert told(lead) == [False] * 3
    assert told(make_staff()) == [True] * 3
    cases.claim(actor=lead, case_id=appeal.case_id)
    appeals.note_first_opinion(actor=lead, appeal_id=appeal.pk, verdict=Verdict.VIOLATES)
    assert told(lead) == [True] * 3
    assert told(make_staff("lead")) == [False] * 3


def test_a_moderator_reads_that_a_lead_decides_and_cannot(appeal: Appeal) -> None:
    other = make_staff()
    browser = browser_of(other)
    page = reverse("admin:moderation_case_page", args=[appeal.case_id])
    text = browser.get(page).content.decode()
    assert "Keep my first opinion" not in text
    opinion = reverse("admin:moderation_appeal_opinion", args=[appeal.pk])
    sent = {"verdict": "violates", "case": appeal.case_id}
    refused = browser.post(opinion, sent, headers={"Accept": "application/json"})
    assert refused.status_code == 403
    assert Appeal.objects.get().first_opinion == ""


def test_the_appeals_are_listed_in_the_admin(appeal: Appeal) -> None:
    text = browser_of(make_staff("lead")).get("/admin/moderation/appeal/").content.decode()
    assert f"#{appeal.pk}" in text


def test_a_plain_form_about_an_appeal_keeps_what_was_typed(appeal: Appeal) -> None:
    lead = make_staff("lead")
    held = cases.claim(actor=lead, case_id=appeal.case_id)
    appeals.note_first_opinion(actor=lead, appeal_id=appeal.pk, verdict=Verdict.VIOLATES)
    make_case(Message.objects.get(pk=held.message_id))
    typed = {
        "case": held.pk,
        "version": held.version,
        "outcome": "overturned",
        "reason": "It was a joke.",
        "reason_for_user": "You are right.",
        "seen_at": held.updated_at.isoformat(),
    }
    decide = reverse("admin:moderation_appeal_decide", args=[appeal.pk])
    response = browser_of(lead).post(decide, typed)
    page = response.content.decode()
    assert response.status_code == 409
    assert "<li>New flag: user, insults or harasses</li>" in page
    assert ">It was a joke.</textarea>" in page
    assert ">You are right.</textarea>" in page
    assert 'value="overturned" checked>' in page
