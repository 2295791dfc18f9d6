"""What models were used for and what it cost: plots, the numbers behind them, and files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from apps.core.admin_kit.exhibits import (
    MOST_ROWS,
    Column,
    Exhibit,
    Tile,
    counted,
    day_label,
    part_drawn,
)
from apps.core.admin_kit.pages import StaffPage
from apps.core.admin_kit.people import has_right
from apps.core.admin_kit.sections import Section
from apps.core.plots import Columns, Row, Rows, Unit
from apps.core.spreadsheets import Cell, stream_csv
from apps.llm.services import money, usage_figures
from apps.llm.services.periods import zone
from apps.llm.services.rights import Actor
from apps.llm.services.usage_figures import UsageFigures, Used

if TYPE_CHECKING:
    from apps.core.admin_kit.site import StaffSite

PERIOD = "days"
NUMBERS = (
    Column("Calls", Unit.COUNT),
    Column("Prompt tokens", Unit.COUNT),
    Column("Answer tokens", Unit.COUNT),
    Column("Cost", Unit.DOLLARS),
    Column("Calls without a price", Unit.COUNT),
)
UNPRICED = " Calls of models without a price are left out of the cost."


class UsagePage(StaffPage):
    """Tokens and cost by day, model, person, group and token."""

    section = Section.MODELS
    place = 2
    name = "model_usage"
    title = "Usage and cost"
    icon = "bar_chart"
    description = "Tokens and cost by day, model, person, group and token."

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
        """Show the figures of a period."""
        days, figures = self._begin(request)
        periods = [
            (f"{number} days", f"{self.url()}?{urlencode({PERIOD: number})}", number == days)
            for number in usage_figures.PERIODS
        ]
        shown = [
            exhibit.figure(f"{self._file_url(exhibit.key)}?{urlencode({PERIOD: days})}")
            for exhibit in exhibits_of(figures, days)
        ]
        context = {
            **self.site.each_context(request),
            "title": self.title,
            "periods": periods,
            "tiles": _tiles(figures, days),
            "figures": shown,
            "zone": zone().key,
        }
        return TemplateResponse(request, "admin/llm/usage.html", context)

    def download(self, request: HttpRequest, key: str) -> HttpResponse:
        """Stream the numbers behind a figure."""
        days, figures = self._begin(request)
        exhibit = next((one for one in exhibits_of(figures, days) if one.key == key), None)
        if exhibit is None:
            raise Http404
        actor = cast("Actor", request.user)
        batches = usage_figures.export(actor=actor, figure=key, days=days, rows=exhibit.rows)
        return stream_csv(  # type: ignore[return-value]
            request,
            filename=f"{key}-{days}-days.csv",
            columns=[column.name for column in exhibit.columns],
            batches=batches,
        )

    def _begin(self, request: HttpRequest) -> tuple[int, UsageFigures]:
        if not self.is_allowed(request):
            raise PermissionDenied
        days = usage_figures.days_of(request.GET.get(PERIOD, ""))
        viewer = cast("Actor", request.user)
        return days, usage_figures.read_figures(viewer=viewer, days=days)

    def _file_url(self, key: str) -> str:
        return reverse(f"{self.site.name}:{self.name}_file", kwargs={"key": key})


def exhibits_of(figures: UsageFigures, days: int) -> list[Exhibit]:
    """Return the figures of the page, each with its numbers."""
    return [
        _tokens_by_day(figures, days),
        _cost_by_day(figures, days),
        _ranked("models", "By model", "Model", figures.models, "Which models were asked."),
        _ranked("people", "By person", "Person", figures.people, "Whose calls they were."),
        _ranked(
            "groups",
            "By group",
            "Group",
            figures.groups,
            "By the groups that people are in today, their roles and duties among them; whoever "
            "is in several counts in each.",
        ),
        _ranked(
            "tokens",
            "By API token",
            "Token",
            figures.tokens,
            "Calls of programs, by the token that they came by.",
        ),
    ]


def _tokens_by_day(figures: UsageFigures, days: int) -> Exhibit:
    total = figures.total
    return Exhibit(
        plot=Columns(
            "tokens-by-day",
            "Tokens by day",
            f"In the last {days} days {total.tokens:,} tokens in {counted(total.calls, 'call')}.",
            [day_label(day) for day, _ in figures.days],
            [
                ("Prompts", [used.prompt_tokens for _, used in figures.days]),
                ("Answers", [used.completion_tokens for _, used in figures.days]),
            ],
            is_stacked=True,
        ),
        meaning="Prompts are what models read, earlier messages too; answers are what they wrote.",
        columns=(Column("Day"), *NUMBERS),
        rows=[(day, *_numbers(used)) for day, used in figures.days],
        is_empty=not total.calls,
        empty="No model was asked in this period.",
        is_wide=True,
    )


def _cost_by_day(figures: UsageFigures, days: int) -> Exhibit:
    total = figures.total
    return Exhibit(
        plot=Columns(
            "cost-by-day",
            "Cost by day",
            f"In the last {days} days {money.say(total.cost_nano)}.",
            [day_label(day) for day, _ in figures.days],
            [("Cost", [float(money.dollars(used.cost_nano)) for _, used in figures.days])],
            unit=Unit.DOLLARS,
        ),
        meaning="By the prices that held when each call began." + UNPRICED,
        columns=(Column("Day"), *NUMBERS),
        rows=[(day, *_numbers(used)) for day, used in figures.days],
        is_empty=not total.cost_nano,
        empty="Nothing that has a price was used. Set prices to see what calls cost.",
        is_wide=True,
    )


def _ranked(key: str, title: str, what: str, used: Sequence[Used], meaning: str) -> Exhibit:
    has_cost = any(one.cost_nano for one in used)
    first = used[0].name if used else ""
    return Exhibit(
        plot=Rows(
            f"usage-{key}",
            title,
            f"{first} {'cost' if has_cost else 'used'} most.",
            [
                Row(
                    one.name,
                    f"{money.say(one.cost_nano)}, {one.tokens:,} tokens"
                    if has_cost
                    else f"{one.tokens:,} tokens",
                    bar=float(money.dollars(one.cost_nano)) if has_cost else one.tokens,
                )
                for one in used[:MOST_ROWS]
            ],
            unit=Unit.DOLLARS if has_cost else Unit.COUNT,
        ),
        meaning=meaning + part_drawn(len(used)),
        columns=(Column(what), *NUMBERS),
        rows=[(one.name, *_numbers(one)) for one in used],
        is_empty=not used,
        empty="Nothing in this period.",
    )


def _numbers(used: Used) -> tuple[Cell, ...]:
    return (
        used.calls,
        used.prompt_tokens,
        used.completion_tokens,
        float(money.dollars(used.cost_nano)),
        used.unpriced_calls,
    )


def _tiles(figures: UsageFigures, days: int) -> list[Tile]:
    total = figures.total
    today = figures.days[-1][1]
    unpriced = f"{counted(total.unpriced_calls, 'call')} of models without a price"
    return [
        Tile("Cost", money.say(total.cost_nano), f"in {days} days", icon="payments"),
        Tile("Cost today", money.say(today.cost_nano), "so far", icon="today"),
        Tile("Tokens", f"{total.tokens:,}", counted(total.calls, "call"), icon="data_usage"),
        Tile(
            "Without a price",
            f"{total.unpriced_calls:,}",
            unpriced if total.unpriced_calls else "nothing to set",
            "danger" if total.unpriced_calls else "neutral",
            "sell",
        ),
    ]


cast("StaffSite", admin.site).register_page(UsagePage)
