"""Finding conversations, and taking one along as a file."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.conversations.services import exporting, lists
from apps.core import db, rate_limits
from apps.core.api.downloads import Download
from apps.core.errors import AppError

FORMATS: dict[str, exporting.Format] = {"markdown": "markdown", "json": "json"}


@login_required
@require_safe
async def search(request: HttpRequest) -> HttpResponse:
    """Search the person's conversations; the page's dialog gets the results alone."""
    viewer: Any = await request.auser()
    query = request.GET.get("q", "").replace("\x00", "")
    template = "chat/search.html"
    if "text/html" not in request.headers.get("Accept", "text/html"):
        template = "chat/results.html"
    status = 200
    try:
        if query.strip():
            await rate_limits.check("search", f"user:{viewer.pk}", settings.RATE_LIMIT_SEARCH)
        before = request.GET.get("before", "")
        context = await db.call(lists.search_page, viewer=viewer, query=query, before=before)
    except AppError as error:
        context, status = lists.refused_search(query, error), error.status_code
    return await db.call(render, request, template, context, status=status)


@login_required
@require_safe
async def export(request: HttpRequest, conversation_id: int, file_format: str) -> Download:
    """Give the person one conversation as a file."""
    viewer: Any = await request.auser()
    if file_format not in FORMATS:
        raise Http404
    try:
        made = await exporting.export_conversation(
            viewer=viewer, conversation_id=conversation_id, file_format=FORMATS[file_format]
        )
    except AppError as error:
        raise Http404 from error
    return Download(made.pieces, media_type=made.media_type, disposition=made.disposition)
