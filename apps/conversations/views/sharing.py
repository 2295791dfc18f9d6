"""Links: made and revoked by their owner, and opened by anybody."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.conversations.services import lists, shared_pages, shares
from apps.conversations.views.answers import load, number_of
from apps.core import db, rate_limits
from apps.core.client_address import address_group, client_address
from apps.core.errors import AppError, NotFoundError, RateLimitedError
from apps.core.middleware.headers import POLICY_HEADER

SHARED_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
REVOKED = gettext_lazy("The link is revoked. Whoever opens it finds nothing any more.")


@login_required
@require_http_methods(["GET", "POST"])
async def share(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """Ask how long a link should work; make it, and show its address this one time."""
    viewer: Any = await request.auser()
    context = await load(lists.share_page, viewer=viewer, conversation_id=conversation_id)
    status = 200
    if request.method == "POST":
        try:
            made = await shares.publish(
                actor=viewer,
                conversation_id=conversation_id,
                expires_in_days=shares.read_end(request.POST.get("expires_in_days")),
            )
        except AppError as error:
            context, status = lists.refused_share(context, error), error.status_code
        else:
            context, status = {**context, "made": made}, 201
    return await db.call(render, request, "chat/share.html", context, status=status)


@login_required
@require_safe
async def shared_links(request: HttpRequest) -> HttpResponse:
    """List the person's links."""
    viewer: Any = await request.auser()
    before = number_of(request, "before")
    context = await db.call(lists.shares_page, viewer=viewer, before=before)
    return await db.call(render, request, "chat/shares.html", context)


@login_required
@require_POST
async def revoke(request: HttpRequest, share_id: int) -> HttpResponse:
    """Let a link lead nowhere from now on."""
    viewer: Any = await request.auser()
    await load(shares.revoke_share, actor=viewer, share_id=share_id)
    flash.success(request, REVOKED)
    return HttpResponseRedirect(reverse("chat:shares"))


@require_safe
async def shared(request: HttpRequest, token: str) -> HttpResponse:
    """Show a shared conversation to anybody with its link; nobody has to sign in."""
    address = address_group(client_address(request))
    try:
        await rate_limits.check("shared", f"address:{address}", settings.RATE_LIMIT_SHARED)
        viewer: Any = await request.auser()
        page = await db.call(
            shared_pages.open_share,
            token=token,
            place=number_of(request, "from") or 0,
            viewer=viewer if viewer.is_authenticated else None,
            is_view=request.method == "GET",
        )
    except RateLimitedError as error:
        response = await db.call(
            render, request, "chat/shared_gone.html", {"problem": error.message}, status=429
        )
        response.headers["Retry-After"] = str(error.retry_after_seconds or 1)
    except (NotFoundError, Http404):
        response = await db.call(render, request, "chat/shared_gone.html", {}, status=404)
    else:
        response = await db.call(render, request, "chat/shared.html", {"page": page})
    response.headers[POLICY_HEADER] = SHARED_POLICY
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
