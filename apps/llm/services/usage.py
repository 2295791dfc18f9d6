"""The ledger: one line for each call to a model, with its cost, which also settles its quotas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils import timezone

from apps.llm.gateway.contract import Answering, Purpose, Usage
from apps.llm.models import UsageRecord
from apps.llm.services import money
from apps.llm.services.periods import day_of
from apps.llm.statements import ledger
from apps.llm.statements.prices import Rate, find_rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Who made a call, and what for.

    Attributes:
        user_id: whose call it was; None for the organisation's own. What somebody used who is gone
            by its end is kept as nobody's.
        api_token_id: the API token that it came by, if it did.
        purpose: what it was for.
        reference_id: the reply, conversation, model or rule it was for.
        model: the model that was asked.
        chat_model_id: its number in the catalogue, where it has one.
        rate: what the model cost when the call began; None where it had no price.
    """

    user_id: int | None
    purpose: Purpose
    reference_id: int
    model: str
    chat_model_id: int | None = None
    rate: Rate | None = None
    api_token_id: int | None = None

    def answered_by(self, answering: Answering | None) -> Call:
        """Return the call as it was answered: by the model that was asked, or by another one.

        The other one's price is that of this moment.

        Args:
            answering: the model that was asked last; None where nobody was.
        """
        if answering is None:
            return self
        model, number = answering.model, answering.chat_model_id
        if model == self.model and number == self.chat_model_id:
            return self
        rate = find_rate(model=model, chat_model_id=number, moment=timezone.now())
        return replace(self, model=model, chat_model_id=number, rate=rate)

    def cost(self, usage: Usage) -> int | None:
        """Return what the call cost in nano-dollars; None where the model had no price."""
        if self.rate is None:
            return None
        return self.rate.cost(
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cached_tokens=usage.cached_tokens,
        )


def record_call(
    call: Call,
    *,
    usage: Usage,
    outcome: str,
    first_token_ms: int | None,
    duration_ms: int,
    now: datetime | None = None,
) -> None:
    """Write one line of the ledger, inside the transaction that stores what the call was for.

    The same statement adds to the person's day and settles what was reserved for the call.

    Args:
        call: whose it was, and what for.
        usage: tokens, reported or estimated.
        outcome: the end state, or the code of what went wrong.
        first_token_ms: milliseconds to the first text; None where none came.
        duration_ms: milliseconds of the whole call.
        now: the moment, whose day it counts for.
    """
    cost = call.cost(usage)
    source = money.cost_source(cost_nano=cost, token_source=usage.source)
    ledger.add_line(
        user_id=call.user_id,
        api_token_id=call.api_token_id,
        purpose=call.purpose,
        reference_id=call.reference_id,
        model=call.model,
        chat_model_id=call.chat_model_id,
        prompt_tokens=usage.prompt_tokens,
        cached_tokens=usage.cached_tokens,
        completion_tokens=usage.completion_tokens,
        source=usage.source,
        **_frozen(call.rate, usage),
        cost_nano=cost,
        cost_source=source.value,
        outcome=outcome[:40],
        first_token_ms=first_token_ms,
        duration_ms=duration_ms,
        day=day_of(now or timezone.now()),
        tokens=usage.prompt_tokens + usage.completion_tokens,
        money=cost or 0,
        estimated=int(usage.source == "estimated"),
        unpriced=int(cost is None),
    )


def _frozen(rate: Rate | None, usage: Usage) -> dict[str, object]:
    """Return the prices that counted for a call, as its line keeps them."""
    if rate is None:
        names = ("price_id", "input_nano", "cached_input_nano", "output_nano")
        return {"price_source": "", **dict.fromkeys(names)}
    counted = rate.for_prompt(usage.prompt_tokens)
    return {
        "price_id": counted.price_id,
        "price_source": counted.source,
        "input_nano": counted.input_nano,
        "cached_input_nano": counted.cached_input_nano,
        "output_nano": counted.output_nano,
    }


def release_calls(*, purpose: Purpose, reference_ids: Sequence[int]) -> None:
    """Give back what was reserved for calls that were never made, in the transaction of their end.

    Args:
        purpose: what they were for.
        reference_ids: which.
    """
    if reference_ids:
        ledger.release(purpose=purpose, reference_ids=reference_ids)


def settled_models(
    *, purpose: Purpose, reference_ids: Sequence[int]
) -> set[tuple[int, int | None]]:
    """Return which models have their line already, as pairs of a call's reference and a model.

    Args:
        purpose: what the calls were for.
        reference_ids: which.
    """
    lines = UsageRecord.objects.of_calls(purpose, reference_ids)
    return set(lines.values_list("reference_id", "chat_model_id"))


def hold_counters(*, purpose: Purpose, reference_ids: Sequence[int]) -> None:
    """Lock the counters of several calls in one order, in the transaction that settles each one.

    Args:
        purpose: what they were for.
        reference_ids: which.
    """
    if reference_ids:
        ledger.hold(purpose=purpose, reference_ids=reference_ids)


def part_with(*, user_id: int) -> None:
    """Keep what a person used and what it cost, without the person, as their account is removed.

    Inside the transaction that removes the account, which the caller has locked. What is settled
    later is nobody's from the start.
    """
    ledger.part_with(user_id=user_id)
