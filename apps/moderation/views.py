"""The pages on which people report messages, read what was decided about them, and appeal."""

from __future__ import annotations

from typing import Any

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core import db
from apps.core.errors import AppError, NotFoundError
from apps.core.numbers import whole_number
from apps.moderation.services.appeals import appeals, pages
from apps.moderation.services.cases import reports
from apps.moderation.services.decisions import inbox
from apps.moderation.services.notices import letters

REPORTED = gettext_lazy(
    "Thank you. A person will look at it, and you will be told what came of it."
)
APPEALED = gettext_lazy("Your appeal is on its way. Somebody else will look, and you will be told.")
WITHDRAWN = gettext_lazy("Your appeal is withdrawn.")


@login_required
@require_http_methods(["GET", "POST"])
async def report(request: HttpRequest, message_id: int) -> HttpResponse:
    """Ask what is wrong with a message, and pass it on to staff."""
    if request.method == "POST":
        return await _report(request, message_id)
    viewer = await request.auser()
    context = await _load(pages.report_page, viewer=viewer, message_id=message_id)
    return await db.call(render, request, "moderation/report.html", context)


async def _report(request: HttpRequest, message_id: int) -> HttpResponse:
    """Take a report; the page's dialog is answered with the sentence alone."""
    viewer: Any = await request.auser()
    typed = {name: request.POST.get(name, "") for name in ("reason", "comment")}
    is_dialog = "text/html" not in request.headers.get("Accept", "text/html")
    try:
        flag = await db.call(reports.report_message, actor=viewer, message_id=message_id, **typed)
    except NotFoundError as error:
        raise Http404 from error
    except AppError as error:
        if is_dialog:
            return JsonResponse({"message": error.sentence}, status=error.status_code)
        context = await _load(
            pages.report_page, viewer=viewer, message_id=message_id, typed=typed, error=error
        )
        template = "moderation/report.html"
        return await db.call(render, request, template, context, status=error.status_code)
    if is_dialog:
        return JsonResponse({"message": str(REPORTED)})
    flash.success(request, REPORTED)
    conversation = reverse("chat:conversation", args=[flag.case.conversation_id])
    return HttpResponseRedirect(f"{conversation}#message-{message_id}")


@login_required
@require_safe
async def notices(request: HttpRequest) -> HttpResponse:
    """List what a person was told, with how they stand."""
    viewer: Any = await request.auser()
    context = await db.call(pages.notices_page, viewer=viewer, before=_before(request))
    return await db.call(render, request, "moderation/notices.html", context)


@login_required
@require_safe
async def notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Show one notice; opening it marks it as read."""
    viewer = await request.auser()
    found = await _load(inbox.read_notice, viewer=viewer, notice_id=notice_id)
    context = await db.call(pages.notice_page, notice=found)
    return await db.call(render, request, "moderation/notice.html", context)


@login_required
@require_safe
async def notice_of_message(request: HttpRequest, message_id: int) -> HttpResponse:
    """Lead from a message to the notice about it; to all notices where there is none."""
    viewer: Any = await request.auser()
    notice_id = await db.call(inbox.notice_about, viewer=viewer, message_id=message_id)
    if notice_id is None:
        return HttpResponseRedirect(reverse("moderation:notices"))
    return HttpResponseRedirect(reverse("moderation:notice", args=[notice_id]))


@login_required
@require_POST
async def appeal(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Take an appeal by a plain form."""
    viewer: Any = await request.auser()
    found = await _load(inbox.access_notice, viewer=viewer, notice_id=notice_id)
    page = reverse("moderation:notice", args=[notice_id])
    return await _appeal(request, found, "moderation/notice.html", page)


@login_required
@require_POST
async def withdraw(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Take an appeal back."""
    viewer = await request.auser()
    try:
        await _load(appeals.withdraw, actor=viewer, notice_id=notice_id)
    except AppError as error:
        flash.error(request, error.message)
    else:
        flash.success(request, WITHDRAWN)
    return HttpResponseRedirect(reverse("moderation:notice", args=[notice_id]))


@login_required
@require_safe
async def readings(request: HttpRequest) -> HttpResponse:
    """Show who read a person's conversations, when and why."""
    viewer: Any = await request.auser()
    context = await db.call(pages.readings_page, viewer=viewer, before=_before(request))
    return await db.call(render, request, "moderation/readings.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
async def letter(request: HttpRequest, token: str) -> HttpResponse:
    """Show one notice, and take its appeal, by a link that was given to its reader alone."""
    found = await _load(letters.open_letter, token=token)
    if request.method == "POST":
        response = await _appeal(request, found, "moderation/letter.html", request.path_info)
    else:
        read = await _load(inbox.read_notice, viewer=found.subject, notice_id=found.pk)
        context = await db.call(pages.notice_page, notice=read)
        response = await db.call(render, request, "moderation/letter.html", context)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


async def _appeal(request: HttpRequest, found: Any, template: str, page: str) -> HttpResponse:  # noqa: ANN401
    text = request.POST.get("text", "")
    try:
        await db.call(appeals.submit, actor=found.subject, notice_id=found.pk, text=text)
    except AppError as error:
        context = await db.call(pages.notice_page, notice=found, typed=text, error=error)
        return await db.call(render, request, template, context, status=error.status_code)
    flash.success(request, APPEALED)
    return HttpResponseRedirect(page)


def _before(request: HttpRequest) -> int | None:
    """Return the number of the row at which a list goes on; None for its beginning."""
    return whole_number(request.GET.get("before"))


async def _load(service: Any, /, **arguments: Any) -> Any:  # noqa: ANN401
    """Call a service for a page; what is not there, or not theirs, is a 404."""
    try:
        return await db.call(service, **arguments)
    except NotFoundError as error:
        raise Http404 from error
