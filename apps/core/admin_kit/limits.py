"""A page of the admin may ask the database for a bounded time only."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from psycopg.errors import QueryCanceled

STATEMENT_TIMEOUT_MS = 5_000

View = Callable[..., HttpResponse]


def with_statement_timeout(view: View) -> View:
    """Run a reading view, rendering included, so that each of its statements ends after a while.

    The limit is local to a transaction, so that it never travels with a pooled connection. Views
    that write are left alone: they call one service with a transaction of its own.
    """

    @wraps(view)
    def limited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401
        if request.method not in ("GET", "HEAD"):
            return view(request, *args, **kwargs)
        try:
            with transaction.atomic():
                limit_statements(STATEMENT_TIMEOUT_MS)
                return _rendered(view(request, *args, **kwargs))
        except OperationalError as error:
            if not isinstance(error.__cause__, QueryCanceled):
                raise
            return render(request, "admin/too_slow.html", status=503)

    return limited


def limit_statements(milliseconds: int) -> None:
    """End every further statement of this transaction that takes longer than this."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(milliseconds)])


def _rendered(response: HttpResponse) -> HttpResponse:
    """Render a lazy response now: its querysets are evaluated by the template, inside the limit."""
    render_now = getattr(response, "render", None)
    return render_now() if render_now is not None else response
