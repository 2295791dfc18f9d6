"""The one authenticator: whoever calls, by token or by session, becomes the same principal."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.utils import timezone

from apps.users import statements
from apps.users.constants import TOKEN_PREFIX, TOKEN_USE_RESOLUTION_SECONDS, TokenScope
from apps.users.errors import AccessRevokedError, InvalidTokenError, MissingScopeError
from apps.users.models import ApiToken, User
from apps.users.querysets.framework import running_sessions
from apps.users.services import access, session_hashes

MAX_TOKEN_CHARS = 100


class AuthMethod(StrEnum):
    """How somebody showed who they are."""

    TOKEN = "token"  # noqa: S105
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts, as the database had it when it was asked.

    Attributes:
        user: the person.
        method: token or session.
        scopes: what this way of acting may be used for; a session may be used for everything.
        auth_epoch: the person's epoch at that moment.
        token: the token, where there is one.
        session_key: the session, where there is one.
    """

    user: User
    method: AuthMethod
    scopes: frozenset[str]
    auth_epoch: int
    token: ApiToken | None = None
    session_key: str | None = None

    def require_scope(self, scope: TokenScope) -> None:
        """Check that this principal may act in a scope.

        Raises:
            MissingScopeError: its token was not made for that.
        """
        if scope not in self.scopes:
            raise MissingScopeError

    @property
    def rights(self) -> str:
        """A word that is another one once the person's role, duties or state have changed."""
        return str(self.auth_epoch)

    @property
    def token_rights(self) -> str:
        """A word for the token and everything that it may be used for; empty for a session."""
        return _rights_of(self.token)

    @property
    def api_token_id(self) -> int | None:
        """The number of the token, where there is one: its quotas count."""
        return None if self.token is None else self.token.pk

    @property
    def allowed_models(self) -> tuple[str, ...]:
        """Names and patterns of the models that may be asked; none for all."""
        return tuple(self.token.allowed_models) if self.token is not None else ()


def hash_token(raw: str) -> str:
    """Return the form in which a token is kept; the token itself is random, so it needs no salt."""
    return hashlib.sha256(raw.encode(errors="replace")).hexdigest()


def identify_token(raw: str) -> Principal:
    """Return who calls with this token; notes its use at most once a minute.

    Raises:
        InvalidTokenError: it is unknown, expired or revoked, or its owner's account is closed.
        AccountSuspendedError: its owner is suspended.
    """
    if not raw.startswith(TOKEN_PREFIX) or len(raw) > MAX_TOKEN_CHARS:
        raise InvalidTokenError
    token = ApiToken.objects.usable().with_hash(hash_token(raw)).select_related("user").first()
    principal = _principal_of_token(token)
    _note_use(principal.token)
    return principal


def principal_for_session(user: User, *, session_key: str | None = None) -> Principal:
    """Return who acts by a signed-in session, from the person that the session names.

    Raises:
        AccessRevokedError: the account is closed.
        AccountSuspendedError: the person is suspended.
    """
    if not user.is_active or user.is_service:
        raise AccessRevokedError
    access.ensure_not_suspended(user)
    return Principal(
        user=user,
        method=AuthMethod.SESSION,
        scopes=frozenset(TokenScope.values),
        auth_epoch=user.auth_epoch,
        session_key=session_key,
    )


def recheck(principal: Principal) -> Principal:
    """Ask the database again whether a principal may still act, for connections that stay open.

    Returns:
        The principal as it is now.

    Raises:
        AccessRevokedError: password, role or state changed since the session was opened, and it is
            not the one that was kept; or its owner signed out.
        InvalidTokenError: the token was revoked or expired, or the account is closed.
        AccountSuspendedError: the person is suspended.
    """
    if principal.token is not None:
        return _principal_of_token(
            ApiToken.objects.usable().select_related("user").filter(pk=principal.token.pk).first()
        )
    user, has_session = statements.find_person_with_session(
        user_id=principal.user.pk, session_key=principal.session_key, now=timezone.now()
    )
    if user is None:
        raise AccessRevokedError
    current = principal_for_session(user, session_key=principal.session_key)
    if principal.session_key is not None and not has_session:
        raise AccessRevokedError
    if user.auth_epoch != principal.auth_epoch and not _is_kept(current):
        raise AccessRevokedError
    return current


def in_doubt(asked: Sequence[Principal]) -> list[bool]:
    """Tell of each principal whether anything changed of what let it in, in three statements.

    Who is in doubt is to be rechecked; nobody is turned out by this.
    """
    people = {one.user.pk for one in asked}
    epochs = dict(User.objects.active().filter(pk__in=people).values_list("pk", "auth_epoch"))
    numbers = {one.token.pk for one in asked if one.token is not None}
    tokens = ApiToken.objects.usable().in_bulk(numbers)
    keys = {one.session_key for one in asked if one.session_key is not None}
    running = running_sessions(keys)
    sessions = {None, *running.values_list("session_key", flat=True)}
    return [
        epochs.get(one.user.pk) != one.auth_epoch
        or (one.token is not None and _rights_of(tokens.get(one.token.pk)) != one.token_rights)
        or one.session_key not in sessions
        for one in asked
    ]


def _rights_of(token: ApiToken | None) -> str:
    if token is None:
        return ""
    return repr((token.pk, sorted(token.scopes), token.allowed_models, token.expires_at))


def _is_kept(current: Principal) -> bool:
    """Tell whether the session lived on when the person was signed out everywhere else."""
    key = current.session_key
    return key is not None and session_hashes.is_of(
        session_hashes.stored_session(key), current.user
    )


def _principal_of_token(token: ApiToken | None) -> Principal:
    if token is None or not token.user.is_active:
        raise InvalidTokenError
    access.ensure_not_suspended(token.user)
    return Principal(
        user=token.user,
        method=AuthMethod.TOKEN,
        scopes=frozenset(token.scopes),
        auth_epoch=token.user.auth_epoch,
        token=token,
    )


def _note_use(token: ApiToken | None) -> None:
    now = timezone.now()
    stale = now - timedelta(seconds=TOKEN_USE_RESOLUTION_SECONDS)
    if token is None or (token.last_used_at is not None and token.last_used_at >= stale):
        return
    ApiToken.objects.used_before(stale).filter(pk=token.pk).update(last_used_at=now)
    token.last_used_at = now
