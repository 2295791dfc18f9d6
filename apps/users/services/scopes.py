"""Who opened a socket: the bearer of a token, or the person of a signed-in session."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from apps.users.errors import AccessRevokedError, InvalidTokenError
from apps.users.models import User
from apps.users.services.principals import Principal, authenticate_token, principal_for_session


def authenticate_scope(scope: Mapping[str, Any]) -> Principal:
    """Return who acts over an ASGI connection, by its headers alone.

    A token wins over a cookie: a program that sends one is never taken for the browser's person.

    Raises:
        InvalidTokenError: the token is not valid.
        AccessRevokedError: nobody is signed in with this session.
        AccountSuspendedError: the person is suspended.
    """
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    authorization = headers.get(b"authorization")
    if authorization is not None:
        kind, _, raw = authorization.partition(" ")
        if kind.lower() != "bearer":
            raise InvalidTokenError
        return authenticate_token(raw.strip())
    return principal_for_session(_session_user(headers.get(b"cookie", "")))


def _session_user(cookie_header: str) -> User:
    try:
        cookie = SimpleCookie(cookie_header).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        cookie = None
    if cookie is None:
        raise AccessRevokedError
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(cookie.value)
    user = get_user(request)
    if not isinstance(user, User):
        raise AccessRevokedError
    return user
