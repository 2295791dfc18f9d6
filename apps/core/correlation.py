"""One id that ties what has one cause together: a request, its log lines, events and answer.

A background job carries the id of what queued it (see core/jobs.py), and one of its own where that
had none, as each round of an endless loop has.
"""

import re
import uuid
from contextvars import ContextVar

_SAFE = re.compile(r"[A-Za-z0-9._-]{8,64}")
_current: ContextVar[str] = ContextVar("correlation_id", default="")


def new_correlation_id() -> str:
    """Make a fresh id of 32 hexadecimal characters."""
    return uuid.uuid4().hex


def accept_correlation_id(candidate: str | None) -> str:
    """Return the caller's id if it is 8 to 64 safe characters, a fresh one otherwise."""
    if candidate and _SAFE.fullmatch(candidate):
        return candidate
    return new_correlation_id()


def set_correlation_id(correlation_id: str) -> None:
    """Bind the id to the current context, so that everything called from here sees it."""
    _current.set(correlation_id)


def begin_anew() -> None:
    """Bind a fresh id: what comes next has a cause of its own."""
    set_correlation_id(new_correlation_id())


def bound_correlation_id() -> str:
    """Return the id bound to the current context, or nothing where none is."""
    return _current.get()


def get_correlation_id() -> str:
    """Return the id bound to the current context, or one for this call alone.

    Reading binds nothing: tasks that begin here would carry the same id for as long as they live.
    """
    return _current.get() or new_correlation_id()
