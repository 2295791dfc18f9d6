from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.backends.cached_db import SessionStore
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from apps.core.errors import AppError
from apps.users.constants import TokenScope
from apps.users.errors import (
    AccessRevokedError,
    AccountSuspendedError,
    InvalidTokenError,
    MissingScopeError,
)
from apps.users.models import ApiToken, User
from apps.users.services import (
    accounts,
    authentication,
    principals,
    roles,
    sessions,
    standing,
    token_ends,
)
from apps.users.services.scopes import authenticate_scope
from tests.factories import ApiTokenFactory, UserFactory

pytestmark = pytest.mark.django_db


def scope_of(**headers: str) -> dict[str, object]:
    return {"headers": [(name.encode(), value.encode()) for name, value in headers.items()]}


@pytest.fixture
def session_key(person: User) -> str:
    client = Client()
    client.force_login(person)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture
def session_scope(session_key: str) -> dict[str, object]:
    return scope_of(cookie=f"theme=dark; {settings.SESSION_COOKIE_NAME}={session_key}")


def test_a_token_becomes_its_owner_with_its_scopes(person: User) -> None:
    token = ApiTokenFactory(user=person, scopes=["chat"])
    principal = principals.identify_token(token.secret)
    assert (principal.user, principal.method, principal.token) == (person, "token", token)
    principal.require_scope(TokenScope.CHAT)
    with pytest.raises(MissingScopeError):
        principal.require_scope(TokenScope.ACCOUNT)


@pytest.fixture
def token(person: User) -> ApiToken:
    return ApiTokenFactory(user=person)


async def test_the_api_asks_the_same(person: User, token: ApiToken) -> None:
    assert (await authentication.authenticate_token(token.secret)).user == person


@pytest.mark.parametrize(
    "raw", ["", "parley_", "parley_" + "x" * 43, "x" * 50, "parley_" + "x" * 500, "parley_\ud800"]
)
def test_what_is_no_token_is_refused(raw: str) -> None:
    with pytest.raises(InvalidTokenError) as caught:
        principals.identify_token(raw)
    assert caught.value.status_code == 401


@pytest.mark.parametrize("state", ["expired", "revoked"])
def test_an_ended_token_is_refused(person: User, state: str) -> None:
    token = ApiTokenFactory(user=person, **{state: True})
    with pytest.raises(InvalidTokenError):
        principals.identify_token(token.secret)


def test_a_closed_account_looks_like_an_unknown_token() -> None:
    token = ApiTokenFactory(user=UserFactory(inactive=True))
    with pytest.raises(InvalidTokenError):
        principals.identify_token(token.secret)


def test_a_suspended_owner_is_told_why() -> None:
    token = ApiTokenFactory(user=UserFactory(suspended=True))
    with pytest.raises(AccountSuspendedError) as caught:
        principals.identify_token(token.secret)
    assert (caught.value.status_code, caught.value.reason) == (403, "You sent spam.")


def test_a_session_may_be_used_for_everything(
    person: User, session_scope: dict[str, object], session_key: str
) -> None:
    principal = authenticate_scope(session_scope)
    assert (principal.user, principal.method, principal.token) == (person, "session", None)
    assert principal.scopes == {"chat", "account", "staff"}
    assert principal.session_key == session_key


def test_a_token_outranks_a_cookie(stranger: User, session_key: str) -> None:
    token = ApiTokenFactory(user=stranger)
    cookie = f"{settings.SESSION_COOKIE_NAME}={session_key}"
    scope = scope_of(cookie=cookie, authorization=f"Bearer {token.secret}")
    assert authenticate_scope(scope).user == stranger
    with pytest.raises(InvalidTokenError):
        authenticate_scope(scope_of(cookie=cookie, authorization="Bearer parley_wrong"))
    with pytest.raises(InvalidTokenError):
        authenticate_scope(scope_of(cookie=cookie, authorization="Basic dW1hOng="))


@pytest.mark.parametrize(
    "headers", [{}, {"cookie": ""}, {"cookie": "sessionid=unknown"}, {"cookie": "sessionid"}]
)
def test_nobody_is_signed_in_without_a_session(headers: dict[str, str]) -> None:
    with pytest.raises(AccessRevokedError):
        authenticate_scope(scope_of(**headers))


def test_a_new_secret_key_signs_nobody_out(
    session_scope: dict[str, object], settings: Settings, person: User
) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-secret-key-0123456789-abcdefghijklmnopqrstuvwxyz-ABC"
    assert authenticate_scope(session_scope).user == person


def deactivate(person: User, admin: User) -> None:
    accounts.set_active(actor=admin, user_id=person.pk, is_active=False)


def suspend(person: User, admin: User) -> None:
    standing.suspend(actor=admin, user_id=person.pk, reason="r", reason_for_user="r")


def change_password(person: User, admin: User) -> None:
    accounts.change_password(actor=admin, user=person, password="Quiet-river-7")


def change_role(person: User, admin: User) -> None:
    roles.change_role(actor=admin, user_id=person.pk, role="moderator")


def delete(person: User, admin: User) -> None:
    accounts.delete_user(actor=admin, user_id=person.pk)


