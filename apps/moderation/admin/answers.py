"""Answers of the queue's addresses: data for the page's script, a redirect for a plain form."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from django.contrib import messages
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
)

from apps.core.errors import AppError
from apps.core.numbers import whole_number
from apps.users.models import User

Data = dict[str, Any]


def actor_of(request: HttpRequest) -> User:
    """Return who is at work."""
    return cast("User", request.user)


def wants_data(request: HttpRequest) -> bool:
    """Tell whether the page's script asks, and no plain form."""
    return request.headers.get("Accept", "").startswith("application/json")


def act(
    request: HttpRequest,
    work: Callable[[], Data],
    *,
    fallback_url: str,
    explain: Callable[[AppError], Data] | None = None,
    redraw: Callable[[AppError], HttpResponse] | None = None,
) -> HttpResponse:
    """Do what a POST asks, and answer its script or its form.

    Args:
        request: what came in.
        work: calls one service and returns what the script needs; `url` is where a form goes on
            and `done` what it is told.
        fallback_url: where a form goes back to if the service refuses.
        explain: returns what the script needs besides the error.
        redraw: returns the form's page once more, with what was typed; without it, or where the
            page cannot be shown either, a refused form goes back.
    """
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        data = work()
    except AppError as error:
        if wants_data(request):
            return problem(error, _explained(error, explain))
        messages.error(request, error.sentence)
        return _go_back(error, fallback_url, redraw)
    if wants_data(request):
        return JsonResponse(data)
    if data.get("done"):
        messages.success(request, data["done"])
    return HttpResponseRedirect(data.get("url") or fallback_url)


def _explained(error: AppError, explain: Callable[[AppError], Data] | None) -> Data:
    if explain is not None:
        with suppress(AppError):
            return explain(error)
    return {}


def _go_back(
    error: AppError, fallback_url: str, redraw: Callable[[AppError], HttpResponse] | None
) -> HttpResponse:
    if redraw is not None:
        with suppress(AppError):
            return redraw(error)
    return HttpResponseRedirect(fallback_url)


def problem(error: AppError, more: Data | None = None) -> JsonResponse:
    """Write an error for the page's script."""
    return JsonResponse(
        {
            "code": error.code,
            "message": error.sentence,
            "fields": {one["field"]: one["message"] for one in error.details or ()},
            **(more or {}),
        },
        status=error.status_code,
    )


def number_of(text: str | None) -> int:
    """Return a number that came in a form; 0 for anything else."""
    return whole_number(text) or 0
