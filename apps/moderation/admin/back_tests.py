"""Back-tests: how far they are, what they say, and the sample that people label by two keys."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.contrib import messages as flash
from django.db.models import QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from apps.core.admin_kit.details import Detail, Fact
from apps.core.admin_kit.display import EMPTY, Tone, badge, moment
from apps.core.admin_kit.model_admin import StaffModelAdmin
from apps.core.admin_kit.people import has_right
from apps.core.admin_kit.sections import Section
from apps.core.errors import AppError
from apps.core.numbers import whole_number
from apps.moderation.constants import OPEN_BACK_TESTS, BackTestState, RuleMode
from apps.moderation.models import BackTest
from apps.moderation.services.rules import back_test_samples, back_tests, rules
from apps.users.models import User

STATE_LOOKS = {
    BackTestState.QUEUED: (Tone.NEUTRAL, "schedule"),
    BackTestState.RUNNING: (Tone.LIVE, "play_arrow"),
    BackTestState.DONE: (Tone.GOOD, "check"),
    BackTestState.CANCELLED: (Tone.NEUTRAL, "block"),
    BackTestState.FAILED: (Tone.DANGER, "error"),
}
ANSWERS = {"1": True, "0": False}


@admin.register(BackTest)
class BackTestAdmin(StaffModelAdmin[BackTest]):
    """Versions that were tried on stored messages."""

    section = Section.RECORDS
    place = 30
    icon = "science"
    heading = "Back-tests"
    description = "Rules that were tried on stored messages."
    detail_template = "admin/moderation/back_test.html"
    search_keys = {"backtest": "pk", "rule": "version__rule_id"}
    search_advice = "Search by number or rule:12."
    list_display = ("number", "of_rule", "started", "messages_shown", "matches", "state_shown")
    list_display_links = ("number",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[BackTest]:
        """Return the back-tests with their rules."""
        rows = super().get_queryset(request)
        return rows.select_related("version__rule__policy", "compared_with")

    @admin.display(description="Back-test", ordering="id")
    def number(self, row: BackTest) -> str:
        """Show the number."""
        return f"#{row.pk}"

    @admin.display(description="Rule")
    def of_rule(self, row: BackTest) -> SafeString | str:
        """Link to the rule."""
        words = f"{row.version.rule.name}, version {row.version.number}"
        return self.link_to(row.version.rule, words)

    @admin.display(description="Started")
    def started(self, row: BackTest) -> SafeString | str:
        """Show when."""
        return moment(row.created_at)

    @admin.display(description="Messages")
    def messages_shown(self, row: BackTest) -> str:
        """Show how many it looked at."""
        return f"{row.scanned:,} of {row.total:,}"

    @admin.display(description="Matches")
    def matches(self, row: BackTest) -> str:
        """Show how many it matched."""
        return f"{row.matched:,}"

    @admin.display(description="State")
    def state_shown(self, row: BackTest) -> SafeString:
        """Show the state."""
        tone, icon = STATE_LOOKS[BackTestState(row.state)]
        return badge(BackTestState(row.state).label, tone, icon)

    def get_urls(self) -> list[URLPattern]:
        """Return the usual addresses, and those that cancel and label."""
        wrap = self.admin_site.admin_view
        return [
            path("<path:object_id>/cancel/", wrap(self.cancel_view), name=self.url_name("cancel")),
            path("<path:object_id>/label/", wrap(self.label_view), name=self.url_name("label")),
            *super().get_urls(),
        ]

    def cancel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End a back-test."""
        row = self.row_or_404(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            back_tests.cancel(actor=cast("User", request.user), back_test_id=row.pk)
        except AppError as error:
            flash.error(request, error.sentence)
        return HttpResponseRedirect(self.url_of(row.pk))

    def label_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take one label and show the next passage."""
        row = self.row_or_404(request, object_id)
        if request.method != "POST":
            return HttpResponseRedirect(f"{self.url_of(row.pk)}?label=1")
        match, answer = whole_number(request.POST.get("match")), request.POST.get("answer", "")
        if answer in ANSWERS and match is not None:
            try:
                back_test_samples.label(
                    actor=cast("User", request.user),
                    match_id=match,
                    is_violation=ANSWERS[answer],
                )
            except AppError as error:
                flash.error(request, error.sentence)
        return HttpResponseRedirect(f"{self.url_of(row.pk)}?label=1")

    def detail(self, request: HttpRequest, row: BackTest) -> Detail:
        """Show what a back-test says."""
        report = back_test_samples.report(row)
        compared = row.compared_with
        facts = [
            Fact("Rule", self.of_rule(row)),
            Fact("Compared with", f"version {compared.number}" if compared else EMPTY),
            Fact("Match rate", report.rate),
            Fact("Precision by decisions", report.precision),
            Fact("Recall by decisions", report.recall),
            Fact("Precision by labels", report.labelled),
        ]
        if compared is not None:
            facts += [
                Fact("Live: precision", report.precision_before),
                Fact("Live: recall", report.recall_before),
                Fact("Only this version hits", f"{report.only_tried:,}"),
                Fact("Only the live one hits", f"{report.only_compared:,}"),
            ]
        facts += [
            Fact("Started", moment(row.created_at)),
            Fact("Looked", f"{report.seconds:.1f} s"),
        ]
        return Detail(
            title=f"Back-test {row.pk}",
            badges=[self.state_shown(row)],
            facts=facts,
            related=[
                *self.lists_of(request, f"rule:{row.version.rule_id}", "rulehit", "auditevent")
            ],
        )

    def detail_context(self, request: HttpRequest, row: BackTest) -> dict[str, Any]:
        """Return progress, the passage to label, and what may be done next."""
        may_edit = has_right(request, rules.EDIT)
        excerpt = None
        if may_edit and row.state == BackTestState.DONE and "label" in request.GET:
            excerpt = back_test_samples.next_excerpt(
                actor=cast("User", request.user), back_test=row
            )
        rule_subject = self.subject("rule")
        return {
            "back_test": row,
            "counted": f"{self.messages_shown(row)} messages, {self.matches(row)} matched",
            "is_open": row.state in OPEN_BACK_TESTS,
            "may_edit": may_edit,
            "may_enforce": has_right(request, rules.ENFORCE),
            "excerpt": excerpt,
            "is_labelling": "label" in request.GET,
            "report": back_test_samples.report(row),
            "mode_url": rule_subject.url_of(row.version.rule_id, "mode") if rule_subject else "",
            "enforce_url": rule_subject.url_of(row.version.rule_id, "enforce")
            if rule_subject
            else "",
            "modes": [RuleMode.SHADOW, RuleMode.FLAG],
        }
