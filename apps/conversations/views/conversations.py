"""The list of conversations, and the forms of one: rename, put away, delete, have back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from apps.conversations.services import conversations, deleting, lists, sidebar
from apps.conversations.views.answers import (
    load,
    number_of,
    safe_page,
    to_conversation,
    wants_page,
)
from apps.core import db
from apps.core.errors import AppError, NotFoundError

UNDO = "undo "
DELETED = gettext_lazy("The conversation is deleted.")
ARCHIVED = gettext_lazy("The conversation is archived.")


@login_required
@require_safe
async def listing(request: HttpRequest) -> HttpResponse:
    """Answer one page of the list, as a fragment."""
    viewer: Any = await request.auser()
    context = await load(sidebar.sidebar_of, viewer=viewer, after=request.GET.get("after", ""))
    return await db.call(render, request, "chat/listing.html", context)


@login_required
@require_POST
async def rename(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """Give a conversation a title; the page's script is answered with a status alone."""
    viewer: Any = await request.auser()
    try:
        await db.call(
            conversations.rename_conversation,
            actor=viewer,
            conversation_id=conversation_id,
            title=request.POST.get("title", ""),
        )
    except NotFoundError as error:
        raise Http404 from error
    except AppError as error:
        if not wants_page(request):
            return HttpResponse(error.message, status=error.status_code, content_type="text/plain")
        flash.error(request, error.message)
    return to_conversation(conversation_id) if wants_page(request) else HttpResponse(status=204)


@login_required
@require_POST
async def archive(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """Put a conversation away, and offer to have it back."""
    await _archive(request, conversation_id, is_archived=True)
    undo = reverse("chat:unarchive", args=[conversation_id])
    flash.success(request, ARCHIVED, extra_tags=f"{UNDO}{undo}")
    return HttpResponseRedirect(reverse("chat:index"))


@login_required
@require_POST
async def unarchive(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """Take a conversation back into the list."""
    await _archive(request, conversation_id, is_archived=False)
    return to_conversation(conversation_id)


async def _archive(request: HttpRequest, conversation_id: int, *, is_archived: bool) -> None:
    await load(
        conversations.archive_conversation,
        actor=await request.auser(),
        conversation_id=conversation_id,
        is_archived=is_archived,
    )


@login_required
@require_POST
async def delete(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """Delete a conversation, and offer to have it back."""
    viewer: Any = await request.auser()
    await load(deleting.delete_conversation, actor=viewer, conversation_id=conversation_id)
    undo = reverse("chat:restore", args=[conversation_id])
    flash.success(request, DELETED, extra_tags=f"{UNDO}{undo}")
    page = safe_page(request, request.POST.get("next", ""))
    return HttpResponseRedirect(page)


@login_required
@require_POST
async def restore(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """Have a deleted conversation back."""
    viewer: Any = await request.auser()
    await load(deleting.restore_conversation, actor=viewer, conversation_id=conversation_id)
    return to_conversation(conversation_id)


@login_required
@require_safe
async def archived(request: HttpRequest) -> HttpResponse:
    """List what the person put away."""
    viewer: Any = await request.auser()
    page = number_of(request, "page") or 1
    context = await db.call(lists.archived_page, viewer=viewer, page=page)
    return await db.call(render, request, "chat/archived.html", context)


@login_required
@require_safe
async def deleted(request: HttpRequest) -> HttpResponse:
    """List what the person deleted and can still have back."""
    viewer: Any = await request.auser()
    page = number_of(request, "page") or 1
    context = await db.call(lists.deleted_page, viewer=viewer, page=page)
    return await db.call(render, request, "chat/deleted.html", context)
