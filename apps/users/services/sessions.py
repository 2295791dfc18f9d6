"""Where a person is signed in, and signing them out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext

from apps.users.errors import SessionNotFoundError
from apps.users.models import User
from apps.users.querysets.framework import running_sessions, sign_ins_of
from apps.users.services import access, session_hashes

MAX_SHOWN = 50
BROWSERS = ("Edg/", "OPR/", "Firefox/", "Chrome/", "Safari/")
BROWSER_NAMES = {
    "Edg/": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "CrOS", "Linux")
SYSTEM_NAMES = {"Mac OS": "Mac", "CrOS": "Chromebook"}


@dataclass(frozen=True, slots=True)
class SignIn:
    """One browser in which a person is signed in, in words that they recognise."""

    id: int
    label: str
    address: str
    began_at: datetime
    seen_at: datetime
    is_current: bool


def list_sessions(*, request: HttpRequest, user: User) -> Sequence[SignIn]:
    """Return where a person is signed in, the present browser first, then the last used.

    Args:
        request: of the browser that asks, whose own session is noted as seen now.
        user: whose sessions.
    """
    UserSession.objects.create_from_request(request)
    return list_kept(user=user, current=request.session.session_key or "")


def list_kept(*, user: User, current: str = "") -> Sequence[SignIn]:
    """Return where a person is signed in, the session with the current key first.

    Sessions that the person's epoch has ended have rows for a while; they are left out.
    """
    rows = list(sign_ins_of(user).order_by("-last_seen_at")[:MAX_SHOWN])
    stored = running_sessions([row.session_key for row in rows])
    valid = {user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()}
    alive = {one.pk for one in stored if one.get_decoded().get(HASH_SESSION_KEY) in valid}
    found = [_sign_in(row, current) for row in rows if row.session_key in alive]
    return sorted(found, key=lambda one: not one.is_current)


@transaction.atomic
def end_session(*, user: User, session_id: int) -> None:
    """Sign a person out of one browser; what it has open closes after the commit.

    Raises:
        SessionNotFoundError: there is no such session of theirs, or it has ended.
    """
    row = sign_ins_of(user).filter(pk=session_id).first()
    if row is None:
        raise SessionNotFoundError
    row.end()
    access.announce_revoked(user.pk)


@transaction.atomic
def end_other_sessions(*, user: User, session: SessionBase) -> None:
    """Sign a person out everywhere but in one session, whose open pages go on undisturbed."""
    locked: User = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    access.raise_epoch(locked)
    session_hashes.keep(session, locked)


def device_of(user_agent: str) -> str:
    """Name browser and system as their owner would; nothing else of what a client says."""
    browser = next((BROWSER_NAMES[mark] for mark in BROWSERS if mark in user_agent), "")
    system = next((SYSTEM_NAMES.get(mark, mark) for mark in SYSTEMS if mark in user_agent), "")
    browser = browser or gettext("A browser")
    words = {"browser": browser, "system": system}
    return gettext("%(browser)s on %(system)s") % words if system else browser


def _sign_in(row: UserSession, current: str) -> SignIn:
    return SignIn(
        id=row.pk,
        label=device_of(row.user_agent),
        address=row.ip,
        began_at=row.created_at,
        seen_at=row.last_seen_at,
        is_current=row.session_key == current,
    )
