"""Tokens over the API."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

from apps.core import db
from apps.users import backends
from apps.users.models import ApiToken, User
from apps.users.services import credentials, passwords
from tests.factories import PASSWORD, ApiTokenFactory, UserFactory
from tests.users.conftest import audited

pytestmark = pytest.mark.django_db
TOKENS = "/api/v1/auth/tokens"
LOGIN = {"name": "a program", "email": "Uma@Example.com", "password": PASSWORD}


def post(token: str = "", **body: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Client(headers=headers).post(TOKENS, body, content_type="application/json")


def test_the_first_token_comes_with_the_password_and_works(person: User) -> None:
    response = post(**LOGIN)
    data = response.json()["data"]
    row = ApiToken.objects.get()
    assert response.status_code == 201
    assert data == {
        "id": row.pk,
        "name": "a program",
        "hint": row.hint,
        "scopes": ["chat", "account"],
        "allowed_models": [],
        "created_at": data["created_at"],
        "expires_at": data["expires_at"],
        "last_used_at": None,
        "made_by_id": None,
        "made_by_name": "",
        "user_id": person.pk,
        "token": data["token"],
    }
    me = Client(headers={"Authorization": f"Bearer {data['token']}"}).get("/api/v1/users/me")
    assert me.json()["data"]["id"] == person.pk


def test_a_token_makes_another(person: User) -> None:
    parent = ApiTokenFactory(user=person, scopes=["account", "chat"])
    response = post(parent.secret, name="child", scopes=["chat"])
    assert response.status_code == 201
    made = response.json()["data"]
    assert made["scopes"] == ["chat"]
    assert (made["made_by_id"], made["made_by_name"]) == (parent.pk, parent.name)
    assert post(parent.secret, name="child", scopes=["staff"]).json()["code"] == "missing_scope"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"password": "wrong"}, 401, "invalid_credentials"),
        ({"email": "nobody@example.com"}, 401, "invalid_credentials"),
        ({"email": None, "password": None}, 401, "unauthorized"),
        ({"email": None}, 400, "validation_failed"),
        ({"password": None}, 400, "validation_failed"),
        ({"scopes": []}, 400, "validation_failed"),
        ({"scopes": ["root"]}, 400, "validation_failed"),
        ({"expires_in_days": 366}, 400, "validation_failed"),
        ({"name": " "}, 400, "validation_failed"),
        ({"user_id": 1}, 400, "validation_failed"),
        ({"email": "a\x00@example.com"}, 400, "validation_failed"),
        ({"password": "a\x00"}, 400, "validation_failed"),
    ],
)
def test_nothing_is_made_of_what_does_not_fit(
    person: User, body: dict[str, Any], status: int, code: str
) -> None:
    response = post(**{**LOGIN, **body})
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert (ApiToken.objects.count(), audited()) == (0, [])


def test_a_suspended_person_learns_why_with_the_right_password_only() -> None:
    UserFactory(email="sus@example.com", suspended=True)
    right = post(**{**LOGIN, "email": "sus@example.com"})
    wrong = post(**{**LOGIN, "email": "sus@example.com", "password": "wrong"})
    assert (right.status_code, right.json()["code"]) == (403, "account_suspended")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "invalid_credentials")


def test_guessing_is_limited_by_address_and_by_account(person: User, settings: Any) -> None:
    settings.RATE_LIMIT_LOGIN = "3/minute"
    for _ in range(3):
        assert post(**{**LOGIN, "password": "wrong"}).status_code == 401
    assert post(**LOGIN).status_code == 429
    elsewhere = Client(REMOTE_ADDR="203.0.113.9")
    response = elsewhere.post(TOKENS, LOGIN, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (429, "rate_limited")
    other = {**LOGIN, "email": "nobody@example.com"}
    assert elsewhere.post(TOKENS, other, content_type="application/json").status_code == 401
    assert ApiToken.objects.count() == 0


@pytest.mark.parametrize(
    ("person", "scopes", "code"),
    [({"suspended": True}, ["account"], "account_suspended"), ({}, ["chat"], "missing_scope")],
)
def test_a_token_that_is_refused_again_and_again_is_limited(
    settings: Any, person: dict[str, Any], scopes: list[str], code: str
) -> None:
    settings.RATE_LIMIT_API = "2/minute"
    token = ApiTokenFactory(user=UserFactory(**person), scopes=scopes)
    client = Client(headers={"Authorization": f"Bearer {token.secret}"})
    codes = [client.get(TOKENS).json()["code"] for _ in range(3)]
    assert codes == [code, code, "rate_limited"]


def test_the_list_shows_no_secrets(person: User, stranger: User) -> None:
    token = ApiTokenFactory(user=person)
    ApiTokenFactory(user=stranger)
    client = Client(headers={"Authorization": f"Bearer {token.secret}"})
    response = client.get(TOKENS)
    items = response.json()["data"]["items"]
    assert [item["id"] for item in items] == [token.pk]
    assert set(items[0]) == {
        "id",
        "name",
        "hint",
        "scopes",
        "allowed_models",
        "created_at",
        "expires_at",
        "last_used_at",
        "made_by_id",
        "made_by_name",
    }
    assert token.secret not in response.content.decode()
    assert Client().get(TOKENS).status_code == 401
    newer = ApiTokenFactory(user=person)
    first = client.get(f"{TOKENS}?limit=1").json()["data"]
    second = client.get(f"{TOKENS}?limit=1&cursor={first['next_cursor']}").json()["data"]
    assert [page["items"][0]["id"] for page in (first, second)] == [newer.pk, token.pk]
    assert second["next_cursor"] is None


def test_a_revoked_token_stops_at_once(person: User) -> None:
    token = ApiTokenFactory(user=person)
    client = Client(headers={"Authorization": f"Bearer {token.secret}"})
    assert client.delete(f"{TOKENS}/{token.pk}").status_code == 200
    response = client.get(TOKENS)
    assert (response.status_code, response.json()["code"]) == (401, "invalid_token")
    assert audited() == [("Uma", "token.revoked", token.pk)]


def test_an_admin_ends_anothers_token_with_the_scope_for_staff_only(person: User) -> None:
    token = ApiTokenFactory(user=person)
    admin = UserFactory(admin=True)
    answers = []
    for scopes in (["account"], ["account", "staff"]):
        own = ApiTokenFactory(user=admin, scopes=scopes)
        client = Client(headers={"Authorization": f"Bearer {own.secret}"})
        answers.append(client.delete(f"{TOKENS}/{token.pk}").status_code)
    assert answers == [404, 200]


@pytest.mark.parametrize("unknown", [0, 10**30])
def test_anothers_token_and_no_token_look_the_same(
    person: User, stranger: User, unknown: int
) -> None:
    token = ApiTokenFactory(user=person)
    own = ApiTokenFactory(user=stranger)
    client = Client(headers={"Authorization": f"Bearer {own.secret}"})
    for token_id in (token.pk, unknown):
        response = client.delete(f"{TOKENS}/{token_id}")
        assert (response.status_code, response.json()["code"]) == (404, "token_not_found")
    token.refresh_from_db()
    assert token.revoked_at is None


@pytest.mark.django_db(transaction=True)
async def test_guessers_of_passwords_take_no_thread_from_the_database(
    person: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check of a password waits in threads of its own: here until everything else was done."""
    settings.DATABASE_THREADS = 2
    is_done = threading.Event()
    hashing: list[str] = []

    class SlowHasher(MD5PasswordHasher):
        def encode(self, password: str, salt: str) -> str:
            hashing.append(threading.current_thread().name)
            is_done.wait(10)
            encoded: str = super().encode(password, salt)
            return encoded

    settings.PASSWORD_HASHERS = [f"{__name__}.SlowHasher"]
    monkeypatch.setitem(globals(), "SlowHasher", SlowHasher)
    guesses = [
        asyncio.create_task(
            credentials.find_by_credentials(email=f"nobody{number}@example.com", password="x")
        )
        for number in range(10)
    ]
    try:
        async with asyncio.timeout(5):
            seen = [await db.call(User.objects.count) for _ in range(3)]
    finally:
        is_done.set()
    assert await asyncio.gather(*guesses) == [None] * 10
    assert seen == [1, 1, 1]
    assert {name.partition("_")[0] for name in hashing} == {"passwords"}


