"""What a reviewer does about an appeal, on the page of its case."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from apps.core.problems import field_problem
from apps.moderation.admin.answers import Data, act, actor_of, number_of
from apps.moderation.admin.case_actions import news_of, show_refused
from apps.moderation.admin.case_views import case_url, drawn
from apps.moderation.constants import AppealState, Verdict
from apps.moderation.services.appeals import appeals
from apps.moderation.services.appeals.appeals import Review
from apps.moderation.services.desk import queue_filters


def note_opinion(request: HttpRequest, appeal_id: int) -> HttpResponse:
    """Keep the first opinion, and show the reasons."""

    def work() -> Data:
        verdict = request.POST.get("verdict", "")
        if verdict not in Verdict.values:
            raise field_problem("verdict", "Say what you think of the text.", "verdict_unknown")
        appeal = appeals.note_first_opinion(
            actor=actor_of(request), appeal_id=appeal_id, verdict=Verdict(verdict)
        )
        body = drawn(request, appeal.case_id, queue_filters.parse({}))
        return {**body, "done": "Your first opinion is kept."}

    return act(request, work, fallback_url=_back(request))


def decide(request: HttpRequest, appeal_id: int) -> HttpResponse:
    """Decide the appeal, and show its case."""

    def work() -> Data:
        outcome = request.POST.get("outcome", "")
        if outcome not in AppealState.values:
            raise field_problem("outcome", "Choose upheld or overturned.", "outcome_unknown")
        review = Review(
            outcome=AppealState(outcome),
            reason=request.POST.get("reason", ""),
            reason_for_user=request.POST.get("reason_for_user", ""),
        )
        appeal = appeals.decide_appeal(
            actor=actor_of(request),
            appeal_id=appeal_id,
            version=number_of(request.POST.get("version")),
            review=review,
        )
        body = drawn(request, appeal.case_id, queue_filters.parse({}))
        return {**body, "done": f"Appeal {appeal.pk}: {appeal.get_state_display().lower()}."}

    return act(
        request,
        work,
        fallback_url=_back(request),
        explain=lambda error: news_of(request, number_of(request.POST.get("case")), error),
        redraw=lambda error: show_refused(request, number_of(request.POST.get("case")), error),
    )


def _back(request: HttpRequest) -> str:
    return case_url(number_of(request.POST.get("case")))
