"""What the published price list says, on the pages of models and providers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest

from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.decisions import RECORDED, Decision
from apps.core.admin_kit.details import Fact
from apps.core.admin_kit.display import EMPTY, moment
from apps.core.admin_kit.people import has_right
from apps.core.rights import Actor
from apps.llm.admin.common import actor_of, may_manage
from apps.llm.constants import LookupOutcome, PriceSource
from apps.llm.models import ChatModel, Price, PriceLookup, Provider
from apps.llm.services import money, prices, providers, published_prices
from apps.llm.statements.prices import Rate

VIEW = "llm.view_price"


def price_facts(request: HttpRequest, row: ChatModel) -> list[Fact]:
    """Return what a model costs now, and what the published list says of it."""
    if not has_right(request, VIEW):
        return []
    name = settings.OPENAI_MODEL if row.follows_settings else row.name
    rate = prices.price_at(model=name, chat_model_id=row.pk)
    lookup = published_prices.current_lookup(chat_model_id=row.pk)
    return [
        Fact("Price", _words(rate), _origin(rate)),
        _published_fact(lookup),
        Fact("Looked up", moment(lookup.looked_at if lookup else None)),
    ]


def take_over_action(url_of: Callable[[int], str]) -> RowAction[ChatModel]:
    """Return the action that makes a published price a typed one."""

    def decide(request: HttpRequest, row: ChatModel) -> Decision:
        def apply(typed: Mapping[str, Any]) -> None:
            prices.take_over(
                actor=cast("Actor", request.user), chat_model_id=row.pk, reason=typed["reason"]
            )

        found = published_prices.price_now(chat_model_id=row.pk)
        return Decision(
            title="Take over the published price",
            effects=[
                f"From now on it costs {_words(found)}, whatever a later list says.",
                "A price that was typed before is replaced; what was recorded stays.",
                RECORDED,
            ],
            submit="Take it over",
            done="The price is taken over.",
            apply=apply,
            back_url=url_of(row.pk),
        )

    return RowAction(
        name="take_price",
        label="Take over the published price",
        icon="sell",
        is_allowed=lambda request: has_right(request, prices.ADD),
        is_offered=lambda _, row: published_prices.price_now(chat_model_id=row.pk) is not None,
        decide=decide,
    )


def provider_fact(row: Provider) -> Fact:
    """Return whether published prices are taken for models of a provider."""
    words = "Taken" if row.takes_published_prices else "Refused"
    return Fact("Published prices", words, "for models without a typed price")


def provider_actions(url_of: Callable[[int], str]) -> Sequence[RowAction[Provider]]:
    """Return the two actions that refuse the published prices of a provider, and take them."""
    return [
        RowAction(
            name="refuse_prices",
            label="Refuse published prices",
            icon="money_off",
            is_allowed=may_manage,
            is_offered=lambda _, row: row.takes_published_prices,
            decide=lambda request, row: _decide(request, row, url_of(row.pk), is_taken=False),
        ),
        RowAction(
            name="take_prices",
            label="Take published prices",
            icon="sell",
            is_allowed=may_manage,
            is_offered=lambda _, row: not row.takes_published_prices,
            decide=lambda request, row: _decide(request, row, url_of(row.pk), is_taken=True),
        ),
    ]


def _decide(request: HttpRequest, row: Provider, back_url: str, *, is_taken: bool) -> Decision:
    def apply(typed: Mapping[str, Any]) -> None:
        providers.set_published_prices(
            actor=actor_of(request), provider_id=row.pk, is_taken=is_taken, reason=typed["reason"]
        )

    words = "Take" if is_taken else "Refuse"
    effect = (
        "Its models have the price of the published list where nobody typed one."
        if is_taken
        else "Its models have a price only where somebody typed one. What was recorded stays."
    )
    return Decision(
        title=f"{words} published prices for {row.name}",
        effects=[effect, RECORDED],
        submit=f"{words} them",
        done="They are looked up within a minute." if is_taken else "They are refused.",
        apply=apply,
        back_url=back_url,
    )


def _published_fact(lookup: PriceLookup | None) -> Fact:
    label = "Published price"
    if lookup is None:
        return Fact(label, EMPTY, "not looked up yet; a worker does within a minute")
    origin = f"{lookup.list_version}, {lookup.entry}" if lookup.entry else lookup.list_version
    if lookup.outcome != LookupOutcome.FOUND:
        return Fact(label, lookup.get_outcome_display(), origin)
    found = published_prices.price_now(chat_model_id=lookup.chat_model_id)
    return Fact(label, _words(found), origin)


def _words(price: Rate | Price | None) -> str:
    if price is None:
        return "Unknown"
    asked, answered = money.say(price.input_nano), money.say(price.output_nano)
    words = f"{asked} for prompts and {answered} for answers, for a million tokens"
    return words if price.long_above is None else f"{words}; more for long prompts"


def _origin(rate: Rate | None) -> str:
    if rate is None:
        return "calls cost nobody knows what"
    return str(PriceSource(rate.source).label).lower()
