"""A form that is sent after the session's end: its words wait, and the sign-in leads to a page."""

import pytest
from django.test import Client

from apps.conversations.models import Conversation, Message
from apps.conversations.views import keeping
from apps.users.models import User
from tests.factories import PASSWORD, ConversationFactory, MessageFactory, UserFactory

pytestmark = pytest.mark.django_db
WORDS = "Words that took\nan hour"


@pytest.fixture
def person() -> User:
    user: User = UserFactory()
    return user


@pytest.fixture
def browser() -> Client:
    return Client()


def sign_in(browser: Client, user: User, page: str) -> str:
    """Sign in on the page that a form led to, and return where that leads."""
    values = {"login": user.email, "password": PASSWORD, "next": page}
    answer = browser.post("/accounts/login/", values)
    assert answer.status_code == 302
    return answer.headers["Location"]


def send(browser: Client, path: str, writer: User, words: str = WORDS) -> str:
    """Send a form without a session, and return which page the sign-in is told to come back to."""
    values = {"content": words.replace("\n", "\r\n"), "client_id": "a" * 8, "writer": writer.pk}
    # A browser says where the form stood; the one of an edit has the address of its page.
    answer = browser.post(path, values, headers={"Referer": f"http://testserver{path}"})
    assert answer.status_code == 302
    address, _, query = answer.headers["Location"].partition("?")
    assert address == "/accounts/login/"
    return dict(part.split("=") for part in query.split("&"))["next"]


def conversation_of(person: User) -> Conversation:
    conversation: Conversation = ConversationFactory(owner=person)
    return conversation


def test_a_message_that_came_too_late_is_back_in_the_box_of_its_conversation(
    person: User, browser: Client
) -> None:
    path = f"/c/{conversation_of(person).pk}/"
    assert send(browser, f"{path}messages/", person) == path
    assert sign_in(browser, person, path) == path
    other = browser.get("/")
    assert other.context["composer_text"] == ""
    page = browser.get(path)
    assert page.context["composer_text"] == WORDS
    assert b"You had been signed out, so this was not sent." in page.content
    assert browser.get(path).context["composer_text"] == ""
    assert not Message.objects.exists()


def test_a_first_message_and_an_edit_wait_for_their_writer_too(
    person: User, browser: Client
) -> None:
    assert send(browser, "/c/", person) == "/"
    sign_in(browser, person, "/")
    assert browser.get("/").context["composer_text"] == WORDS
    browser.logout()
    question = MessageFactory(conversation=conversation_of(person), content="Before")
    path = f"/m/{question.pk}/edit/"
    assert send(browser, path, person) == path
    sign_in(browser, person, path)
    assert browser.get(path).context["typed"] == WORDS
    assert browser.get(path).context["typed"] == "Before"


def test_nobody_else_and_nobody_much_later_is_shown_what_was_written(
    person: User, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(browser, "/c/", person)
    sign_in(browser, UserFactory(), "/")
    assert browser.get("/").context["composer_text"] == ""
    browser.logout()
    send(browser, "/c/", person)
    monkeypatch.setattr(keeping, "KEPT_SECONDS", 0)
    sign_in(browser, person, "/")
    assert browser.get("/").context["composer_text"] == ""


def test_no_more_is_kept_than_a_person_could_mean(person: User, browser: Client) -> None:
    send(browser, "/c/", person, "x" * (keeping.MAX_KEPT_CHARS + 1))
    assert keeping.KEY not in browser.session


def test_the_addresses_of_forms_lead_visitors_to_their_pages(person: User, browser: Client) -> None:
    number = conversation_of(person).pk
    browser.force_login(person)
    assert browser.get("/c/").headers["Location"] == "/"
    assert browser.get(f"/c/{number}/messages/").headers["Location"] == f"/c/{number}/"


@pytest.mark.parametrize(
    ("referer", "page"),
    [
        ("http://testserver/c/5/?message=7", "/c/5/%3Fmessage%3D7"),
        ("https://elsewhere.example/c/5/", "/"),
        ("", "/"),
    ],
)
def test_any_form_leads_over_the_sign_in_back_to_the_page_where_it_stood(
    browser: Client, referer: str, page: str
) -> None:
    answer = browser.post("/c/5/archive/", headers={"Referer": referer})
    assert answer.headers["Location"] == f"/accounts/login/?next={page}"


def test_a_page_leads_over_the_sign_in_back_to_itself(browser: Client) -> None:
    answer = browser.get("/settings/", headers={"Referer": "http://testserver/c/5/"})
    assert answer.headers["Location"] == "/accounts/login/?next=/settings/"
