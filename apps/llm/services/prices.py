"""What models cost: prices have a moment from which they hold, and never change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core.problems import clean_reason, field_problem
from apps.core.rights import Actor, require
from apps.llm.constants import MAX_MODEL_CHARS, PriceSource
from apps.llm.errors import NoPublishedPriceError
from apps.llm.models import Price
from apps.llm.services import naming, published_prices
from apps.llm.statements.prices import Rate, find_rate

ADD = "llm.add_price"
MAX_NANO = 10_000_000_000_000
"""Ten thousand dollars for a million tokens: more is a slip of the keyboard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongPrompts:
    """What tokens cost in calls whose prompt has more than `above` tokens; nano-dollars each."""

    above: int
    input_nano: int
    cached_input_nano: int
    output_nano: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRequest:
    """What a price shall be: nano-dollars for a million tokens.

    Attributes:
        model_name: the model's name, or the beginning of names with a `*` behind it.
        chat_model_id: the one model of the catalogue that it is for; then its name is not given.
        input_nano: for tokens of the prompt.
        output_nano: for tokens of the answer.
        cached_input_nano: for tokens of the prompt from the provider's cache; None for the same.
        long: where long prompts cost more.
        valid_from: since when; None for now.
        reason: why, for the record.
    """

    input_nano: int
    output_nano: int
    model_name: str = ""
    chat_model_id: int | None = None
    cached_input_nano: int | None = None
    long: LongPrompts | None = None
    valid_from: datetime | None = None
    reason: str = ""


def price_at(
    *, model: str, chat_model_id: int | None = None, moment: datetime | None = None
) -> Rate | None:
    """Return what a model costs at a moment, now if none is given; None where it has no price."""
    return find_rate(model=model, chat_model_id=chat_model_id, moment=moment or timezone.now())


@transaction.atomic
def add_price(*, actor: Actor | None, wanted: PriceRequest) -> Price:
    """Let a typed price come into force; what was recorded before keeps the price that it had.

    Args:
        actor: a member of staff; None for a command of the operator.
        wanted: the price.

    Raises:
        ForbiddenError: the actor may not set prices.
        ValidationFailedError: the name or an amount does not fit, or no reason was given.
    """
    return _add(actor, wanted)


@transaction.atomic
def take_over(*, actor: Actor, chat_model_id: int, reason: str) -> Price:
    """Make the published price of a model a typed one, which holds whatever the list says later.

    Raises:
        ForbiddenError: the actor may not set prices.
        NoPublishedPriceError: the list has none for the model.
        ValidationFailedError: no reason was given.
    """
    require(actor, ADD)
    found = published_prices.price_now(chat_model_id=chat_model_id)
    if found is None:
        raise NoPublishedPriceError
    long = None
    if found.long_above is not None:
        long = LongPrompts(
            above=found.long_above,
            input_nano=found.long_input_nano or 0,
            cached_input_nano=found.long_cached_input_nano or 0,
            output_nano=found.long_output_nano or 0,
        )
    wanted = PriceRequest(
        chat_model_id=chat_model_id,
        input_nano=found.input_nano,
        cached_input_nano=found.cached_input_nano,
        output_nano=found.output_nano,
        long=long,
        reason=reason,
    )
    return _add(actor, wanted, taken_from=found.reason)


def _add(actor: Actor | None, wanted: PriceRequest, *, taken_from: str = "") -> Price:
    require(actor, ADD)
    stem, is_prefix = _name_of(wanted)
    cached = wanted.input_nano if wanted.cached_input_nano is None else wanted.cached_input_nano
    long = wanted.long
    for field, nano in (
        ("input_nano", wanted.input_nano),
        ("cached_input_nano", cached),
        ("output_nano", wanted.output_nano),
    ):
        if not 0 <= nano <= MAX_NANO:
            raise field_problem(field, "Give 0 to 10,000 dollars for a million tokens.", "price")
    price = Price.objects.create(
        chat_model_id=wanted.chat_model_id,
        model_name=stem,
        is_prefix=is_prefix,
        input_nano=wanted.input_nano,
        cached_input_nano=cached,
        output_nano=wanted.output_nano,
        long_above=long.above if long else None,
        long_input_nano=long.input_nano if long else None,
        long_cached_input_nano=long.cached_input_nano if long else None,
        long_output_nano=long.output_nano if long else None,
        valid_from=wanted.valid_from or timezone.now(),
        source=PriceSource.STAFF,
        reason=clean_reason(wanted.reason, field="reason", is_required=actor is not None),
        created_by_id=None if actor is None else actor.pk,
    )
    _note(actor, price, taken_from)
    return price


def _name_of(wanted: PriceRequest) -> tuple[str, bool]:
    """Return the name that a price is for, and whether it is a beginning of names."""
    if wanted.chat_model_id is not None:
        return naming.name_of(wanted.chat_model_id, field="chat_model_id"), False
    name = wanted.model_name.strip()
    is_prefix = name.endswith("*")
    stem = name.rstrip("*")
    if not stem or "*" in stem or len(name) > MAX_MODEL_CHARS or "\x00" in name:
        raise field_problem(
            "model_name",
            "Choose a model, or give its name, or the beginning of names with a * behind it.",
            "model",
        )
    return stem, is_prefix


def _note(actor: Actor | None, price: Price, taken_from: str) -> None:
    audit.record(
        actor=actor,
        action=AuditAction.PRICE_ADDED,
        target_type="price",
        target_id=price.pk,
        reason=price.reason,
        data={
            "model": price.model_name + "*" * price.is_prefix,
            "input_nano": price.input_nano,
            "cached_input_nano": price.cached_input_nano,
            "output_nano": price.output_nano,
            "valid_from": price.valid_from.isoformat(),
            "chat_model_id": price.chat_model_id,
            "taken_from": taken_from,
        },
    )
