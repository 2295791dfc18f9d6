"""Who opens a socket: a program by its token, or a page by its session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY
from django.http.cookie import parse_cookie

from apps.users.errors import AccessRevokedError, InvalidTokenError
from apps.users.models import User
from apps.users.services import session_hashes
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
    session = session_hashes.stored_session(session_key)
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    user = User.objects.filter(pk=session.get(SESSION_KEY)).first()
    return user if user is not None and session_hashes.is_of(session, user) else None
