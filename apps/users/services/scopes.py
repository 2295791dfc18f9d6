"""Who opens a socket: a program by its token, or a page by its session."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.http.cookie import parse_cookie
from django.utils.crypto import constant_time_compare

from apps.users.errors import AccessRevokedError, InvalidTokenError
from apps.users.models import User
from apps.users.services.principals import Principal, identify_token, principal_for_session


def authenticate_scope(scope: Mapping[str, Any]) -> Principal:
    """Return who opens the socket of this ASGI scope; a token outranks a cookie.

    Raises:
        InvalidTokenError: the token is not valid.
        AccessRevokedError: nobody is signed in with this session.
        AccountSuspendedError: the person is suspended.
    """
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    authorization = headers.get(b"authorization")
    if authorization is not None:
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer":
            raise InvalidTokenError
        return identify_token(token.strip())
    session_key = parse_cookie(headers.get(b"cookie", "")).get(settings.SESSION_COOKIE_NAME)
    user = find_session_user(session_key) if session_key else None
    if user is None:
        raise AccessRevokedError
    return principal_for_session(user, session_key=session_key)


def find_session_user(session_key: str) -> User | None:
    """Return who is signed in by a session, without writing to it; None for a stale one."""
    session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    user = User.objects.filter(pk=session.get(SESSION_KEY)).first()
    if user is None:
        return None
    stored = session.get(HASH_SESSION_KEY, "")
    accepted = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return user if any(constant_time_compare(stored, one) for one in accepted) else None
