"""What models cost: prices have a moment from which they hold, and never change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core.problems import clean_reason, field_problem
from apps.llm.constants import PriceSource
from apps.llm.models import Price
from apps.llm.services.rights import Actor, require
from apps.llm.statements.prices import Rate, find_rate

if TYPE_CHECKING:
    from collections.abc import Collection

MAX_NANO = 10_000_000_000_000
"""Ten thousand dollars for a million tokens: more is a slip of the keyboard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRequest:
    """What a price shall be: nano-dollars for a million tokens.

    Attributes:
        model_name: the model's name, or the beginning of names with a `*` behind it.
        input_nano: for tokens of the prompt.
        output_nano: for tokens of the answer.
        cached_input_nano: for tokens of the prompt from the provider's cache; None for the same.
        valid_from: since when; None for now.
        reason: why, for the record.
    """

    model_name: str
    input_nano: int
    output_nano: int
    cached_input_nano: int | None = None
    valid_from: datetime | None = None
    reason: str = ""


def price_at(*, model: str, moment: datetime | None = None) -> Rate | None:
    """Return what a model costs at a moment, now if none is given; None where it has no price."""
    return find_rate(model=model, moment=moment or timezone.now())


def prices_now(models: Collection[str]) -> dict[str, Rate]:
    """Return what each of a few models costs now; those without a price are left out."""
    found = {model: price_at(model=model) for model in models}
    return {model: rate for model, rate in found.items() if rate is not None}


@transaction.atomic
def add_price(
    *, actor: Actor | None, wanted: PriceRequest, source: PriceSource = PriceSource.STAFF
) -> Price:
    """Let a price come into force; what was recorded before keeps the price that it had.

    Args:
        actor: a member of staff; None for a command of the operator.
        wanted: the price.
        source: where it comes from.

    Raises:
        ForbiddenError: the actor may not set prices.
        ValidationFailedError: the name or an amount does not fit, or no reason was given.
    """
    require(actor, "llm.add_price")
    name = wanted.model_name.strip()
    is_prefix = name.endswith("*")
    stem = name.rstrip("*")
    if not stem or "*" in stem or len(name) > 120 or "\x00" in name:
        raise field_problem(
            "model_name", "Give the name of a model, or its beginning with a * behind it.", "model"
        )
    cached = wanted.input_nano if wanted.cached_input_nano is None else wanted.cached_input_nano
    for field, nano in (
        ("input_nano", wanted.input_nano),
        ("cached_input_nano", cached),
        ("output_nano", wanted.output_nano),
    ):
        if not 0 <= nano <= MAX_NANO:
            raise field_problem(field, "Give 0 to 10,000 dollars for a million tokens.", "price")
    price = Price.objects.create(
        model_name=stem,
        is_prefix=is_prefix,
        input_nano=wanted.input_nano,
        cached_input_nano=cached,
        output_nano=wanted.output_nano,
        valid_from=wanted.valid_from or timezone.now(),
        source=source,
        reason=clean_reason(wanted.reason, field="reason", is_required=actor is not None),
        created_by_id=None if actor is None else actor.pk,
    )
    _note(actor, price)
    return price


def _note(actor: Actor | None, price: Price) -> None:
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
            "source": price.source,
        },
    )
