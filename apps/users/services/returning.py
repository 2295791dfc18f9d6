"""Who has just shown, at the sign-in, that a closed account is theirs: kept in their session."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone

from apps.users.models import User

KEY = "returning"
MINUTES = 10


def remember(session: SessionBase, user: User, *, now: datetime | None = None) -> None:
    """Keep for ten minutes who signed in; it lets them into nothing but the way back.

    The session gets a new key, so that nobody who knew the former one comes along.
    """
    session.cycle_key()
    until = (now or timezone.now()) + timedelta(minutes=MINUTES)
    session[KEY] = [user.pk, user.auth_epoch, until.timestamp()]


def person_of(session: SessionBase, *, now: datetime | None = None) -> User | None:
    """Return whose closed account may be brought back by this session, if any's."""
    kept = session.get(KEY)
    if kept is None:
        return None
    user_id, auth_epoch, until = kept
    if (now or timezone.now()).timestamp() > until:
        return None
    found: User | None = User.objects.leaving().of_epoch(auth_epoch).filter(pk=user_id).first()
    return found


def forget(session: SessionBase) -> None:
    """Let the session lead back nowhere any more."""
    session.pop(KEY, None)
