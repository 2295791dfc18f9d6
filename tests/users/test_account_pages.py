"""One's own account on pages: API tokens, sessions, two-factor."""

from __future__ import annotations

import re
import time
from types import SimpleNamespace

import pytest
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.usersessions.models import UserSession
from django.test import AsyncClient, Client, RequestFactory

from apps.core.middleware import confirmation
from apps.users.mfa_adapter import MfaAdapter
from apps.users.models import ApiToken, User
from apps.users.services import principals
from tests.factories import PASSWORD, ApiTokenFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    """Somebody with an account."""
    user: User = UserFactory(email="uma@example.com")
    return user


def signed_in(person: User, agent: str = "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0") -> Client:
    client = Client(headers={"user-agent": agent})
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    return client


def confirmed(person: User) -> Client:
    """Return a browser in which the password was just asked again."""
    client = signed_in(person)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def make_token(client: Client, **fields: object) -> object:
    values = {"name": "Report", "scopes": ["chat"], "expires_in_days": 30, **fields}
    return client.post("/settings/tokens/new/", values)


def test_a_person_makes_a_token_sees_it_once_and_it_works(person: User) -> None:
    client = confirmed(person)
    response = make_token(client)
    secret = re.search(r'value="(parley_[^"]+)"', response.content.decode())
    assert secret is not None
    assert response["Cache-Control"] == "no-store"
    assert principals.identify_token(secret[1]).user == person
    listed = client.get("/settings/tokens/").content.decode()
    assert "Report" in listed
    assert secret[1] not in listed


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"scopes": []}, "Choose at least one."),
        ({"expires_in_days": 400}, "less than or equal to 365"),
        ({"name": " "}, "This field is required."),
    ],
)
def test_a_token_that_does_not_fit_is_refused_with_what_was_typed(
    person: User, fields: dict[str, object], sentence: str
) -> None:
    response = make_token(confirmed(person), **fields)
    assert response.status_code == 400
    assert sentence in response.content.decode()
    assert not ApiToken.objects.exists()


def test_making_a_token_asks_for_the_password_again(person: User) -> None:
    response = make_token(signed_in(person))
    assert response["Location"].startswith("/accounts/reauthenticate/")
    assert not ApiToken.objects.exists()


def test_a_token_is_revoked_from_the_page(person: User) -> None:
    token = ApiTokenFactory(user=person)
    client = signed_in(person)
    client.post(f"/settings/tokens/{token.pk}/revoke/")
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_the_page_names_what_made_a_token_and_revokes_both(person: User) -> None:
    root = ApiTokenFactory(user=person, name="ci")
    ApiTokenFactory(user=person, name="made", made_by=root, made_by_name=root.name)
    client = signed_in(person)
    page = client.get("/settings/tokens/").content.decode()
    assert "Made with the token “ci”." in page
    assert page.count('name="with_made"') == 1
    assert "Revoke “<bdi>ci</bdi>”?" in page
    assert "Revoke with 1 made with it" in page
    page = client.post(
        f"/settings/tokens/{root.pk}/revoke/", {"with_made": "on"}, follow=True
    ).content.decode()
    assert "1 token that was made with it is revoked too." in page
    assert not ApiToken.objects.usable().exists()


def test_nobody_revokes_the_token_of_somebody_else_from_the_page(person: User) -> None:
    token = ApiTokenFactory()
    page = signed_in(person).post(f"/settings/tokens/{token.pk}/revoke/", follow=True)
    token.refresh_from_db()
    assert token.revoked_at is None
    assert "token" in page.content.decode()


def test_the_sessions_are_listed_with_the_present_browser_first(person: User) -> None:
    signed_in(person, "Mozilla/5.0 (iPhone) Version/17 Safari/605.1.15")
    page = signed_in(person).get("/settings/sessions/").content.decode()
    assert re.findall(r"<strong>(.*?)</strong>", page) == ["Firefox on Linux", "Safari on iPhone"]
    assert page.count("This browser") == 1


def test_a_new_address_asks_for_the_password_again_and_is_not_lost_meanwhile(person: User) -> None:
    client = signed_in(person)
    asked = client.post("/accounts/email/", {"email": "new@example.com", "action_add": ""})
    assert asked["Location"] == "/accounts/reauthenticate/?next=%2Faccounts%2Femail%2F"
    page = client.get(asked["Location"]).text
    assert 'href="/settings/"' in page
    assert not EmailAddress.objects.filter(email="new@example.com").exists()
    client.post("/accounts/reauthenticate/", {"password": "Wrong-horse-1"})
    assert not EmailAddress.objects.filter(email="new@example.com").exists()
    proof = {"password": PASSWORD, "next": "/accounts/email/"}
    assert client.post("/accounts/reauthenticate/", proof)["Location"] == "/accounts/email/"
    assert EmailAddress.objects.get(email="new@example.com").user == person


def test_a_form_that_was_given_up_before_the_password_is_not_sent_by_a_later_look_at_its_page(
    person: User,
) -> None:
    client, page = signed_in(person), "/settings/tokens/new/"
    make_token(client)
    asked = client.get(page)["Location"]
    assert client.post(asked, {"password": PASSWORD})["Location"] == page
    assert not ApiToken.objects.exists()


def test_an_authenticator_that_was_to_be_removed_stays_where_its_page_is_only_opened(
    person: User,
) -> None:
    TOTP.activate(person, generate_totp_secret())
    client, page = signed_in(person), "/accounts/2fa/totp/deactivate/"
    client.force_login(person)
    client.post(page)
    client.post(client.get(page)["Location"], {"password": PASSWORD})
    assert Authenticator.objects.filter(user=person).exists()


