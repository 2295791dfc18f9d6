"""Calls that nobody asked for: a rule asks a model or a moderation endpoint about a text.

The organisation pays for them: their lines of the ledger belong to no person, count in nobody's day
and against nobody's quotas. See docs/decisions/0117.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from apps.llm.gateway.contract import Purpose, Usage
from apps.llm.services import prices, usage


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseCall:
    """One call that was answered, or that failed and may have used something.

    Attributes:
        purpose: what it was for.
        reference_id: the rule that asked.
        model: that answered.
        chat_model_id: its number in the catalogue, where it has one.
        usage: its tokens.
        duration: how long it took.
        outcome: the code of what went wrong, where something did.
    """

    purpose: Purpose
    reference_id: int
    model: str
    usage: Usage
    duration: timedelta
    chat_model_id: int | None = None
    outcome: str = "complete"


def record_house_call(call: HouseCall, *, now: datetime | None = None) -> None:
    """Write a call down at the price that held when it began; two statements.

    Args:
        call: that has ended.
        now: the moment.
    """
    moment = now or timezone.now()
    usage.record_call(
        usage.Call(
            user_id=None,
            purpose=call.purpose,
            reference_id=call.reference_id,
            model=call.model,
            chat_model_id=call.chat_model_id,
            rate=prices.price_at(
                model=call.model,
                chat_model_id=call.chat_model_id,
                moment=moment - call.duration,
            ),
        ),
        usage=call.usage,
        outcome=call.outcome,
        first_token_ms=None,
        duration_ms=round(call.duration.total_seconds() * 1000),
        now=moment,
    )
