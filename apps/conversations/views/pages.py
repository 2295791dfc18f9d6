"""The chat pages: each loads what it shows by one service, and its forms call one service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.conversations.services import conversations, demo, pages, turns
from apps.conversations.views import keeping
from apps.conversations.views.answers import (
    chosen_assistant,
    load,
    number_of,
    safe_page,
    to_conversation,
)
from apps.core import db
from apps.core.errors import AppError, NotFoundError
from apps.llm.errors import AssistantNotFoundError

if TYPE_CHECKING:
    from apps.users.models import User

THEMES = ("system", "light", "dark")
THEME_SECONDS = 31_536_000


@require_safe
async def index(request: HttpRequest) -> HttpResponse:
    """Show where a conversation begins; what Parley is, to somebody who is not signed in."""
    viewer = await request.auser()
    if not viewer.is_authenticated:
        context = {"demo_accounts": demo.accounts_to_try()}
        return await db.call(render, request, "landing.html", context)
    context = await load(pages.new_page, viewer=viewer, after=request.GET.get("after", ""))
    context |= await _given_back(request, viewer)
    return await db.call(render, request, "chat/index.html", context)


@login_required
@require_safe
async def conversation(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """Show one conversation: its end, which counts as read then, or the screen around a message."""
    viewer: Any = await request.auser()
    context = await load(
        pages.conversation_page,
        viewer=viewer,
        conversation_id=conversation_id,
        before=number_of(request, "before"),
        after=number_of(request, "after"),
        around=number_of(request, "message"),
    )
    if request.method == "GET" and context["newer_cursor"] is None:
        await load(conversations.mark_read, viewer=viewer, conversation_id=conversation_id)
    context |= await _given_back(request, viewer)
    return await db.call(render, request, "chat/conversation.html", context)


async def _given_back(request: HttpRequest, viewer: User) -> dict[str, Any]:
    """Return what the composer shows of a form that came when the person was signed out."""
    words = await keeping.kept_words(request, viewer)
    return {"composer_text": words, "composer_error": keeping.NOT_SENT} if words else {}


@login_required
@require_safe
async def older(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """Answer the screen of messages before or after a cursor, as a fragment."""
    context = await load(
        pages.screen_of,
        viewer=await request.auser(),
        conversation_id=conversation_id,
        before=number_of(request, "before"),
        after=number_of(request, "after"),
    )
    return await db.call(render, request, "chat/messages.html", context)


@require_http_methods(["GET", "POST"])
async def start(request: HttpRequest) -> HttpResponse:
    """Begin a conversation by a plain form; whoever comes back to its address begins anew."""
    page = reverse("chat:index")
    return await _send(request, None) if request.method == "POST" else HttpResponseRedirect(page)


@require_http_methods(["GET", "POST"])
async def send(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """Send a message by a plain form; whoever comes back to its address sees the conversation."""
    if request.method == "POST":
        return await _send(request, conversation_id)
    return to_conversation(conversation_id)


async def _send(request: HttpRequest, conversation_id: int | None) -> HttpResponse:
    viewer: Any = await request.auser()
    if not viewer.is_authenticated:
        name, arguments = (
            ("index", []) if conversation_id is None else ("conversation", [conversation_id])
        )
        return await keeping.sign_in_first(request, page=reverse(f"chat:{name}", args=arguments))
    content = request.POST.get("content", "").replace("\r\n", "\n")
    try:
        turn = await turns.start_turn(
            actor=viewer,
            request=turns.TurnRequest(
                conversation_id=conversation_id,
                content=content,
                client_id=request.POST.get("client_id", "")[:64] or None,
                assistant_id=chosen_assistant(request),
            ),
        )
    except AssistantNotFoundError as error:
        return await _refused(request, viewer, conversation_id, content, error)
    except NotFoundError as error:
        raise Http404 from error
    except AppError as error:
        return await _refused(request, viewer, conversation_id, content, error)
    return to_conversation(turn.conversation.pk)


async def _refused(
    request: HttpRequest,
    viewer: User,
    conversation_id: int | None,
    content: str,
    error: AppError,
) -> HttpResponse:
    """Show the page again with the person's text in the composer and the reason beside it."""
    if conversation_id is None:
        template = "chat/index.html"
        context = await load(pages.new_page, viewer=viewer)
    else:
        template = "chat/conversation.html"
        context = await load(
            pages.conversation_page, viewer=viewer, conversation_id=conversation_id
        )
    refused = {**context, "composer_text": content, "composer_error": error.message}
    return await db.call(render, request, template, refused, status=error.status_code)


@require_POST
async def theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme in a cookie and go back."""
    chosen = request.POST.get("theme", "")
    if chosen not in THEMES:
        raise BadRequest
    response = HttpResponse(status=204)
    if "text/html" in request.headers.get("Accept", ""):
        response = HttpResponseRedirect(safe_page(request, request.POST.get("next", "")))
    response.set_cookie("theme", chosen, max_age=THEME_SECONDS, samesite="Lax", httponly=True)
    return response


@login_required
@require_safe
async def account(request: HttpRequest) -> HttpResponse:
    """Show the person's account."""
    return await db.call(render, request, "settings.html", {})