@pytest.mark.parametrize(("minutes", "number"), [(9, 1), (11, 0)])
async def test_a_form_waits_ten_minutes_for_the_password(
    person: User, monkeypatch: pytest.MonkeyPatch, minutes: int, number: int
) -> None:
    client = AsyncClient()
    await client.aforce_login(person)
    form = {"name": "late", "scopes": ["chat"], "expires_in_days": 90}
    asked = (await client.post("/settings/tokens/new/", form))["Location"]
    await client.post(asked, {"password": "Wrong-horse-1"})
    later = time.time() + 60 * minutes
    monkeypatch.setattr(confirmation, "time", SimpleNamespace(time=lambda: later))
    await client.post(asked, {"password": PASSWORD})
    assert await ApiToken.objects.acount() == number


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/2fa/totp/activate/",
        "/accounts/2fa/webauthn/add/",
        "/accounts/2fa/recovery-codes/generate/",
        "/settings/data/delete/",
        "/settings/data/?download=now",
        "/settings/tokens/new/",
    ],
)
def test_what_opens_or_ends_an_account_asks_for_the_password_again(person: User, path: str) -> None:
    answer = signed_in(person).get(path)
    assert answer["Location"].startswith("/accounts/reauthenticate/?next=")


def test_signing_out_everywhere_else_keeps_this_browser(person: User) -> None:
    other, client = signed_in(person), signed_in(person)
    client.post("/settings/sessions/end/")
    assert client.get("/settings/sessions/").status_code == 200
    assert other.get("/settings/sessions/").status_code == 302


@pytest.mark.parametrize("path", ["/accounts/2fa/", "/accounts/2fa/totp/activate/"])
def test_two_factor_pages_open_in_our_frame(person: User, path: str) -> None:
    page = confirmed(person).get(path).content.decode()
    assert 'class="settings-nav"' in page


def test_the_pages_ask_for_a_sign_in(client: Client) -> None:
    for path in ("/settings/tokens/", "/settings/sessions/", "/settings/tokens/new/"):
        assert client.get(path)["Location"].startswith("/accounts/login/")


def test_one_browser_is_signed_out_and_the_others_stay(person: User) -> None:
    phone = signed_in(person, "Mozilla/5.0 (iPhone) Version/17 Safari/605.1.15")
    tablet = signed_in(person, "Mozilla/5.0 (iPad) Version/17 Safari/605.1.15")
    client = signed_in(person)
    page = client.get("/settings/sessions/").text
    session = UserSession.objects.get(user_agent__contains="iPhone")
    assert 'aria-label="Sign out Safari on iPhone"' in page
    page = client.post(f"/settings/sessions/{session.pk}/end/", follow=True).text
    assert "That browser is signed out." in page
    assert re.findall(r"<strong>(.*?)</strong>", page) == ["Firefox on Linux", "Safari on iPad"]
    assert phone.get("/settings/sessions/").status_code == 302
    assert tablet.get("/settings/sessions/").status_code == 200


def test_nobody_signs_out_the_browser_of_somebody_else(person: User) -> None:
    stranger = signed_in(UserFactory(email="other@example.com"))
    session = UserSession.objects.get(user__email="other@example.com")
    page = signed_in(person).post(f"/settings/sessions/{session.pk}/end/", follow=True).text
    assert "You are not signed in there any more." in page
    assert stranger.get("/settings/sessions/").status_code == 200


def test_what_the_epoch_has_ended_is_listed_no_more(person: User) -> None:
    signed_in(person, "Mozilla/5.0 (iPhone) Version/17 Safari/605.1.15")
    client = signed_in(person)
    page = client.post("/settings/sessions/end/", follow=True).text
    assert re.findall(r"<strong>(.*?)</strong>", page) == ["Firefox on Linux"]
    assert "You are signed in nowhere else." in page


def test_a_second_proof_is_asked_for_in_our_words_and_a_recovery_code_is_one(person: User) -> None:
    client = confirmed(person)
    page = client.get("/accounts/2fa/totp/activate/").text
    secret = re.search(r'id="totp-secret"[^>]* value="([A-Z2-7]+)"', page)
    assert secret is not None
    client.post("/accounts/2fa/totp/activate/", {"code": code_of(secret[1])})
    page = client.get("/accounts/2fa/recovery-codes/").text
    codes = re.findall(r"<li><code>(\d+)</code></li>", page)
    assert len(codes) == 10
    fresh = Client()
    values = {"login": person.email, "password": PASSWORD}
    page = fresh.post("/accounts/login/", values, follow=True).text
    assert "One more proof" in page
    fresh.post("/accounts/2fa/authenticate/", {"code": codes[0]})
    assert fresh.get("/settings/sessions/").status_code == 200
    assert "9 left" in client.get("/accounts/2fa/").text


def code_of(secret: str) -> str:
    """Return what an authenticator app shows now."""
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def test_a_new_key_is_named_after_the_device_and_numbered_where_there_is_one(
    person: User,
) -> None:
    page = confirmed(person).get("/accounts/2fa/webauthn/add/").text
    assert 'value="Firefox on Linux"' in page
    kind = Authenticator.Type.WEBAUTHN
    Authenticator.objects.create(user=person, type=kind, data={"name": "Safari on Mac"})
    agent = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.0 Safari/605.1.15"
    request = RequestFactory().get("/", headers={"user-agent": agent})
    with context.request_context(request):
        assert MfaAdapter().generate_authenticator_name(person, kind) == "Safari on Mac (2)"
