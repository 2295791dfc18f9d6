"""Pages of an account as a whole: its export, its end, and the limits of its tokens."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.forms import TokenLimitForm
from apps.accounts.services import closing, exports, pages, token_limits
from apps.core import db
from apps.core.api.downloads import Download
from apps.core.errors import AppError, NotFoundError
from apps.core.middleware.confirmation import was_resumed
from apps.users.services import principals


@login_required
@require_safe
@never_cache
async def data(request: HttpRequest) -> HttpResponse:
    """Show the person's export and how far it is; the page's script asks for that part alone.

    Whoever had to confirm that it is them before a download comes back here, and it begins.
    """
    is_download_due = request.GET.get("download") == "now"
    if is_download_due and await db.call(_must_confirm, request):
        raise ReauthenticationRequired
    viewer: Any = await request.auser()
    context = await db.call(pages.data_page, viewer=viewer)
    context["is_download_due"] = is_download_due
    is_part = "text/html" not in request.headers.get("Accept", "text/html")
    template = "account/data_export.html" if is_part else "account/data.html"
    return await db.call(render, request, template, context)


@login_required
@require_POST
async def request_export(request: HttpRequest) -> HttpResponse:
    """Have everything that the person owns written into an archive."""
    actor: Any = await request.auser()
    try:
        await exports.request_export(actor=actor)
    except AppError as error:
        flash.error(request, error.message)
    return HttpResponseRedirect(reverse("accounts:data"))


@login_required
@require_safe
async def download(request: HttpRequest) -> HttpResponse | Download:
    """Give the person the archive, after the password or another factor was asked.

    A file takes the place of no page: the page that asks would stay. The way leads by the data.
    """
    if await db.call(_must_confirm, request):
        return HttpResponseRedirect(reverse("accounts:data") + "?download=now")
    actor: Any = await request.auser()
    try:
        made = await exports.download(actor=actor)
    except AppError as error:
        flash.error(request, error.message)
        return HttpResponseRedirect(reverse("accounts:data"))
    return Download(
        made.pieces,
        media_type=exports.MEDIA_TYPE,
        disposition=made.disposition,
        size=made.size,
    )


@login_required
@require_http_methods(["GET", "POST"])
@reauthentication_required  # type: ignore[untyped-decorator]
def delete(request: HttpRequest) -> HttpResponse:
    """Say what the end of an account means, and close it, after the password was asked.

    What was sent before the password is shown again and never carried out: the last word is a
    press on this page.
    """
    actor: Any = request.user
    context = pages.delete_page(viewer=actor)
    context["is_sure"] = request.POST.get("is_sure") == "on"
    if request.method == "POST" and not was_resumed(request):
        if context["is_sure"]:
            try:
                user = closing.close_account(actor=actor)
            except AppError as error:
                context["error"] = error.message
            else:
                request.session.flush()
                return render(request, "account/left.html", {"erase_at": user.erase_at})
        else:
            context["error"] = gettext("Tick the box to say that you are sure.")
    status = 400 if "error" in context else 200
    return render(request, "account/delete.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
@reauthentication_required  # type: ignore[untyped-decorator]
def limits(request: HttpRequest, token_id: int) -> HttpResponse:
    """Show the limits of a token, and set one, after the password was asked."""
    actor = _principal(request)
    form = TokenLimitForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            token_limits.set_limit(actor=actor, token_id=token_id, **form.cleaned_data)
        except NotFoundError as error:
            raise Http404 from error
        except AppError as error:
            form.add_error("amount", error.sentence)
        else:
            flash.success(request, gettext("The limit is set. It counts from now on."))
            return HttpResponseRedirect(reverse("accounts:token_limits", args=[token_id]))
    try:
        context = pages.limits_page(viewer=actor, token_id=token_id)
    except NotFoundError as error:
        raise Http404 from error
    status = 400 if form.errors else 200
    return render(request, "account/token_limits.html", context | {"form": form}, status=status)


@login_required
@require_POST
@reauthentication_required  # type: ignore[untyped-decorator]
def end_limit(request: HttpRequest, token_id: int, quota_id: int) -> HttpResponse:
    """End a limit of a token, after the password was asked."""
    try:
        token_limits.end_limit(actor=_principal(request), token_id=token_id, quota_id=quota_id)
    except NotFoundError as error:
        raise Http404 from error
    flash.success(request, gettext("The limit is ended."))
    return HttpResponseRedirect(reverse("accounts:token_limits", args=[token_id]))


def _must_confirm(request: HttpRequest) -> bool:
    """Tell whether the person has to show once more who they are; reads the session."""
    return bool(is_reauthentication_required(request, app="account"))


def _principal(request: HttpRequest) -> principals.Principal:
    user: Any = request.user
    return principals.principal_for_session(user, session_key=request.session.session_key)
