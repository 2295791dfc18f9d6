"""What a moderator does on the page of a case: one service each, answered to its script."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone

from apps.core.errors import AppError, ForbiddenError, NotFoundError
from apps.moderation.admin.answers import Data, act, actor_of, number_of, problem
from apps.moderation.admin.case_views import case_url, drawn, next_case, page_of_case, queue_url
from apps.moderation.admin.rulings import ruling_of, typed_of
from apps.moderation.constants import UNDO_SECONDS
from apps.moderation.models import Case, Decision
from apps.moderation.services.cases import cases
from apps.moderation.services.decisions import decisions, previews, reversals
from apps.moderation.services.desk import case_pages, case_subjects, queue_filters, timelines


def take_next(request: HttpRequest) -> HttpResponse:
    """Claim the next case of the filter, and answer with its page."""
    chosen = queue_filters.parse(request.GET.dict())

    def work() -> Data:
        return next_case(request, chosen)

    return act(request, work, fallback_url=queue_url(chosen.to_query()))


def claim(request: HttpRequest, case_id: int) -> HttpResponse:
    """Claim a case, or renew the claim."""

    def work() -> Data:
        case = cases.claim(actor=actor_of(request), case_id=case_id)
        return _standing(request, case)

    def explain(error: AppError) -> Data:
        if isinstance(error, (ForbiddenError, NotFoundError)):
            return {}
        return case_pages.standing_of(viewer=actor_of(request), case_id=case_id)

    return act(request, work, fallback_url=case_url(case_id), explain=explain)


def take_over(request: HttpRequest, case_id: int) -> HttpResponse:
    """Take a case from whoever holds it."""

    def work() -> Data:
        reason = request.POST.get("reason", "")
        case = cases.take_over(actor=actor_of(request), case_id=case_id, reason=reason)
        return {**_standing(request, case), "done": "You hold the case now."}

    return act(request, work, fallback_url=case_url(case_id))


def release(request: HttpRequest, case_id: int) -> HttpResponse:
    """Give a case back, as a page does that is left."""

    def work() -> Data:
        cases.release(actor=actor_of(request), case_id=case_id)
        return {"url": queue_url()}

    return act(request, work, fallback_url=queue_url())


def _standing(request: HttpRequest, case: Case) -> Data:
    actor = actor_of(request)
    return case_pages.standing_as_data(actor, case, has_part=cases.has_part(actor, case))


def decide(request: HttpRequest, case_id: int) -> HttpResponse:
    """Decide a case, and answer with the next one of the same filter."""
    chosen = queue_filters.parse(request.GET.dict())

    def work() -> Data:
        decision = decisions.decide(
            actor=actor_of(request),
            case_id=case_id,
            version=number_of(request.POST.get("version")),
            ruling=ruling_of(request.POST),
        )
        return {**_decided(decision), **_going_on(request, chosen)}

    def explain(error: AppError) -> Data:
        return news_of(request, case_id, error)

    return act(
        request,
        work,
        fallback_url=case_url(case_id, chosen.to_query()),
        explain=explain,
        redraw=lambda error: show_refused(request, case_id, error),
    )


def show_refused(request: HttpRequest, case_id: int, error: AppError) -> HttpResponse:
    """Show a case again whose form was refused: what was typed, and what is new since it was read.

    Raises:
        ForbiddenError, CaseNotFoundError: the page cannot be shown, or its form is not theirs.
    """
    if isinstance(error, ForbiddenError):
        raise error
    news: list[str] = []
    if error.status_code == HTTPStatus.CONFLICT:
        case = cases.access_case(viewer=actor_of(request), case_id=case_id)
        news = _what_is_new(request, case)
    return page_of_case(
        request, case_id, status=error.status_code, typed=typed_of(request.POST), news=news
    )


def preview(request: HttpRequest, case_id: int) -> HttpResponse:
    """Answer what a decision would do, and the notice word for word."""

    def work() -> Data:
        found = previews.preview(
            actor=actor_of(request), case_id=case_id, ruling=ruling_of(request.POST)
        )
        return {"effect": found.effect, "title": found.title, "body": found.body}

    return act(request, work, fallback_url=case_url(case_id))


def undo(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Take a decision back, and answer with its case, held again by whoever took it back."""
    chosen = queue_filters.parse(request.GET.dict())

    def work() -> Data:
        actor = actor_of(request)
        reason = request.POST.get("reason", "")
        undone = reversals.undo(actor=actor, decision_id=decision_id, reason=reason)
        try:
            cases.claim(actor=actor, case_id=undone.case_id)
        except AppError:
            return {"url": case_url(undone.case_id), "done": "The decision is taken back."}
        done = f"Case {undone.case_id} is open again, and yours."
        return {**drawn(request, undone.case_id, chosen), "done": done}

    return act(request, work, fallback_url=queue_url())


def write_note(request: HttpRequest, case_id: int) -> HttpResponse:
    """Keep a note for the other members of staff."""

    def work() -> Data:
        text = request.POST.get("text", "")
        cases.add_note(actor=actor_of(request), case_id=case_id, text=text)
        return {**drawn(request, case_id, queue_filters.parse({})), "done": "The note is kept."}

    return act(request, work, fallback_url=case_url(case_id))


def reveal(request: HttpRequest, case_id: int) -> HttpResponse:
    """Answer with the address of a case's person, against a reason."""

    def work() -> Data:
        reason = request.POST.get("reason", "")
        return {
            "email": case_subjects.reveal(actor=actor_of(request), case_id=case_id, reason=reason)
        }

    return act(request, work, fallback_url=case_url(case_id))


def _decided(decision: Decision) -> Data:
    words = decision.get_verdict_display().partition(":")[0].lower()
    return {
        "decision": decision.pk,
        "done": f"Case {decision.case_id}: {words}.",
        "undo_url": reverse("admin:moderation_decision_undo", args=[decision.pk]),
        "undo_seconds": UNDO_SECONDS,
        "case_url": case_url(decision.case_id),
    }


def _going_on(request: HttpRequest, chosen: queue_filters.QueueFilter) -> Data:
    found = next_case(request, chosen)
    found.pop("done", None)
    return found


def show_news(request: HttpRequest, case_id: int) -> HttpResponse:
    """Answer what is new in a case for a page that holds it."""
    try:
        return JsonResponse(_news(request, case_id))
    except AppError as error:
        return problem(error)


def news_of(request: HttpRequest, case_id: int, error: AppError) -> Data:
    """Return what a page needs whose decision was refused, where it read an older state."""
    return _news(request, case_id) if error.status_code == HTTPStatus.CONFLICT else {}


def _news(request: HttpRequest, case_id: int) -> Data:
    """Return what changed under a moderator's hands, with the state as it is now."""
    case = cases.access_case(viewer=actor_of(request), case_id=case_id)
    return {
        "news": _what_is_new(request, case),
        "standing": _standing(request, case),
        "seen_at": timezone.now().isoformat(),
    }


def _what_is_new(request: HttpRequest, case: Case) -> list[str]:
    """Return what happened to a case since its form was read, in words."""
    try:
        since = datetime.fromisoformat((request.POST or request.GET).get("seen_at", ""))
    except ValueError:
        since = case.created_at
    since = since if since.tzinfo is not None else since.replace(tzinfo=UTC)
    return timelines.news_since(case, since, actor_of(request))
