"""The dashboard: what a lead watches, in four pages and one for each rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from apps.core.admin_kit.exhibits import Board, Tab
from apps.core.admin_kit.pages import StaffPage
from apps.core.admin_kit.people import has_right
from apps.core.admin_kit.sections import Section
from apps.core.errors import ForbiddenError, NotFoundError
from apps.core.spreadsheets import stream_csv
from apps.moderation.admin.answers import actor_of
from apps.moderation.admin.dashboard_care import care_board
from apps.moderation.admin.dashboard_decisions import decision_board
from apps.moderation.admin.dashboard_queue import queue_board
from apps.moderation.admin.dashboard_rules import guard_board
from apps.moderation.admin.dashboard_scorecard import scorecard_board
from apps.moderation.constants import RuleKind, RuleMode
from apps.moderation.services.figures import figures, metrics
from apps.moderation.services.figures.metrics import Period
from apps.users.models import User

if TYPE_CHECKING:
    from apps.core.admin_kit.site import StaffSite

PERIOD = "days"
SECTIONS = {
    "queue": ("Queue", "What waits, for how long, and what comes and goes."),
    "decisions": ("Decisions", "How many, how many did not last, and what people were told."),
    "rules": ("Rules", "How right rules are, what fails, and how the answers of models end."),
    "care": ("Care", "What staff have to see, and what they read of others."),
}


def board_of(viewer: User, section: str, period: Period) -> Board:
    """Return one page's figures, worked out within the last minute."""
    match section:
        case "queue":
            return queue_board(figures.of_queue(viewer=viewer, period=period), period)
        case "decisions":
            return decision_board(figures.of_decisions(viewer=viewer, period=period), period)
        case "rules":
            return guard_board(figures.of_rules(viewer=viewer, period=period), period)
        case "care":
            return care_board(figures.of_care(viewer=viewer, period=period), period)
        case _:
            raise Http404


def scorecard_of(viewer: User, rule_id: int, period: Period) -> tuple[str, Board]:
    """Return the heading and the figures of one rule's page."""
    try:
        found = figures.of_rule(viewer=viewer, rule_id=rule_id, period=period)
    except NotFoundError as error:
        raise Http404 from error
    return found.name, scorecard_board(found, period)


