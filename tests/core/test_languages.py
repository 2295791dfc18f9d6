import re
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings as configuration
from django.test import AsyncClient, Client
from django.utils import translation

from apps.core import db, languages
from apps.core.errors import NotFoundError
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


def test_a_page_speaks_the_language_that_the_browser_asks_for() -> None:
    page = Client().get("/accounts/login/", headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})
    assert '<html lang="de" dir="ltr"' in page.text
    assert "Willkommen zurück" in page.text
    assert page["Content-Language"] == "de"


def test_what_was_chosen_outranks_what_the_browser_asks_for() -> None:
    client = Client(headers={"Accept-Language": "en"})
    answer = client.post("/settings/language/", {"language": "de", "next": "/accounts/login/"})
    assert answer["Location"] == "/accounts/login/"
    assert "Willkommen zurück" in client.get("/accounts/login/").text


def test_a_language_that_nobody_offers_falls_back_to_english() -> None:
    client = Client(headers={"Accept-Language": "xx"})
    client.cookies[configuration.LANGUAGE_COOKIE_NAME] = "klingon"
    assert '<html lang="en"' in client.get("/accounts/login/").text
    assert client.post("/settings/language/", {"language": "klingon"}).status_code == 400


def test_choosing_a_language_never_leads_to_another_site() -> None:
    elsewhere = {"language": "de", "next": "https://evil.example"}
    answer = Client().post("/settings/language/", elsewhere)
    assert answer["Location"] == "/"


def test_the_choice_is_kept_with_the_account() -> None:
    person = UserFactory()
    client = Client()
    client.force_login(person)
    client.post("/settings/language/", {"language": "de", "next": "/"})
    person.refresh_from_db()
    assert person.language == "de"


@pytest.mark.parametrize(("kept", "written_in"), [("", "de"), ("en", "en")])
def test_whoever_never_chose_is_written_to_in_the_language_of_the_pages_they_sign_in_on(
    kept: str, written_in: str
) -> None:
    person = UserFactory(language=kept)
    client = Client(headers={"Accept-Language": "de"})
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    person.refresh_from_db()
    assert person.language == written_in


def test_an_api_speaks_english_whatever_is_asked_for() -> None:
    answer = Client().get("/api/v1/users/me", headers={"Accept-Language": "de"})
    assert "Sign in or send a valid token." in answer.text


async def test_the_language_of_a_request_ends_with_it() -> None:
    page = await AsyncClient().get("/accounts/login/", headers={"Accept-Language": "de"})
    assert "Willkommen zurück" in page.text
    assert translation.get_language() == "en"


def test_an_error_speaks_the_language_of_whoever_meets_it() -> None:
    with languages.speaking("de"):
        assert NotFoundError().message.startswith("Hier ist nichts, oder es gehört nicht Ihnen.")
    assert NotFoundError().message.startswith("There is nothing here, or it is not yours.")


def test_dates_and_numbers_follow_the_language() -> None:
    moment = datetime(2026, 11, 29, 9, 5)  # noqa: DTZ001
    with languages.speaking("de"):
        assert languages.number(50_000) == "50.000"
        assert languages.moment(moment) == "29. November 2026, 09:05"
    with languages.speaking(""):
        assert languages.number(50_000) == "50,000"
        assert languages.moment(moment) == "29 November 2026, 09:05"


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ([(b"cookie", b"a=b; language=de"), (b"accept-language", b"en")], "de"),
        ([(b"accept-language", b"de-CH")], "de"),
        ([(b"authorization", b"Bearer x"), (b"accept-language", b"de")], "en"),
        ([], "en"),
    ],
)
def test_a_socket_speaks_as_the_page_that_opens_it(
    headers: list[tuple[bytes, bytes]], language: str
) -> None:
    assert languages.language_of_scope({"headers": headers}) == language


def test_scripts_get_their_words_with_the_page() -> None:
    page = Client().get("/accounts/login/", headers={"Accept-Language": "de"})
    assert "&quot;Copied&quot;: [&quot;Kopiert&quot;]" in page.text
    english = Client().get("/accounts/login/", headers={"Accept-Language": "en"})
    assert 'id="words"' not in english.text


async def test_a_service_in_a_database_thread_speaks_the_same_language(settings: Any) -> None:
    settings.DATABASE_THREADS = 2
    with languages.speaking("de"):
        assert await db.call(translation.gettext, "Cancel") == "Abbrechen"
    assert await db.call(translation.gettext, "Cancel") == "Cancel"


def test_each_language_is_written_in_itself_whatever_is_read() -> None:
    page = Client().get("/accounts/login/", headers={"Accept-Language": "de"}).text
    assert re.findall(r'lang="\w+"[^>]*>(\w+)</button>', page) == ["English", "Deutsch"]
