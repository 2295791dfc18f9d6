"""Somebody who reads German is written to in German: notices, mails, errors and pages of errors."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.utils import timezone

from apps.accounts.services import closing
from apps.core import languages
from apps.moderation.constants import EnforcementKind
from apps.moderation.services.notices import deliveries
from apps.users.models import User
from apps.users.services import leaving, token_warnings
from tests.factories import PASSWORD, ApiTokenFactory, UserFactory
from tests.moderation.test_notices import decide

pytestmark = pytest.mark.django_db
GERMAN = {"Accept-Language": "de"}


@pytest.fixture
def person() -> User:
    """Somebody who has chosen German."""
    user: User = UserFactory(name="Uma", email="uma@example.com", language="de")
    return user


def browser_of(person: User) -> Client:
    """Return a browser that asks for German, in which somebody is signed in."""
    client = Client(headers=GERMAN)
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    return client


def html_of(message: EmailMultiAlternatives | None) -> str:
    """Return the part of a mail that has a look."""
    assert message is not None
    (html,) = message.alternatives
    return str(html[0])


def test_a_notice_its_mail_and_its_page_are_german(person: User) -> None:
    notice = decide(EnforcementKind.SUSPEND, person=person)
    assert notice.title == "Ihr Konto wurde gesperrt"
    assert "Ein Mensch hat sich das angesehen und entschieden." in notice.body
    message = deliveries.compose_mail(notice_id=notice.pk)
    assert message is not None
    assert message.subject == "Parley: Ihr Konto wurde gesperrt"
    assert message.body.startswith("Hallo Uma!")
    assert "Lesen und beantworten Sie sie hier, ohne Anmeldung." in message.body
    assert '<html lang="de" dir="ltr">' in html_of(message)
    assert "Seite öffnen" in html_of(message)
    link = re.search(r"http://localhost:8000(/letters/\S+)", message.body)
    assert link is not None
    page = Client(headers=GERMAN).get(link[1]).text
    assert "Warum ist die Entscheidung falsch?" in page


def test_the_mail_about_a_closed_account_is_german(person: User) -> None:
    closing.close_account(actor=person)
    person.refresh_from_db()
    assert person.erase_at is not None
    message = leaving.compose_mail(user_id=person.pk)
    assert message is not None
    assert message.subject == "Parley: Ihr Konto wird gelöscht"
    with languages.speaking("de"):
        end = languages.moment(person.erase_at)
    assert f"wird am {end} UTC gelöscht" in message.body
    assert "Bis dahin können Sie es zurückhaben." in html_of(message)


def test_the_mail_about_a_token_that_ends_is_german(person: User) -> None:
    token = ApiTokenFactory(user=person, expires_at=timezone.now() + timedelta(days=3))
    message = token_warnings.compose_mail(token_id=token.pk)
    assert message is not None
    assert "läuft ab" in message.subject
    assert "Verlängern Sie es hier oder legen Sie ein neues an:" in message.body


def test_mails_about_the_account_are_german(person: User) -> None:
    values = {"oldpassword": PASSWORD, "password1": "Quiet-river-7", "password2": "Quiet-river-7"}
    browser_of(person).post("/accounts/password/change/", values)
    (sent,) = mail.outbox
    assert sent.subject == "Parley: Ihr Passwort wurde geändert"
    assert sent.body.startswith("Hallo,\n\nIhr Passwort wurde geändert.")
    assert '<html lang="de"' in html_of(sent)


def test_what_is_refused_on_a_page_is_said_in_german(person: User) -> None:
    browser = browser_of(person)
    page = browser.post("/settings/tokens/999999/revoke/", follow=True).text
    assert "Dieses Token gibt es nicht, oder es gehört nicht Ihnen." in page
    page = browser.post("/settings/sessions/999999/end/", follow=True).text
    assert "Dort sind Sie nicht mehr angemeldet." in page
    page = browser.post("/settings/name/", {"name": " "}, follow=True).text
    assert "Ihr Name wurde nicht geändert." in page


@pytest.mark.parametrize(
    ("path", "title"), [("/no-such-page/", "Hier ist nichts"), ("/c/999999/", "Hier ist nichts")]
)
def test_a_page_of_an_error_is_german(person: User, path: str, title: str) -> None:
    assert title in browser_of(person).get(path).text


def test_the_language_is_chosen_in_the_settings_and_kept_with_the_account() -> None:
    person = UserFactory(email="uma@example.com")
    client = Client()
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    page = client.get("/settings/").text
    assert re.search(r'value="en" lang="en" aria-pressed="true"', page)
    chosen = {"language": "de", "next": "/settings/#language"}
    answer = client.post("/settings/language/", chosen, follow=True)
    assert re.search(r'value="de" lang="de" aria-pressed="true"', answer.text)
    assert "Wird mit Ihrem Konto gespeichert." in answer.text
    person.refresh_from_db()
    assert person.language == "de"


def test_the_language_of_the_account_comes_along_into_another_browser(person: User) -> None:
    client = Client(headers={"Accept-Language": "en"})
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert "Ihr Konto" in client.get("/settings/").text