class DashboardPage(StaffPage):
    """Figures and plots for leads and auditors."""

    section = Section.MODERATION
    place = 50
    name = "moderation_dashboard"
    title = "Dashboard"
    icon = "monitoring"
    description = "Queue, decisions, rules and care in figures."

    def urls(self) -> list[URLPattern]:
        """Return the addresses of the pages and of the files behind their figures."""
        wrap = self.site.admin_view
        home = "moderation/dashboard/"
        return [
            path(home, wrap(self.show), name=self.name),
            path(f"{home}rules/<int:rule_id>/", wrap(self.show_rule), name=f"{self.name}_rule"),
            path(
                f"{home}rules/<int:rule_id>/<slug:key>.csv",
                wrap(self.download_rule),
                name=f"{self.name}_rule_file",
            ),
            path(f"{home}<slug:section>/", wrap(self.show), name=f"{self.name}_section"),
            path(
                f"{home}<slug:section>/<slug:key>.csv",
                wrap(self.download),
                name=f"{self.name}_file",
            ),
        ]

    def is_allowed(self, request: HttpRequest) -> bool:
        """Open it to those who may see figures."""
        return has_right(request, metrics.VIEW_METRICS)

    def show(self, request: HttpRequest, section: str = "queue") -> HttpResponse:
        """Show one of the four pages."""
        period, refusal = self._begin(request)
        if refusal is not None:
            return refusal
        if section not in SECTIONS:
            raise Http404
        board = board_of(actor_of(request), section, period)
        heading, purpose = SECTIONS[section]
        context = {
            "title": f"Dashboard: {heading}",
            "heading": heading,
            "purpose": purpose,
            "tabs": self._tabs(section, period),
            "periods": self._periods(self._section_url(section), period),
            "rules": self._rules(request, period) if section == "rules" else None,
        }
        return self._page(request, board, context, f"{self.name}_file", section=section)

    def show_rule(self, request: HttpRequest, rule_id: int) -> HttpResponse:
        """Show the page of one rule."""
        period, refusal = self._begin(request)
        if refusal is not None:
            return refusal
        heading, board = scorecard_of(actor_of(request), rule_id, period)
        url = self._reverse(f"{self.name}_rule", rule_id=rule_id)
        context = {
            "title": f"Scorecard: {heading}",
            "heading": heading,
            "purpose": "How this rule does: what it found, how right it was, and what it costs.",
            "tabs": self._tabs("rules", period),
            "periods": self._periods(url, period),
            "rules": None,
        }
        return self._page(request, board, context, f"{self.name}_rule_file", rule_id=rule_id)

    def download(self, request: HttpRequest, section: str, key: str) -> HttpResponse:
        """Stream the numbers behind a figure."""
        period, refusal = self._begin(request)
        if refusal is not None:
            return refusal
        if section not in SECTIONS:
            raise Http404
        board = board_of(actor_of(request), section, period)
        return self._file(request, board, key, period)

    def download_rule(self, request: HttpRequest, rule_id: int, key: str) -> HttpResponse:
        """Stream the numbers behind a figure of one rule."""
        period, refusal = self._begin(request)
        if refusal is not None:
            return refusal
        _, board = scorecard_of(actor_of(request), rule_id, period)
        return self._file(request, board, key, period, f"-{rule_id}")

    def _begin(self, request: HttpRequest) -> tuple[Period, HttpResponse | None]:
        """Check the right and the method, and read the period."""
        period = metrics.period_of(request.GET.get(PERIOD, ""))
        try:
            metrics.require_view(actor_of(request))
        except ForbiddenError as error:
            raise PermissionDenied from error
        if request.method not in ("GET", "HEAD"):
            return period, HttpResponseNotAllowed(["GET", "HEAD"])
        return period, None

    def _page(
        self,
        request: HttpRequest,
        board: Board,
        context: dict[str, Any],
        file_url: str,
        **place: str | int,
    ) -> HttpResponse:
        days = next(tab for tab in context["periods"] if tab.is_here).label
        can_take = has_right(request, metrics.EXPORT)
        shown = [
            exhibit.figure(
                f"{self._reverse(file_url, key=exhibit.key, **place)}"
                f"?{urlencode({PERIOD: days.split()[0]})}"
                if can_take
                else ""
            )
            for exhibit in board.exhibits
        ]
        values = {
            **self.site.each_context(request),
            **context,
            "tiles": board.tiles,
            "figures": shown,
        }
        return TemplateResponse(request, "admin/moderation/dashboard.html", values)

    def _file(
        self, request: HttpRequest, board: Board, key: str, period: Period, suffix: str = ""
    ) -> HttpResponse:
        exhibit = next((one for one in board.exhibits if one.key == key), None)
        if exhibit is None:
            raise Http404
        try:
            batches = metrics.export(
                actor=actor_of(request),
                figure=f"{key}{suffix}",
                period=period,
                rows=exhibit.rows,
            )
        except ForbiddenError as error:
            raise PermissionDenied from error
        return stream_csv(  # type: ignore[return-value]
            request,
            filename=f"{key}{suffix}-{period.days}-days-{period.now:%Y-%m-%d}.csv",
            columns=[column.name for column in exhibit.columns],
            batches=batches,
        )

    def _rules(self, request: HttpRequest, period: Period) -> Sequence[dict[str, Any]]:
        return [
            {
                "figures": rule,
                "mode": RuleMode(rule.mode).label,
                "kind": RuleKind(rule.kind).label,
                "url": f"{self._reverse(f'{self.name}_rule', rule_id=rule.rule_id)}"
                f"?{urlencode({PERIOD: period.days})}",
            }
            for rule in figures.of_rules(viewer=actor_of(request), period=period).rules
        ]

    def _tabs(self, here: str, period: Period) -> list[Tab]:
        return [
            Tab(
                label, f"{self._section_url(name)}?{urlencode({PERIOD: period.days})}", name == here
            )
            for name, (label, _) in SECTIONS.items()
        ]

    def _periods(self, url: str, period: Period) -> list[Tab]:
        return [
            Tab(f"{days} days", f"{url}?{urlencode({PERIOD: days})}", days == period.days)
            for days in metrics.PERIODS
        ]

    def _section_url(self, section: str) -> str:
        return (
            self.url()
            if section == "queue"
            else self._reverse(f"{self.name}_section", section=section)
        )

    def _reverse(self, name: str, **place: str | int) -> str:
        return reverse(f"{self.site.name}:{name}", kwargs=place)


cast("StaffSite", admin.site).register_page(DashboardPage)
