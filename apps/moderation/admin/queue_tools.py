"""What stands around the queue: saved views, bulk decisions, exports, preferences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse

from apps.core.admin_kit.decisions import return_url
from apps.core.errors import AppError, ForbiddenError
from apps.moderation.admin.answers import Data, act, actor_of, number_of, problem
from apps.moderation.admin.case_views import queue_url
from apps.moderation.admin.rulings import ruling_of, typed_of
from apps.moderation.constants import Verdict
from apps.moderation.models import Policy
from apps.moderation.services.desk import bulk, exports, preferences, queue_filters, saved_views
from apps.users.models import User

BULK_VERDICTS = (
    (Verdict.NO_VIOLATION.value, "No violation"),
    (Verdict.VIOLATES.value, "Violates a policy"),
)


def count_views(request: HttpRequest) -> HttpResponse:
    """Answer how many cases each saved view finds."""
    try:
        counts = saved_views.counts_of(actor_of(request))
    except AppError as error:
        return problem(error)
    return JsonResponse({"counts": counts})


def save_view(request: HttpRequest) -> HttpResponse:
    """Keep the filters under a name."""

    def work() -> Data:
        view = saved_views.save(
            actor=actor_of(request),
            name=request.POST.get("name", ""),
            query=request.POST.get("query", ""),
            is_shared="is_shared" in request.POST,
        )
        return {"url": queue_url(view.query), "done": f"The view “{view.name}” is kept."}

    return act(request, work, fallback_url=queue_url())


def delete_view(request: HttpRequest, view_id: int) -> HttpResponse:
    """Delete a view."""

    def work() -> Data:
        saved_views.remove(actor=actor_of(request), view_id=view_id)
        return {"url": queue_url(), "done": "The view is deleted."}

    return act(request, work, fallback_url=queue_url())


def keep_preference(request: HttpRequest) -> HttpResponse:
    """Keep from which severity on texts are covered."""

    def work() -> Data:
        severity = number_of(request.POST.get("collapse_from"))
        preferences.choose_collapse(actor=actor_of(request), severity=severity)
        return {"url": queue_url(), "done": "Kept. It holds for the queue and for every case."}

    return act(request, work, fallback_url=queue_url())


def decide_bulk(request: HttpRequest) -> HttpResponse:
    """Ask what to decide about the selected cases, and do it once that came."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    actor = actor_of(request)
    picks = _picks(request)
    back_url = return_url(request, queue_url())
    try:
        batch = bulk.look(actor=actor, picks=picks)
    except ForbiddenError as error:
        raise PermissionDenied from error
    except AppError as error:
        messages.warning(request, error.sentence)
        return HttpResponseRedirect(back_url)
    said = ""
    if "verdict" in request.POST:
        try:
            outcome = bulk.decide_many(
                actor=actor,
                picks=batch.picks,
                ruling=ruling_of(request.POST),
                typed_count=number_of(request.POST.get("typed_count")),
            )
        except AppError as error:
            said = error.sentence
        else:
            return _after_bulk(request, outcome)
    return _bulk_page(request, batch, back_url, said)


def show_batch(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Show the decisions of a batch that hold, with one button that takes them all back."""
    actor = actor_of(request)
    if request.method == "POST":
        reason = request.POST.get("reason", "").strip() or "The batch was taken back."

        def work() -> Data:
            outcome = bulk.undo_batch(actor=actor, batch_id=batch_id, reason=reason)
            return {"url": queue_url(), "done": f"Taken back: {outcome.sentence}"}

        return act(request, work, fallback_url=queue_url())
    try:
        found = bulk.decisions_of(actor=actor, batch_id=batch_id)
    except ForbiddenError as error:
        raise PermissionDenied from error
    except AppError as error:
        messages.warning(request, error.message)
        return HttpResponseRedirect(queue_url())
    return TemplateResponse(
        request,
        "admin/moderation/batch.html",
        {**_frame(request, "Batch"), "decisions": found, "batch_id": batch_id},
    )


def export(request: HttpRequest) -> HttpResponseBase:
    """Stream the filtered queue."""
    actor = actor_of(request)
    file_format: exports.Format = "json" if request.GET.get("format") == "json" else "csv"
    chosen = queue_filters.parse(request.GET.dict())
    try:
        exports.begin(actor=actor, chosen=chosen, file_format=file_format)
    except ForbiddenError as error:
        raise PermissionDenied from error
    except AppError as error:
        messages.warning(request, error.message)
        return HttpResponseRedirect(queue_url())
    stream: Any = exports.stream if isinstance(request, ASGIRequest) else _stream
    return StreamingHttpResponse(
        stream(actor, chosen, file_format),
        content_type=exports.MEDIA_TYPES[file_format],
        headers={"Content-Disposition": exports.disposition_of(file_format)},
    )


def _stream(
    actor: User, chosen: queue_filters.QueueFilter, file_format: exports.Format
) -> Iterator[bytes]:
    is_first, below = True, None
    while rows := exports.take_step(actor=actor, chosen=chosen, below=below):
        yield exports.part_of(rows, file_format, is_first=is_first).encode()
        is_first, below = False, exports.last_of(rows)
    yield exports.ending(file_format, is_empty=is_first).encode()


def _picks(request: HttpRequest) -> list[bulk.Pick]:
    pairs = (value.partition(":") for value in request.POST.getlist("case"))
    picks = (bulk.Pick(number_of(number), number_of(version)) for number, _, version in pairs)
    return list({pick.case_id: pick for pick in picks if pick.case_id}.values())


def _bulk_page(
    request: HttpRequest, batch: bulk.Batch, back_url: str, said: str
) -> TemplateResponse:
    policies = Policy.objects.in_use()
    context = {
        **_frame(request, f"Decide {batch.count} cases"),
        "batch": batch,
        "policies": policies.select_related("current").order_by("shortcut", "code"),
        "verdicts": BULK_VERDICTS,
        "verdict": request.POST.get("verdict", ""),
        "typed": typed_of(request.POST),
        "said": said,
        "back_url": back_url,
    }
    status = 400 if said else 200
    return TemplateResponse(request, "admin/moderation/bulk.html", context, status=status)


def _after_bulk(request: HttpRequest, outcome: bulk.Outcome) -> HttpResponse:
    if not outcome.done:
        messages.error(request, outcome.sentence)
        return HttpResponseRedirect(return_url(request, queue_url()))
    messages.success(request, outcome.sentence)
    url = reverse("admin:moderation_batch", args=[outcome.batch_id])
    return HttpResponseRedirect(f"{url}?{urlencode({'next': queue_url()})}")


def _frame(request: HttpRequest, title: str) -> dict[str, Any]:
    return {
        **admin.site.each_context(request),
        "title": title,
        "crumbs": [("Queue", queue_url())],
    }
