"""Accounts over the API: who may do what, and what is answered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core import mail
from django.http import HttpResponse
from django.test import Client

from apps.users.constants import TokenScope
from apps.users.models import User
from tests.factories import PASSWORD, ApiTokenFactory, UserFactory
from tests.users.conftest import audited

pytestmark = pytest.mark.django_db
USERS = "/api/v1/users/"
NEW = {"email": "New@Example.com", "name": "Nia", "password": "Quiet-river-7"}


def call(
    method: str, path: str, *, by: User | None = None, scopes: list[str] | None = None, **body: Any
) -> HttpResponse:
    headers = {}
    if by is not None:
        token = ApiTokenFactory(user=by, scopes=scopes or list(TokenScope.values))
        headers["Authorization"] = f"Bearer {token.secret}"
    return Client().generic(  # type: ignore[return-value]
        method,
        path,
        data=json.dumps(body) if body else "",
        content_type="application/json",
        headers=headers,
    )


def test_anybody_signs_up_as_a_user() -> None:
    response = call("POST", USERS, **NEW)
    body = response.json()
    user = User.objects.get()
    assert response.status_code == 201
    assert body["data"] == {
        "id": user.pk,
        "email": "new@example.com",
        "name": "Nia",
        "role": "user",
        "kind": "person",
        "is_active": True,
        "created_at": user.created_at.isoformat().replace("+00:00", "Z"),
        "updated_at": user.updated_at.isoformat().replace("+00:00", "Z"),
    }
    assert (body["success"], body["status_code"]) == (True, 201)
    assert "Set-Cookie" not in response
    assert "password" not in response.content.decode()


@pytest.mark.django_db(transaction=True)
def test_signing_up_sends_the_link_where_mail_is_configured(mail_configured: None) -> None:
    assert call("POST", USERS, **NEW).status_code == 201
    assert [message.to for message in mail.outbox] == [["new@example.com"]]


def test_a_taken_address_is_a_conflict(person: User) -> None:
    response = call("POST", USERS, **{**NEW, "email": " UMA@Example.com"})
    body = response.json()
    assert response.status_code == 409
    assert (body["success"], body["code"], body["name"], body["data"]) == (
        False,
        "email_taken",
        "EmailTakenError",
        None,
    )
    assert body["message"] == "User with this email already exists"
    assert list(User.objects.all()) == [person]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "a" * 250 + "@example.com"}, "email"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": None}, "name"),
        ({"password": "short"}, "password"),
        ({"password": "Aa1" + "x" * 126}, "password"),
        ({"password": "lower-case-1"}, "password"),
        ({"password": "Password1"}, "password"),
        ({"role": "admin"}, "role"),
        ({"is_active": True}, "is_active"),
        ({"is_superuser": True}, "is_superuser"),
    ],
)
def test_what_does_not_fit_is_named(change: dict[str, Any], field: str) -> None:
    response = call("POST", USERS, **{**NEW, **change})
    body = response.json()
    assert (response.status_code, body["code"]) == (400, "validation_failed")
    assert {problem["field"].rpartition(".")[2] for problem in body["error"]} == {field}
    assert User.objects.count() == 0


def test_only_admins_with_the_scope_list_people(person: User, moderator: User, admin: User) -> None:
    assert call("GET", USERS).status_code == 401
    for viewer in (person, moderator):
        assert call("GET", USERS, by=viewer).json()["code"] == "role_required"
    assert call("GET", USERS, by=admin, scopes=["account"]).status_code == 403
    body = call("GET", USERS, by=admin).json()
    assert [item["email"] for item in body["data"]["items"]] == [
        "ada@example.com",
        "mo@example.com",
        "uma@example.com",
    ]
    assert body["data"]["next_cursor"] is None


def test_the_list_comes_in_pages_and_by_filter(admin: User) -> None:
    people = UserFactory.create_batch(25, moderator=True)
    expected = [user.pk for user in reversed([admin, *people])]
    first = call("GET", USERS, by=admin).json()["data"]
    cursor = first["next_cursor"]
    second = call("GET", f"{USERS}?cursor={cursor}", by=admin).json()["data"]
    assert [item["id"] for item in first["items"]] == expected[:20]
    assert [item["id"] for item in second["items"]] == expected[20:]
    assert second["next_cursor"] is None
    admins = call("GET", f"{USERS}?role=admin", by=admin).json()["data"]["items"]
    assert [item["id"] for item in admins] == [admin.pk]
    found = call("GET", f"{USERS}?q=ADA%40", by=admin).json()["data"]["items"]
    assert [item["id"] for item in found] == [admin.pk]


@pytest.mark.parametrize(
    "query", ["limit=101", "limit=0", "role=king", "cursor=x", "q=%00", "q=" + "x" * 101]
)
def test_a_question_that_does_not_fit_is_refused(admin: User, query: str) -> None:
    assert call("GET", f"{USERS}?{query}", by=admin).status_code == 400


def test_a_token_tells_whose_it_is(person: User) -> None:
    assert call("GET", f"{USERS}me", by=person).json()["data"]["email"] == "uma@example.com"
    assert call("GET", f"{USERS}me", by=person, scopes=["chat"]).status_code == 403
    assert call("GET", f"{USERS}me").status_code == 401


def test_a_cookie_opens_nothing(person: User) -> None:
    client = Client()
    client.force_login(person)
    assert client.get(f"{USERS}me").status_code == 401
    assert client.delete(f"{USERS}{person.pk}").status_code == 401
    assert User.objects.filter(pk=person.pk).exists()


@pytest.mark.parametrize(
    ("who", "scopes", "status"),
    [
        (None, [], 401),
        ("stranger", ["account", "staff"], 404),
        ("moderator", ["account", "staff"], 404),
        ("person", ["account"], 200),
        ("person", ["chat", "staff"], 403),
        ("admin", ["account", "staff"], 200),
        ("admin", ["account"], 403),
    ],
)
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_who_may_touch_an_account(
    method: str,
    who: str | None,
    scopes: list[str],
    status: int,
    person: User,
    request: pytest.FixtureRequest,
) -> None:
    actor = request.getfixturevalue(who) if who else None
    before = User.objects.values().get(pk=person.pk)
    body = {"name": "Ulla"} if method == "PATCH" else {}
    response = call(method, f"{USERS}{person.pk}", by=actor, scopes=scopes, **body)
    assert response.status_code == status
    if status != 200:
        assert User.objects.values().get(pk=person.pk) == before
        assert audited() == []


def test_unknown_and_not_yours_look_the_same(person: User, stranger: User) -> None:
    answers = [call("GET", f"{USERS}{pk}", by=stranger).json() for pk in (person.pk, 10**9, 10**30)]
    assert {answer["code"] for answer in answers} == {"user_not_found"}
    assert {answer["message"] for answer in answers} == {"User not found"}


@pytest.mark.parametrize("change", [{"role": "admin"}, {"is_active": True}, {"role": "user"}])
@pytest.mark.parametrize("who", ["person", "moderator", "admin"])
def test_nobody_sets_their_own_role_or_state(
    who: str, change: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    actor: User = request.getfixturevalue(who)
    response = call("PATCH", f"{USERS}{actor.pk}", by=actor, name="Changed", **change)
    assert (response.status_code, response.json()["code"]) == (403, "own_rights")
    actor.refresh_from_db()
    assert (actor.name in {"Uma", "Mo", "Ada"}, actor.is_active) == (True, True)


@pytest.mark.parametrize(
    "change",
    [{"is_superuser": True}, {"email": "x@example.com"}, {"password": "Quiet-river-7"}, {"id": 1}],
)
def test_fields_that_nobody_sets_are_refused(person: User, change: dict[str, Any]) -> None:
    response = call("PATCH", f"{USERS}{person.pk}", by=person, **change)
    assert (response.status_code, response.json()["code"]) == (400, "validation_failed")
    person.refresh_from_db()
    assert person.email == "uma@example.com"
    assert person.check_password(PASSWORD)


def test_an_admin_promotes_with_a_reason(person: User, admin: User) -> None:
    response = call(
        "PATCH", f"{USERS}{person.pk}", by=admin, role="moderator", reason="Helps a lot."
    )
    assert response.json()["data"]["role"] == "moderator"
    assert audited() == [("Ada", "user.role_changed", person.pk)]


def test_the_last_admin_stays(admin: User) -> None:
    response = call("DELETE", f"{USERS}{admin.pk}", by=admin)
    assert (response.status_code, response.json()["code"]) == (409, "last_admin")
    assert User.objects.filter(pk=admin.pk).exists()


def test_deleting_oneself_ends_the_token(person: User) -> None:
    token = ApiTokenFactory(user=person)
    client = Client(headers={"Authorization": f"Bearer {token.secret}"})
    response = client.delete(f"{USERS}{person.pk}")
    assert (response.status_code, response.json()["data"]) == (200, None)
    assert client.get(f"{USERS}me").status_code == 401


def test_a_suspended_owner_is_told_why_by_every_operation() -> None:
    user = UserFactory(suspended=True)
    response = call("GET", f"{USERS}me", by=user)
    assert (response.status_code, response.json()["code"]) == (403, "account_suspended")
    assert response.json()["message"] == "Your account is suspended. You sent spam."


def test_sign_up_is_limited_by_address(settings: Any) -> None:
    settings.RATE_LIMIT_SIGNUP = "2/hour"
    for number in range(2):
        assert call("POST", USERS, **{**NEW, "email": f"n{number}@example.com"}).status_code == 201
    response = call("POST", USERS, **{**NEW, "email": "n2@example.com"})
    assert (response.status_code, response.json()["code"]) == (429, "rate_limited")
    assert int(response["Retry-After"]) > 0
    assert User.objects.count() == 2
