"""Rules: their figures, their versions, trying them on a text, and the power that they have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib import messages as flash
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from apps.core.admin_kit.actions import Button, RowAction
from apps.core.admin_kit.details import Detail, Fact, Table
from apps.core.admin_kit.display import EMPTY, Tone, badge, link, moment, preview
from apps.core.admin_kit.filters import choice_filter
from apps.core.admin_kit.model_admin import StaffModelAdmin
from apps.core.admin_kit.people import has_right
from apps.core.admin_kit.sections import Section
from apps.core.errors import AppError
from apps.core.numbers import whole_number
from apps.moderation.admin import rule_pages
from apps.moderation.admin.rule_actions import (
    actor_of,
    enforce,
    figures,
    ladder,
    limits,
    may_edit,
    mode_badge,
)
from apps.moderation.constants import RuleKind, RuleMode
from apps.moderation.models import Rule, RuleVersion
from apps.moderation.services.rules import back_tests, rule_modes, rules, scorecards, trying
from apps.moderation.services.rules.rule_sets import LOCAL_KINDS

SHOWN_VERSIONS = 10
SHOWN_BACK_TESTS = 5


@admin.register(Rule)
class RuleAdmin(StaffModelAdmin[Rule]):
    """Every rule, with what a hit of it does."""

    section = Section.MODERATION
    place = 20
    is_jumped_to = True
    icon = "rule"
    empty_advice = "Staff write rules. Until then nothing is looked for."
    description = "What is looked for in messages and answers, and what a hit does."
    detail_template = "admin/moderation/rule.html"
    change_list_template = "admin/moderation/rules.html"
    search_keys = {"rule": "pk"}
    list_display = ("number", "name_shown", "mode_shown", "looks", "at", "policy_shown", "until")
    list_display_links = ("number", "name_shown")
    list_filter = (
        choice_filter(title="mode", parameter_name="mode", options=tuple(RuleMode.choices)),
        choice_filter(title="kind", parameter_name="kind", options=tuple(RuleKind.choices)),
    )
    ordering = ("-id",)

    @admin.display(description="Kind")
    def looks(self, row: Rule) -> str:
        """Show how it looks."""
        return row.get_kind_display()

    @admin.display(description="Looks")
    def at(self, row: Rule) -> str:
        """Show when it looks."""
        return row.get_stage_display()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        """Return the rules with their policy and version."""
        return super().get_queryset(request).select_related("policy__current", "current__rule")

    def detail_rows(self, request: HttpRequest) -> QuerySet[Rule]:
        """Return the rules with all their versions, newest first."""
        versions = RuleVersion.objects.order_by("-number")
        return self.get_queryset(request).prefetch_related(Prefetch("versions", versions))

    @admin.display(description="Rule", ordering="id")
    def number(self, row: Rule) -> str:
        """Show the number."""
        return f"#{row.pk}"

    @admin.display(description="Name")
    def name_shown(self, row: Rule) -> str:
        """Show the name."""
        return preview(row.name)

    @admin.display(description="Mode")
    def mode_shown(self, row: Rule) -> SafeString:
        """Show the mode."""
        return mode_badge(row.mode)

    @admin.display(description="Policy")
    def policy_shown(self, row: Rule) -> str:
        """Show the policy's title."""
        return row.policy.current.title if row.policy.current else row.policy.code

    @admin.display(description="Until")
    def until(self, row: Rule) -> SafeString | str:
        """Show when it turns itself off."""
        return moment(row.expires_at)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, and the kinds that a new rule may have."""
        kinds = list(RuleKind.choices) if may_edit(request) else []
        return super().changelist_view(request, {"rule_kinds": kinds, **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        """Return the usual addresses and those that write and try rules."""
        wrap = self.admin_site.admin_view
        pages = rule_pages.RulePages(self)
        return [
            path("new/<slug:kind>/", wrap(pages.new_rule), name=self.url_name("new")),
            path("<path:object_id>/version/", wrap(pages.new_version), name=self.url_name("draft")),
            path("<path:object_id>/mode/", wrap(self.mode_view), name=self.url_name("mode")),
            path("<path:object_id>/try/", wrap(self.try_view), name=self.url_name("try")),
            path("<path:object_id>/test/", wrap(self.test_view), name=self.url_name("test")),
            *super().get_urls(),
        ]

    def row_actions(self) -> Sequence[RowAction[Rule]]:
        """Return what asks before it is done; the lower modes are one click."""
        return [
            RowAction(
                name="enforce",
                label="Enforce",
                icon="gavel",
                is_allowed=lambda request: has_right(request, rules.ENFORCE),
                is_offered=lambda _, row: row.mode != RuleMode.ENFORCE,
                decide=lambda request, row: enforce(request, row, back_url=self.url_of(row.pk)),
                is_danger=True,
            ),
            RowAction(
                name="limits",
                label="Limits",
                icon="tune",
                is_allowed=may_edit,
                is_offered=lambda _, __: True,
                decide=lambda request, row: limits(request, row, back_url=self.url_of(row.pk)),
            ),
        ]

    def buttons(self, request: HttpRequest, row: Rule) -> list[Button]:
        """Return what stands in the head of the page: letting it enforce is a step of its modes."""
        ask = self.url_of(row.pk, "enforce")
        return [button for button in super().buttons(request, row) if button.url != ask]

    def mode_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Set off, shadow or flag in one click, for the present version or another."""
        row = self.row_or_404(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            rule_modes.set_mode(
                actor=actor_of(request),
                rule_id=row.pk,
                mode=RuleMode(request.POST.get("mode", "")),
                version_id=whole_number(request.POST.get("version")),
            )
        except ValueError:
            flash.error(request, "Choose one of the modes.")
        except AppError as error:
            flash.error(request, error.sentence)
        else:
            flash.success(request, "The mode is set. It is live everywhere within two seconds.")
        return HttpResponseRedirect(self.url_of(row.pk))

    def try_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the rule with what it and the others find in the text that was typed."""
        row = self.row_or_404(request, object_id)
        if request.method != "POST":
            return HttpResponseRedirect(self.url_of(row.pk))
        text = request.POST.get("text", "")
        context: dict[str, Any] = {"tried_text": text}
        try:
            context["trial"] = trying.try_text(viewer=actor_of(request), text=text, rule=row)
        except AppError as error:
            context["trial_problem"] = error.sentence
        request.method = "GET"
        return self.change_view(request, object_id, extra_context=context)

    def test_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Start a back-test of a version."""
        row = self.row_or_404(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            started = back_tests.start(
                actor=actor_of(request),
                version_id=whole_number(request.POST.get("version")) or 0,
            )
        except AppError as error:
            flash.error(request, error.sentence)
            return HttpResponseRedirect(self.url_of(row.pk))
        subject = self.subject("backtest")
        return HttpResponseRedirect(subject.url_of(started.pk) if subject else self.url_of(row.pk))

    def detail(self, request: HttpRequest, row: Rule) -> Detail:
        """Show a rule with its figures."""
        if not has_right(request, rules.VIEW):
            raise PermissionDenied
        return Detail(
            title=row.name,
            badges=[mode_badge(row.mode)],
            facts=[*self._facts(row), *figures(scorecards.scorecard(row))],
            tables=[self._versions(row), self._tests(row)],
            related=[*self.lists_of(request, f"rule:{row.pk}", "rulehit", "auditevent")],
        )

    def detail_context(self, request: HttpRequest, row: Rule) -> dict[str, Any]:
        """Return what the mode switch, the box and the forms need."""
        latest = next(iter(row.versions.all()), None)
        is_draft = latest is not None and latest.pk != row.current_id
        return {
            "rule": row,
            "may_edit": may_edit(request),
            "draft": latest if is_draft else None,
            "latest": latest,
            "is_local": row.kind in LOCAL_KINDS,
            "ladder": ladder(),
            "may_enforce": has_right(request, rules.ENFORCE),
            "configuration": rule_pages.shown(row.current) if row.current else [],
        }

    def _facts(self, row: Rule) -> list[Fact]:
        return [
            Fact("Policy", self.policy_shown(row)),
            Fact("Kind", RuleKind(row.kind).label),
            Fact("Looks", row.get_stage_display()),
            Fact("At", row.get_applies_to_display()),
            Fact("When it enforces", row.get_action_display()),
            Fact("When it cannot look", row.get_on_error_display()),
            Fact("Daily cap", EMPTY if row.daily_cap is None else f"{row.daily_cap:,}"),
            Fact("Until", moment(row.expires_at)),
            Fact("Mode since", moment(row.mode_changed_at)),
        ]

    def _versions(self, row: Rule) -> Table:
        found = list(row.versions.all())[:SHOWN_VERSIONS]
        return Table(
            "Versions",
            ("Version", "Written", "What is new", "State"),
            [
                (
                    f"{version.number}",
                    moment(version.created_at),
                    preview(version.note) or EMPTY,
                    badge("Live", Tone.LIVE) if version.pk == row.current_id else "",
                )
                for version in found
            ],
        )

    def _tests(self, row: Rule) -> Table:
        subject = self.subject("backtest")
        found = back_tests.list_of_rule(row)[:SHOWN_BACK_TESTS] if subject is not None else ()
        return Table(
            "Back-tests",
            ("Started", "Version", "Messages", "Matches", "State"),
            [
                (
                    link(subject.url_of(one.pk), f"#{one.pk}") if subject else f"#{one.pk}",
                    f"version {one.version.number}",
                    f"{one.scanned:,}",
                    f"{one.matched:,}",
                    one.get_state_display(),
                )
                for one in found
            ],
        )
