"""The page of a case: reading it, holding it, deciding it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from apps.core.errors import AppError, NotFoundError
from apps.moderation.admin.answers import Data, actor_of, number_of, problem
from apps.moderation.constants import UNDO_SECONDS
from apps.moderation.errors import QueueEmptyError
from apps.moderation.services.cases import cases
from apps.moderation.services.desk import (
    case_pages,
    case_subjects,
    case_texts,
    queue,
    queue_filters,
)

MAX_SKIPPED = 50
EMPTY_QUEUE = "Nothing waits for you in this queue."


def case_url(case_id: int, query: str = "") -> str:
    """Return the address of a case's page, within a filter of the queue."""
    url = reverse("admin:moderation_case_page", args=[case_id])
    return f"{url}?{query}" if query else url


def queue_url(query: str = "") -> str:
    """Return the address of the queue, filtered."""
    url = reverse("admin:moderation_queue")
    return f"{url}?{query}" if query else url


def show_case(request: HttpRequest, case_id: int) -> HttpResponse:
    """Show the page of a case; its script claims it.

    Raises:
        Http404: there is no such case.
    """
    try:
        return page_of_case(request, case_id)
    except NotFoundError as error:
        raise Http404 from error


def page_of_case(
    request: HttpRequest, case_id: int, *, status: int = 200, **more: object
) -> HttpResponse:
    """Return the page of a case.

    Args:
        request: whose.
        case_id: which case.
        status: of the answer.
        more: what the page shows besides: what was `typed` into a form that was refused, and the
            `news` since.

    Raises:
        ForbiddenError, CaseNotFoundError: as `case_pages.show`.
    """
    chosen = queue_filters.parse(request.GET.dict())
    context = case_context(request, case_id, chosen)
    context = {
        **admin.site.each_context(request),
        "title": f"Case {case_id}",
        "crumbs": [("Queue", queue_url(chosen.to_query()))],
        "here": f"Case {case_id}",
        "is_fullwidth": "1",
        **context,
        **more,
    }
    return TemplateResponse(request, "admin/moderation/case.html", context, status=status)


def case_context(
    request: HttpRequest, case_id: int, chosen: queue_filters.QueueFilter
) -> dict[str, Any]:
    """Return what the body of a case's page is drawn from, and write down who reads it."""
    actor = actor_of(request)
    page = case_pages.show(viewer=actor, case_id=case_id)
    case_texts.note_opening(viewer=actor, case=page.case)
    return {
        "page": page,
        "query": chosen.to_query(),
        "queue_url": queue_url(chosen.to_query()),
        "rights": {
            "decide": actor.has_perm(cases.DECIDE),
            "override": actor.has_perm(cases.OVERRIDE),
            "reveal": actor.has_perm(case_subjects.REVEAL),
        },
        "seen_at": timezone.now().isoformat(),
        "undo_seconds": UNDO_SECONDS,
    }


def next_case(request: HttpRequest, chosen: queue_filters.QueueFilter) -> Data:
    """Claim the next case of a filter, and return its page; the queue's where nothing waits."""
    actor = actor_of(request)
    among = queue.rows_of(viewer=actor, chosen=chosen)
    words = request.POST.get("skipped", "").split(",")[-MAX_SKIPPED:]
    skipped = [number_of(word) for word in words]
    try:
        case = cases.take_next(actor=actor, among=among.exclude(pk__in=skipped))
    except QueueEmptyError:
        return {"case": None, "url": queue_url(chosen.to_query()), "done": EMPTY_QUEUE}
    return drawn(request, case.pk, chosen)


def drawn(request: HttpRequest, case_id: int, chosen: queue_filters.QueueFilter) -> Data:
    """Return a case with the body of its page."""
    context = case_context(request, case_id, chosen)
    return {
        "case": case_id,
        "url": case_url(case_id, chosen.to_query()),
        "html": render_to_string("admin/moderation/case_body.html", context, request),
    }


def body_of_case(request: HttpRequest, case_id: int) -> HttpResponse:
    """Answer with the body of a case's page, for a page that is open."""
    chosen = queue_filters.parse(request.GET.dict())
    try:
        return JsonResponse(drawn(request, case_id, chosen))
    except AppError as error:
        return problem(error)


def show_standing(request: HttpRequest, case_id: int) -> HttpResponse:
    """Answer who holds a case."""
    try:
        return JsonResponse(case_pages.standing_of(viewer=actor_of(request), case_id=case_id))
    except AppError as error:
        return problem(error)


def show_more(request: HttpRequest, case_id: int) -> HttpResponse:
    """Answer with more of the conversation around a case."""
    beyond = number_of(request.GET.get("beyond"))
    try:
        exchange = case_texts.read_more(viewer=actor_of(request), case_id=case_id, beyond=beyond)
    except AppError as error:
        return problem(error)
    lines = [*exchange.before, *exchange.after]
    html = render_to_string("admin/moderation/parts/lines.html", {"lines": lines}, request)
    return JsonResponse({"html": html, "more": exchange.has_earlier or exchange.has_later})
