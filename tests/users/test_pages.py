"""Signing up, in, out, and getting back in: allauth's pages over our services."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from django.core import mail
from django.core.cache import caches
from django.core.management import call_command
from django.test import Client, RequestFactory
from django.utils import timezone

from apps.core import cache as cache_module
from apps.users.allauth_adapter import AccountAdapter
from apps.users.models import ApiToken, User
from apps.users.services import accounts, standing
from tests.factories import PASSWORD, ApiTokenFactory, UserFactory
from tests.support.services import private_redis
from tests.users.conftest import audited

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
SIGNUP = "/accounts/signup/"
NEW = {"name": "Nia", "email": "New@Example.com", "password1": "Quiet-river-7"}


@pytest.fixture
def client() -> Client:
    return Client()


def sign_in(client: Client, email: str = "uma@example.com", password: str = PASSWORD) -> int:
    return client.post(LOGIN, {"login": email, "password": password}).status_code


def is_signed_in(client: Client) -> bool:
    return client.get("/accounts/email/").status_code == 200


def link_in(message: object) -> str:
    found = re.search(r"http://localhost:8000(/\S+)", message.body)  # type: ignore[attr-defined]
    assert found is not None
    return found[1]


def test_the_pages_ask_for_what_is_needed(client: Client) -> None:
    page = client.get(SIGNUP).content.decode()
    assert re.findall(r'<input[^>]* name="(\w+)"', page)[1:4] == ["name", "email", "password1"]
    for path in (LOGIN, "/accounts/password/reset/"):
        assert client.get(path).status_code == 200


def test_somebody_signs_up_and_is_in(client: Client) -> None:
    assert client.post(SIGNUP, NEW).status_code == 302
    user = User.objects.get()
    assert (user.email, user.name, user.role) == ("new@example.com", "Nia", "user")
    assert [group.name for group in user.groups.all()] == ["user"]
    assert EmailAddress.objects.get().email == "new@example.com"
    assert is_signed_in(client)
    assert audited() == [("Nia", "user.registered", user.pk)]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"email": "nobody"}, "email"),
        ({"email": "UMA@example.com"}, "email"),
        ({"password1": "short"}, "password1"),
        ({"password1": "lower-case-1"}, "password1"),
        ({"name": "Nia Rivers", "password1": "Niarivers1"}, "password1"),
        ({"password1": "New@example1"}, "password1"),
    ],
)
def test_sign_up_says_what_does_not_fit(
    client: Client, person: User, change: dict[str, str], field: str
) -> None:
    response = client.post(SIGNUP, {**NEW, **change})
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert list(User.objects.all()) == [person]


def test_an_address_taken_at_the_last_moment_is_told(
    client: Client, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "allauth.account.internal.flows.manage_email.assess_unique_email", lambda *_, **__: True
    )
    response = client.post(SIGNUP, {**NEW, "email": "uma@example.com"}, follow=True)
    assert response.redirect_chain == [(SIGNUP, 302)]
    assert "User with this email already exists" in response.content.decode()
    assert list(User.objects.all()) == [person]


def test_an_address_is_confirmed_before_the_first_sign_in(
    client: Client, mail_configured: None
) -> None:
    client.post(SIGNUP, NEW)
    assert not is_signed_in(client)
    path = link_in(mail.outbox[0])
    assert sign_in(client, "new@example.com", "Quiet-river-7") == 302
    assert not is_signed_in(client)
    client.post(path)
    assert EmailAddress.objects.get().verified
    sign_in(client, "NEW@example.com", "Quiet-river-7")
    assert is_signed_in(client)


def test_sign_up_does_not_tell_who_has_an_account(
    client: Client, person: User, mail_configured: None
) -> None:
    taken = client.post(SIGNUP, {**NEW, "email": "uma@example.com"})
    free = Client().post(SIGNUP, NEW)
    assert (taken.status_code, taken["Location"]) == (free.status_code, free["Location"])
    assert [message.subject for message in mail.outbox] == [
        "Parley: You already have an account",
        "Parley: Confirm your address",
    ]


@pytest.mark.parametrize("email", ["uma@example.com", "UMA@Example.com", " uma@example.com "])
def test_people_sign_in_in_whatever_case(client: Client, person: User, email: str) -> None:
    assert sign_in(client, email) == 302
    assert is_signed_in(client)


def test_a_wrong_password_and_an_unknown_address_look_the_same(
    client: Client, person: User
) -> None:
    for email, password in (("uma@example.com", "wrong"), ("nobody@example.com", PASSWORD)):
        response = client.post(LOGIN, {"login": email, "password": password})
        assert response.context["form"].non_field_errors() == ["Invalid email or password"]
    assert not is_signed_in(client)


def test_an_unknown_address_costs_a_hash_too(
    client: Client, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    monkeypatch.setattr(User, "set_password", lambda self, raw: hashed.append(raw))
    sign_in(client, "nobody@example.com", "guess")
    assert hashed == ["guess"]


def test_a_suspended_person_reads_why_after_the_right_password_only(client: Client) -> None:
    until = timezone.now() + timedelta(days=2)
    user = UserFactory(email="sus@example.com")
    standing.suspend(
        actor=None, user_id=user.pk, reason="r", reason_for_user="You sent spam.", until=until
    )
    wrong = client.post(LOGIN, {"login": "sus@example.com", "password": "wrong"})
    assert "You sent spam." not in wrong.content.decode()
    right = client.post(LOGIN, {"login": "sus@example.com", "password": PASSWORD})
    page = right.content.decode()
    assert right.status_code == 403
    assert "You sent spam." in page
    assert f"{until:%-d %B %Y, %H:%M}" in page
    assert not is_signed_in(client)


def test_a_closed_account_does_not_open(client: Client) -> None:
    UserFactory(email="closed@example.com", inactive=True)
    response = client.post(LOGIN, {"login": "closed@example.com", "password": PASSWORD})
    assert response.status_code == 403
    assert "not active" in response.content.decode()
    assert not is_signed_in(client)


def test_a_person_suspended_while_confirming_stays_out(
    client: Client, mail_configured: None
) -> None:
    client.post(SIGNUP, NEW)
    user = User.objects.get()
    standing.suspend(actor=None, user_id=user.pk, reason="r", reason_for_user="You sent spam.")
    client.post(link_in(mail.outbox[0]))
    assert EmailAddress.objects.get().verified
    assert sign_in(client, "new@example.com", "Quiet-river-7") == 403
    assert "_auth_user_id" not in client.session


def test_signing_out_ends_the_session(client: Client, person: User) -> None:
    sign_in(client)
    client.post("/accounts/logout/")
    assert not is_signed_in(client)


def test_a_new_password_keeps_this_session_and_ends_the_others(person: User) -> None:
    here, there = Client(), Client()
    sign_in(here)
    sign_in(there)
    token = ApiTokenFactory(user=person)
    response = here.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "Quiet-river-7", "password2": "Quiet-river-7"},
    )
    assert response.status_code == 302
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)
    token.refresh_from_db()
    assert token.revoked_at is not None
    person.refresh_from_db()
    assert (person.check_password("Quiet-river-7"), person.auth_epoch) == (True, 1)
    assert audited() == [("Uma", "user.password_changed", person.pk)]
    assert [message.subject for message in mail.outbox] == ["Parley: Your password was changed"]


def test_a_weak_new_password_changes_nothing(client: Client, person: User) -> None:
    sign_in(client)
    response = client.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "weak", "password2": "weak"},
    )
    assert list(response.context["form"].errors) == ["password1"]
    person.refresh_from_db()
    assert (person.check_password(PASSWORD), person.auth_epoch) == (True, 0)


def test_a_forgotten_password_is_reset_by_mail(client: Client, person: User) -> None:
    elsewhere = Client()
    sign_in(elsewhere)
    ApiTokenFactory(user=person)
    client.post("/accounts/password/reset/", {"email": "UMA@example.com"})
    path = client.get(link_in(mail.outbox[0]))["Location"]
    weak = client.post(path, {"password1": "weak", "password2": "weak"})
    assert list(weak.context["form"].errors) == ["password1"]
    client.post(path, {"password1": "Quiet-river-7", "password2": "Quiet-river-7"})
    assert not is_signed_in(elsewhere)
    assert ApiToken.objects.filter(revoked_at=None).count() == 0
    sign_in(client, password="Quiet-river-7")
    assert is_signed_in(client)
    again = Client().get(link_in(mail.outbox[0]))
    assert again.status_code == 200
    assert "password1" not in again.content.decode()


def test_the_mail_names_our_address_whatever_host_was_asked(client: Client, person: User) -> None:
    client.post("/accounts/password/reset/", {"email": person.email}, headers={"host": "127.0.0.1"})
    assert "127.0.0.1" not in mail.outbox[0].body
    assert link_in(mail.outbox[0]).startswith("/accounts/password/reset/key/")
    unknown = {"email": "nobody@example.com"}
    client.post("/accounts/password/reset/", unknown, headers={"host": "127.0.0.1"})
    assert link_in(mail.outbox[1]) == "/accounts/signup/"


def test_a_reset_does_not_tell_who_has_an_account(client: Client, person: User) -> None:
    known = client.post("/accounts/password/reset/", {"email": person.email})
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@example.com"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


@pytest.mark.parametrize("change", ["deactivate", "suspend", "password", "delete"])
def test_an_open_session_ends_with_each_change(
    client: Client, person: User, admin: User, change: str
) -> None:
    sign_in(client)
    assert is_signed_in(client)
    match change:
        case "deactivate":
            accounts.set_active(actor=admin, user_id=person.pk, is_active=False)
        case "suspend":
            standing.suspend(actor=admin, user_id=person.pk, reason="r", reason_for_user="r")
        case "password":
            accounts.change_password(actor=admin, user=person, password="Quiet-river-7")
        case "delete":
            accounts.delete_user(actor=admin, user_id=person.pk)
    assert not is_signed_in(client)


def test_guessing_is_limited_by_account(client: Client, person: User) -> None:
    for _ in range(5):
        sign_in(client, password="wrong")
    response = Client(REMOTE_ADDR="203.0.113.9").post(
        LOGIN, {"login": "uma@example.com", "password": PASSWORD}
    )
    assert response.context["form"].non_field_errors() == [
        "Too many failed attempts. Wait a few minutes and try again."
    ]


def test_people_sign_in_while_redis_is_away_and_guessing_stays_limited(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with private_redis() as server:
        url = server.url
    monkeypatch.setattr(cache_module, "_pause", cache_module._Pause())
    monkeypatch.setattr(caches["default"], "_server", url)
    monkeypatch.setattr(caches["default"], "_client", None)
    client = Client()
    assert sign_in(client) == 302
    assert is_signed_in(client)
    guesser = Client()
    for _ in range(5):
        sign_in(guesser, password="wrong")
    response = guesser.post(LOGIN, {"login": "uma@example.com", "password": PASSWORD})
    assert "Too many failed attempts" in response.content.decode()


def test_the_operators_command_makes_an_admin() -> None:
    user = User.objects.create_superuser("Root@Example.com", "Quiet-river-7", name="Root")
    assert (user.email, user.role, user.is_superuser, user.is_staff) == (
        "root@example.com",
        "admin",
        True,
        True,
    )
    assert [group.name for group in user.groups.all()] == ["admin"]
    address = EmailAddress.objects.get()
    assert (address.user_id, address.email) == (user.pk, "root@example.com")
    assert (address.verified, address.primary) == (True, True)
    assert User.objects.get_by_natural_key("ROOT@example.com") == user


def test_no_step_of_signing_in_lets_a_suspended_person_through(rf: RequestFactory) -> None:
    user = UserFactory(suspended=True)
    request = rf.post(LOGIN)
    with pytest.raises(ImmediateHttpResponse) as caught:
        AccountAdapter().login(request, user)
    assert caught.value.response.status_code == 403


def test_a_mail_server_that_is_away_stops_no_page(
    client: Client, mail_configured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: object, messages: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    assert client.post(SIGNUP, NEW).status_code == 302
    assert User.objects.count() == 1


def test_createsuperuser_works_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "Quiet-river-7")
    call_command("createsuperuser", interactive=False, email="Root@Example.com", name="Root")
    user = User.objects.get()
    assert (user.email, user.role, user.is_superuser) == ("root@example.com", "admin", True)
    assert user.check_password("Quiet-river-7")
    assert [group.name for group in user.groups.all()] == ["admin"]
