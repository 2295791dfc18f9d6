"""One id that ties a request, its log lines, its events and its job together."""

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


def get_correlation_id() -> str:
    """Return the id bound to the current context; makes and binds one where there is none."""
    value = _current.get()
    if not value:
        value = new_correlation_id()
        _current.set(value)
    return value
