"""What models were used for and what it cost: plots, the numbers behind them, and files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from apps.core.admin_kit.exhibits import Exhibit, Tab
from apps.core.admin_kit.pages import StaffPage
from apps.core.admin_kit.people import has_right
from apps.core.admin_kit.sections import Section
from apps.core.rights import Actor
from apps.core.spreadsheets import stream_csv
from apps.llm.admin.usage_exhibits import exhibits_of, tiles_of
from apps.llm.constants import Purpose
from apps.llm.services import usage_figures, usage_lines
from apps.llm.services.periods import zone
from apps.llm.services.usage_figures import UsageFigures

if TYPE_CHECKING:
    from apps.core.admin_kit.site import StaffSite

PERIOD, PURPOSE = "days", "purpose"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the page is about, as its address says: so many days, and one purpose or all."""

    days: int
    purpose: str

    @property
    def query(self) -> str:
        """The query of an address for it."""
        named = {PURPOSE: self.purpose} if self.purpose else {}
        return f"?{urlencode({PERIOD: self.days, **named})}"


class UsagePage(StaffPage):
    """Tokens and cost by day, purpose, model, person, group and token."""

    section = Section.MODELS
    place = 2
    name = "model_usage"
    title = "Usage and cost"
    icon = "bar_chart"
    description = "Tokens and cost by day, purpose, model, person, group and token."

    def urls(self) -> list[URLPattern]:
        """Return the addresses of the page and of the files behind its figures."""
        wrap = self.site.admin_view
        return [
            path("models/usage/", wrap(self.show), name=self.name),
            path("models/usage/<slug:key>.csv", wrap(self.download), name=f"{self.name}_file"),
        ]

    def is_allowed(self, request: HttpRequest) -> bool:
        """Open it to those who may see what calls cost."""
        return has_right(request, usage_figures.VIEW)

    def show(self, request: HttpRequest) -> HttpResponse:
        """Show the figures of a period, of all calls or of those for one purpose."""
        choice = self._choice(request)
        figures = self._read(request, choice)
        shown = [
            exhibit.figure(self._file_url(exhibit.key, choice))
            for exhibit in exhibits_of(figures, choice.days)
        ]
        context = {
            **self.site.each_context(request),
            "title": self.title,
            "heading": self.title,
            "purpose": "What models were asked for, and what it cost by the prices that were set.",
            "periods": self._periods(choice),
            "tabs": self._purposes(choice),
            "tiles": tiles_of(figures, choice.days),
            "figures": shown,
            "rows_url": self._file_url(usage_lines.KEY, choice),
            "zone": zone().key,
        }
        return TemplateResponse(request, "admin/llm/usage.html", context)

    def download(self, request: HttpRequest, key: str) -> HttpResponse:
        """Stream the numbers behind a figure, or all that the figures are made of."""
        choice = self._choice(request)
        actor, file = cast("Actor", request.user), self._file(request, key, choice)
        if file is None:
            batches = usage_lines.export_lines(
                actor=actor, days=choice.days, purpose=choice.purpose
            )
            columns: Sequence[str] = usage_lines.COLUMNS
        else:
            batches = usage_figures.export(
                actor=actor, figure=key, days=choice.days, purpose=choice.purpose, rows=file.rows
            )
            columns = [column.name for column in file.columns]
        parts = [key, *([choice.purpose] if choice.purpose else []), f"{choice.days}-days"]
        return stream_csv(  # type: ignore[return-value]
            request, filename=f"{'-'.join(parts)}.csv", columns=columns, batches=batches
        )

    def _file(self, request: HttpRequest, key: str, choice: Choice) -> Exhibit | None:
        """Return the figure whose numbers are asked for; None for all rows.

        Raises:
            Http404: there is no such figure.
        """
        if key == usage_lines.KEY:
            return None
        exhibits = exhibits_of(self._read(request, choice), choice.days)
        for exhibit in exhibits:
            if exhibit.key == key:
                return exhibit
        raise Http404

    def _choice(self, request: HttpRequest) -> Choice:
        if not self.is_allowed(request):
            raise PermissionDenied
        asked = request.GET
        return Choice(
            usage_figures.days_of(asked.get(PERIOD, "")),
            usage_figures.purpose_of(asked.get(PURPOSE, "")),
        )

    def _read(self, request: HttpRequest, choice: Choice) -> UsageFigures:
        viewer = cast("Actor", request.user)
        return usage_figures.read_figures(viewer=viewer, days=choice.days, purpose=choice.purpose)

    def _periods(self, choice: Choice) -> list[Tab]:
        return [
            Tab(f"{days} days", self.url() + replace(choice, days=days).query, days == choice.days)
            for days in usage_figures.PERIODS
        ]

    def _purposes(self, choice: Choice) -> list[Tab]:
        named = [("", "All calls"), *((str(key), str(name)) for key, name in Purpose.choices)]
        return [
            Tab(name, self.url() + replace(choice, purpose=key).query, key == choice.purpose)
            for key, name in named
        ]

    def _file_url(self, key: str, choice: Choice) -> str:
        url = reverse(f"{self.site.name}:{self.name}_file", kwargs={"key": key})
        return f"{url}{choice.query}"


cast("StaffSite", admin.site).register_page(UsagePage)
