"""What the pages answer in the same way."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from apps.core import db
from apps.core.errors import NotFoundError
from apps.core.numbers import whole_number


async def load(service: Any, /, **arguments: Any) -> Any:  # noqa: ANN401
    """Call a service for a page; what is not there, or not theirs, is a 404."""
    try:
        return await db.call(service, **arguments)
    except NotFoundError as error:
        raise Http404 from error


def safe_page(request: HttpRequest, target: str) -> str:
    """Return the page to go back to, if it is one of ours, or else the first."""
    if url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        return target
    return reverse("chat:index")


def wants_page(request: HttpRequest) -> bool:
    """Tell whether the browser itself asks, and not the page's script."""
    return "text/html" in request.headers.get("Accept", "text/html")


def to_conversation(conversation_id: int, message_id: int | None = None) -> HttpResponse:
    """Lead to a conversation, at one of its messages if it is named."""
    page = reverse("chat:conversation", args=[conversation_id])
    place = "" if message_id is None else f"#message-{message_id}"
    return HttpResponseRedirect(f"{page}{place}")


def number_of(request: HttpRequest, name: str) -> int | None:
    """Return a number of the address, None if it is not there; another word is no page."""
    text = request.GET.get(name, "")
    if not text:
        return None
    number = whole_number(text)
    if number is None:
        raise Http404
    return number


def chosen_assistant(request: HttpRequest) -> int | None:
    """Return which assistant the form names; without a choice it names none."""
    return whole_number(request.POST.get("assistant_id"))
