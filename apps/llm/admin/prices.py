"""What models cost: a list that is only added to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core.admin_kit.decisions import RECORDED, Decision, ReasonForm
from apps.core.admin_kit.details import Detail, Fact, Text
from apps.core.admin_kit.display import moment
from apps.core.admin_kit.new_rows import NewRowAdmin
from apps.core.admin_kit.people import has_right
from apps.core.admin_kit.sections import Section
from apps.core.rights import Actor
from apps.llm.admin.common import ChatModelField
from apps.llm.models import Price
from apps.llm.services import money, naming, prices
from apps.llm.services.prices import PriceRequest

PER_MILLION = "Dollars for a million tokens."


class DollarField(forms.CharField):
    """An amount of dollars, read exactly and kept in nano-dollars."""

    def clean(self, value: Any) -> int | None:  # noqa: ANN401
        """Return what was typed in nano-dollars; None where nothing was.

        Raises:
            ValidationError: it is no such amount.
        """
        text = super().clean(value)
        if not text:
            return None
        nano = money.parse(text)
        if nano is None:
            message = "Give an amount such as 0.15, with up to nine places."
            raise forms.ValidationError(message)
        return nano


class PriceForm(ReasonForm):
    """A price, and since when it holds."""

    chat_model_id = ChatModelField(help_text="The model of one provider.")
    model_name = forms.CharField(
        required=False,
        max_length=120,
        label="Or a name",
        help_text="For all models of a name, or of its beginning with a * behind it.",
    )
    input_nano = DollarField(label="Prompt", help_text=PER_MILLION)
    cached_input_nano = DollarField(
        label="Prompt from the cache", required=False, help_text="Empty for the same."
    )
    output_nano = DollarField(label="Answer", help_text=PER_MILLION)
    valid_from = forms.DateTimeField(
        required=False, help_text="In UTC, such as 2026-12-01 00:00; empty for now."
    )
    field_order = (
        *("chat_model_id", "model_name", "input_nano", "cached_input_nano", "output_nano"),
        *("valid_from", "reason"),
    )


@admin.register(Price)
class PriceAdmin(NewRowAdmin[Price]):
    """Every price there ever was, the newest first."""

    section = Section.MODELS
    place = 6
    icon = "sell"
    description = "What a million tokens cost, and since when."
    new_label = "Set a price"
    search_keys = {"model": "chat_model_id"}
    search_help_text = "Number, model:3"
    list_display = ("model_shown", "prompt", "cached", "answer", "since", "source_shown")
    list_display_links = ("model_shown",)
    ordering = ("-id",)

    @admin.display(description="Model")
    def model_shown(self, row: Price) -> str:
        """Show provider and name, or the name that all share, or its beginning."""
        return naming.label_of(row.chat_model_id, row.model_name + "*" * row.is_prefix)

    @admin.display(description="Prompt")
    def prompt(self, row: Price) -> str:
        """Show the price of the prompt."""
        return money.say(row.input_nano)

    @admin.display(description="From the cache")
    def cached(self, row: Price) -> str:
        """Show the price of what comes from the provider's cache."""
        return money.say(row.cached_input_nano)

    @admin.display(description="Answer")
    def answer(self, row: Price) -> str:
        """Show the price of the answer."""
        return money.say(row.output_nano)

    @admin.display(description="Since")
    def since(self, row: Price) -> SafeString | str:
        """Show from when it holds."""
        return moment(row.valid_from)

    @admin.display(description="From")
    def source_shown(self, row: Price) -> str:
        """Show where it comes from."""
        return row.get_source_display()

    def detail(self, request: HttpRequest, row: Price) -> Detail:
        """Show one price."""
        return Detail(
            title=f"Price of {self.model_shown(row)}",
            facts=[
                Fact("Prompt", self.prompt(row), PER_MILLION),
                Fact("From the cache", self.cached(row)),
                Fact("Answer", self.answer(row)),
                *_long_facts(row),
                Fact("Since", self.since(row)),
                Fact("From", self.source_shown(row)),
            ],
            texts=[Text("Reason", row.reason)] if row.reason else [],
            related=self.lists_of(request, f"price:{row.pk}", "auditevent"),
        )

    def may_add(self, request: HttpRequest) -> bool:
        """Tell whether the viewer sets prices."""
        return has_right(request, prices.ADD)

    def new_row(self, request: HttpRequest) -> Decision:
        """Return the page that sets a price."""

        def apply(typed: Mapping[str, Any]) -> None:
            prices.add_price(actor=cast("Actor", request.user), wanted=PriceRequest(**typed))

        return Decision(
            title="Set a price",
            effects=[
                "Calls that begin from its moment on cost so much. What was recorded stays.",
                "A price is never changed; to mend one, set another with the same moment.",
                RECORDED,
            ],
            submit="Set it",
            done="The price is set.",
            apply=apply,
            back_url=self.list_url(),
            form_class=PriceForm,
        )


def _long_facts(row: Price) -> list[Fact]:
    if row.long_above is None:
        return []
    whole = f"where it has more than {row.long_above:,} tokens; then for all of them"
    return [
        Fact("Long prompt", money.say(row.long_input_nano), whole),
        Fact("Long prompt, from the cache", money.say(row.long_cached_input_nano)),
        Fact("Answer to a long prompt", money.say(row.long_output_nano)),
    ]