def test_a_password_that_changes_while_it_is_checked_makes_no_token(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = passwords.verify

    async def meanwhile_changed(password: str, encoded: str | None) -> bool:
        is_right = await verify(password, encoded)
        await db.call(User.objects.update, password="another")
        return is_right

    monkeypatch.setattr(passwords, "verify", meanwhile_changed)
    response = post(**LOGIN)
    assert (response.status_code, response.json()["code"]) == (401, "invalid_credentials")
    assert ApiToken.objects.count() == 0


def test_a_page_that_signs_in_holds_no_connection_while_it_checks_the_password(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    check = User.check_password
    monkeypatch.setattr(backends, "release_connection", lambda: order.append("given back"))

    def checked(user: User, password: str) -> bool:
        order.append("checked")
        return bool(check(user, password))

    monkeypatch.setattr(User, "check_password", checked)
    page = Client().post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert page.status_code == 302
    assert order == ["given back", "checked"]


@pytest.mark.parametrize(("query", "others"), [("", 1), ("?with_made=true", 0)])
def test_a_token_is_revoked_alone_or_with_what_was_made_with_it(
    person: User, query: str, others: int
) -> None:
    leaked = ApiTokenFactory(user=person, scopes=["account", "chat"])
    child = post(leaked.secret, name="child", scopes=["chat"]).json()["data"]["id"]
    own = ApiTokenFactory(user=person)
    client = Client(headers={"Authorization": f"Bearer {own.secret}"})
    assert client.delete(f"{TOKENS}/{leaked.pk}{query}").status_code == 200
    left = ApiToken.objects.usable().exclude(pk=own.pk)
    assert list(left.values_list("pk", flat=True)) == [child][:others]
