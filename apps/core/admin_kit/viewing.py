"""Who is looking: columns are drawn without the request, and depend on the viewer's rights."""

from contextvars import ContextVar

from django.http import HttpRequest

_current: ContextVar[HttpRequest] = ContextVar("staff_request")


def set_request(request: HttpRequest) -> None:
    """Remember the request that this page is drawn for."""
    _current.set(request)


def current_request() -> HttpRequest:
    """Return the request that this page is drawn for.

    Raises:
        LookupError: no page of the admin is being drawn.
    """
    return _current.get()