@pytest.mark.parametrize(
    ("change", "by_session", "by_token"),
    [
        (deactivate, "access_revoked", "invalid_token"),
        (suspend, "account_suspended", "account_suspended"),
        (change_password, "access_revoked", "invalid_token"),
        (change_role, "access_revoked", None),
        (delete, "access_revoked", "invalid_token"),
    ],
)
def test_what_is_open_stops_working_with_each_change(
    person: User,
    admin: User,
    session_scope: dict[str, object],
    change: object,
    by_session: str,
    by_token: str | None,
) -> None:
    token = ApiTokenFactory(user=person)
    socket = authenticate_scope(session_scope)
    program = principals.identify_token(token.secret)
    assert principals.recheck(socket).user == person
    assert principals.recheck(program).user == person
    change(person, admin)  # type: ignore[operator]
    with pytest.raises(AppError) as caught:
        principals.recheck(socket)
    assert caught.value.code == by_session
    with pytest.raises(AccessRevokedError):
        authenticate_scope(session_scope)
    if by_token is None:
        assert principals.recheck(program).user.role == "moderator"
    else:
        with pytest.raises(AppError) as caught:
            principals.recheck(program)
        assert caught.value.code == by_token


def test_a_socket_outlives_neither_its_session_nor_its_person(
    person: User, session_scope: dict[str, object]
) -> None:
    socket = authenticate_scope(session_scope)
    Session.objects.update(expire_date=timezone.now())
    with pytest.raises(AccessRevokedError):
        principals.recheck(socket)
    Session.objects.update(expire_date=timezone.now() + timedelta(minutes=1))
    assert principals.recheck(socket).user.name == person.name
    User.objects.filter(pk=person.pk).delete()
    with pytest.raises(AccessRevokedError):
        principals.recheck(socket)


def test_signing_out_ends_the_sockets_of_that_session_only(
    person: User, session_scope: dict[str, object], session_key: str
) -> None:
    other = Client()
    other.force_login(person)
    elsewhere = authenticate_scope(scope_of(cookie=f"sessionid={other.cookies['sessionid'].value}"))
    socket = authenticate_scope(session_scope)
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session_key
    client.post("/accounts/logout/")
    with pytest.raises(AccessRevokedError):
        principals.recheck(socket)
    assert principals.recheck(elsewhere).user == person


def test_signing_out_everywhere_else_leaves_the_sockets_of_this_session(
    person: User, session_scope: dict[str, object], session_key: str
) -> None:
    other = Client()
    other.force_login(person)
    elsewhere = authenticate_scope(scope_of(cookie=f"sessionid={other.cookies['sessionid'].value}"))
    socket = authenticate_scope(session_scope)
    sessions.end_other_sessions(user=person, session=SessionStore(session_key))
    current = principals.recheck(socket)
    assert principals.recheck(current).auth_epoch == socket.auth_epoch + 1
    with pytest.raises(AccessRevokedError):
        principals.recheck(elsewhere)


def test_a_revoked_token_ends_what_it_opened(person: User) -> None:
    token = ApiTokenFactory(user=person)
    program = principals.identify_token(token.secret)
    token_ends.revoke_token(actor=person, token_id=token.pk)
    with pytest.raises(InvalidTokenError):
        principals.recheck(program)


@pytest.mark.parametrize("change", [deactivate, suspend, change_password, change_role, delete])
def test_without_redis_whoever_a_change_concerns_is_in_doubt_and_nobody_else(
    person: User,
    stranger: User,
    admin: User,
    session_scope: dict[str, object],
    change: object,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    of_person = [ApiTokenFactory(user=person) for _ in range(2)]
    secrets = [*(token.secret for token in of_person), ApiTokenFactory(user=stranger).secret]
    asked = [authenticate_scope(session_scope), *map(principals.identify_token, secrets)]
    with django_assert_num_queries(3):
        assert principals.in_doubt(asked) == [False] * 4
    change(person, admin)  # type: ignore[operator]
    assert principals.in_doubt(asked) == [True, True, True, False]


def test_without_redis_a_session_or_token_that_ended_is_in_doubt(
    person: User, session_scope: dict[str, object]
) -> None:
    first, second, third = (ApiTokenFactory(user=person) for _ in range(3))
    programs = [principals.identify_token(token.secret) for token in (first, second, third)]
    asked = [authenticate_scope(session_scope), *programs]
    token_ends.revoke_token(actor=person, token_id=first.pk)
    ApiToken.objects.filter(pk=second.pk).update(allowed_models=["small"])
    assert principals.in_doubt(asked) == [False, True, True, False]
    Session.objects.update(expire_date=timezone.now())
    assert principals.in_doubt(asked) == [True, True, True, False]


def test_a_page_of_somebody_suspended_is_signed_out(
    person: User, admin: User, session_key: str
) -> None:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session_key
    assert client.get("/accounts/email/").status_code == 200
    suspend(person, admin)
    response = client.get("/accounts/email/")
    assert (response.status_code, response["Location"]) == (
        302,
        "/accounts/login/?next=/accounts/email/",
    )
