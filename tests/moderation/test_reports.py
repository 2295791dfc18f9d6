"""A person points at a message; the page works without a script."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.audit.models import AuditEvent
from apps.conversations.errors import MessageNotFoundError
from apps.core.errors import ValidationFailedError
from apps.moderation.constants import EnforcementKind, FlagOutcome, Verdict
from apps.moderation.errors import AlreadyReportedError, ReportNotPossibleError
from apps.moderation.models import Case, Flag, Notice
from apps.moderation.services.cases import cases, reports
from apps.moderation.services.decisions import decisions
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.enforcements import Measure
from apps.users.models import User
from tests.factories import MessageFactory, ReplyFactory, UserFactory
from tests.moderation.factories import make_policy, make_staff

pytestmark = pytest.mark.django_db
HIDE = Measure(kind=EnforcementKind.HIDE_MESSAGE)


@pytest.fixture
def person() -> User:
    return UserFactory(name="Uma")


@pytest.fixture
def browser(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_a_report_opens_a_case_about_the_answer_and_is_written_down(person: User) -> None:
    answer = MessageFactory(conversation__owner=person, assistant=True)
    flag = reports.report_message(
        actor=person, message_id=answer.pk, reason="wrong", comment=" It is not. "
    )
    assert (flag.reason, flag.comment, flag.reporter_id) == ("wrong", "It is not.", person.pk)
    assert Case.objects.get().message_id == answer.pk
    event = AuditEvent.objects.get(action="message.reported")
    assert (event.actor_id, event.target_id, event.data["flag_id"]) == (
        person.pk,
        answer.pk,
        flag.pk,
    )


def test_a_second_report_waits_for_the_first_to_be_answered(person: User) -> None:
    answer = MessageFactory(conversation__owner=person, assistant=True)
    reports.report_message(actor=person, message_id=answer.pk, reason="wrong")
    with pytest.raises(AlreadyReportedError):
        reports.report_message(actor=person, message_id=answer.pk, reason="spam")
    assert Flag.objects.count() == 1


def test_somebody_elses_message_does_not_exist_for_a_reporter(person: User) -> None:
    message = MessageFactory()
    with pytest.raises(MessageNotFoundError):
        reports.report_message(actor=person, message_id=message.pk, reason="wrong")


@pytest.mark.parametrize("fields", [{"hidden": True}, {"content": ""}])
def test_what_shows_no_text_is_not_reported(person: User, fields: dict[str, object]) -> None:
    message = MessageFactory(conversation__owner=person, **fields)
    with pytest.raises(ReportNotPossibleError):
        reports.report_message(actor=person, message_id=message.pk, reason="wrong")


@pytest.mark.parametrize(
    ("reason", "comment"), [("nonsense", ""), ("wrong", "a" * 1001), ("wrong", "\x00")]
)
def test_a_reason_that_nobody_knows_and_an_endless_comment_are_refused(
    person: User, reason: str, comment: str
) -> None:
    message = MessageFactory(conversation__owner=person)
    with pytest.raises(ValidationFailedError):
        reports.report_message(actor=person, message_id=message.pk, reason=reason, comment=comment)


@pytest.mark.parametrize(
    ("verdict", "measures", "words", "outcome"),
    [
        (Verdict.VIOLATES, (HIDE,), "our policy. We acted on it.", FlagOutcome.AGREED),
        (Verdict.VIOLATES, (), "nothing else had to be done.", FlagOutcome.AGREED),
        (Verdict.NO_VIOLATION, (), "nothing against our policy", FlagOutcome.DISAGREED),
    ],
)
def test_a_reporter_is_told_the_outcome_and_never_who_decided(
    person: User,
    verdict: Verdict,
    measures: tuple[Measure, ...],
    words: str,
    outcome: FlagOutcome,
) -> None:
    moderator = make_staff()
    make_policy()
    answer = MessageFactory(conversation__owner=person, assistant=True)
    flag = reports.report_message(actor=person, message_id=answer.pk, reason="wrong")
    case = cases.claim(actor=moderator, case_id=flag.case_id)
    decisions.decide(
        actor=moderator,
        case_id=case.pk,
        version=case.version,
        ruling=Ruling(verdict=verdict, policy_code="insults", reason="Seen.", measures=measures),
    )
    notice = Notice.objects.get(subject=person, title="We looked at your report")
    assert words in notice.body
    assert moderator.name not in notice.body
    assert notice.appeal_until is None
    assert Flag.objects.get().outcome == outcome


def test_the_form_reports_without_a_script_and_goes_back_to_the_message(
    person: User, browser: Client
) -> None:
    answer = ReplyFactory(message__conversation__owner=person).message
    page = reverse("moderation:report", args=[answer.pk])
    assert 'name="reason"' in browser.get(page).content.decode()
    response = browser.post(page, {"reason": "privacy", "comment": ""})
    conversation = reverse("chat:conversation", args=[answer.conversation_id])
    assert response.headers["Location"] == f"{conversation}#message-{answer.pk}"
    assert "Thank you." in browser.get(conversation).content.decode()
    again = browser.get(page).content.decode()
    assert "You reported this message already." in again
    assert 'name="reason"' not in again


def test_the_dialog_is_answered_with_a_sentence(person: User, browser: Client) -> None:
    answer = MessageFactory(conversation__owner=person, assistant=True)
    page = reverse("moderation:report", args=[answer.pk])
    refused = browser.post(page, {"reason": ""}, headers={"Accept": "application/json"})
    assert (refused.status_code, refused.json()) == (
        400,
        {"message": "Choose what is wrong with it."},
    )
    taken = browser.post(page, {"reason": "spam"}, headers={"Accept": "application/json"})
    assert taken.json()["message"].startswith("Thank you.")


def test_a_refused_form_keeps_what_was_typed(person: User, browser: Client) -> None:
    answer = MessageFactory(conversation__owner=person, assistant=True)
    page = reverse("moderation:report", args=[answer.pk])
    response = browser.post(page, {"reason": "", "comment": "Look at this."})
    assert response.status_code == 400
    assert "Look at this." in response.content.decode()


def test_the_page_of_somebody_elses_message_is_not_there(browser: Client) -> None:
    page = reverse("moderation:report", args=[MessageFactory().pk])
    assert browser.get(page).status_code == 404
    assert browser.post(page, {"reason": "spam"}).status_code == 404
