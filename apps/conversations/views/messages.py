"""The forms of one message: stop, ask again, edit, choose a version, rate."""

from __future__ import annotations

from typing import Any

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.conversations.errors import MessageNotFoundError, ModelNotFoundError
from apps.conversations.services import branches, feedback, pages, retries, stopping, turns
from apps.conversations.views import keeping
from apps.conversations.views.answers import (
    chosen_assistant,
    load,
    safe_page,
    to_conversation,
    wants_page,
)
from apps.core import db
from apps.core.errors import AppError, NotFoundError

KEPT = gettext_lazy("Thank you. What you think of this answer is kept.")
TAKEN_BACK = gettext_lazy("Your rating is taken back.")


@login_required
@require_POST
async def stop(request: HttpRequest, message_id: int) -> HttpResponse:
    """Stop an answer by a plain form."""
    viewer: Any = await request.auser()
    reply = await load(stopping.stop_reply, actor=viewer, reply_id=message_id)
    return to_conversation(reply.conversation_id)


@login_required
@require_POST
async def retry(request: HttpRequest, message_id: int) -> HttpResponse:
    """Ask the same question again by a plain form."""
    viewer: Any = await request.auser()
    try:
        turn = await retries.retry_reply(
            actor=viewer, message_id=message_id, assistant_id=chosen_assistant(request)
        )
    except (MessageNotFoundError, ModelNotFoundError) as error:
        raise Http404 from error
    except AppError as error:
        flash.error(request, error.message)
        return HttpResponseRedirect(safe_page(request, request.headers.get("Referer", "")))
    return to_conversation(turn.conversation.pk)


@require_http_methods(["GET", "POST"])
async def edit(request: HttpRequest, message_id: int) -> HttpResponse:
    """Ask for other words in the place of a question, and send them as a new version of it."""
    viewer: Any = await request.auser()
    if not viewer.is_authenticated:
        return await keeping.sign_in_first(request, page=request.path)
    try:
        context = await load(pages.edit_page, viewer=viewer, message_id=message_id)
        if request.method == "POST":
            return await _edited(request, viewer, context)
    except AppError as error:
        flash.error(request, error.message)
        return HttpResponseRedirect(safe_page(request, request.headers.get("Referer", "")))
    if words := await keeping.kept_words(request, viewer):
        context |= {"typed": words, "problem": keeping.NOT_SENT}
    return await db.call(render, request, "chat/edit.html", context)


async def _edited(request: HttpRequest, viewer: Any, context: dict[str, Any]) -> HttpResponse:  # noqa: ANN401
    content = request.POST.get("content", "").replace("\r\n", "\n")
    try:
        turn = await turns.start_turn(
            actor=viewer,
            request=turns.TurnRequest(
                conversation_id=context["conversation_id"],
                edits_message_id=context["message_id"],
                content=content,
                client_id=request.POST.get("client_id", "")[:64] or None,
            ),
        )
    except AppError as error:
        refused = {**context, "typed": content, "problem": error.message}
        return await db.call(render, request, "chat/edit.html", refused, status=error.status_code)
    return to_conversation(turn.conversation.pk)


@login_required
@require_POST
async def show(request: HttpRequest, message_id: int) -> HttpResponse:
    """Show another version of a message by a plain form."""
    viewer: Any = await request.auser()
    try:
        message, _ = await db.call(branches.show_branch, actor=viewer, message_id=message_id)
    except NotFoundError as error:
        raise Http404 from error
    except AppError as error:
        flash.error(request, error.message)
        return HttpResponseRedirect(safe_page(request, request.headers.get("Referer", "")))
    return to_conversation(message.conversation_id, message.pk)


@login_required
@require_safe
async def branch(request: HttpRequest, message_id: int) -> HttpResponse:
    """Answer what is shown of a conversation from a message on, as a fragment."""
    context = await load(pages.branch_of, viewer=await request.auser(), message_id=message_id)
    return await db.call(render, request, "chat/messages.html", context)


@login_required
@require_POST
async def rate(request: HttpRequest, message_id: int) -> HttpResponse:
    """Keep what a person thinks of an answer; the page's script is answered with a sentence."""
    viewer: Any = await request.auser()
    is_page = wants_page(request)
    rating = request.POST.get("rating", "") or None
    try:
        await load(
            feedback.rate_answer,
            actor=viewer,
            message_id=message_id,
            rating=rating,
            reason=request.POST.get("reason", "").replace("\r\n", "\n"),
        )
    except AppError as error:
        if not is_page:
            return JsonResponse({"message": error.message}, status=error.status_code)
        flash.error(request, error.message)
        return HttpResponseRedirect(safe_page(request, request.headers.get("Referer", "")))
    if not is_page:
        return JsonResponse({"message": str(KEPT if rating else TAKEN_BACK)})
    page = safe_page(request, request.headers.get("Referer", ""))
    return HttpResponseRedirect(f"{page.partition('#')[0]}#message-{message_id}")
