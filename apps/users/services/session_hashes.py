"""Whether a stored session is still its person's: it carries a hash that another epoch changes."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.utils.crypto import constant_time_compare

from apps.users.models import User


def stored_session(session_key: str) -> Any:  # noqa: ANN401  the engine is a setting
    """Return what is stored under a session's key, to be read only."""
    return import_module(settings.SESSION_ENGINE).SessionStore(session_key)


def is_of(session: Any, user: User) -> bool:  # noqa: ANN401
    """Tell whether a session holds after all that has changed about its person."""
    stored = session.get(HASH_SESSION_KEY, "")
    accepted = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(stored, one) for one in accepted)


def keep(session: SessionBase, user: User) -> None:
    """Let one session outlive the epoch that has just ended all others of its person.

    It is stored at once: what the session has open looks as soon as the transaction is committed.
    """
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
