"""Quotas in the words that people read."""

from __future__ import annotations

from datetime import datetime

from apps.llm.constants import QuotaKind, QuotaUnit
from apps.llm.services import money
from apps.llm.services.periods import zone
from apps.llm.statements.quotas import QuotaState

_HOLDERS = {
    QuotaKind.GROUP: "Your group has",
    QuotaKind.TOKEN: "This API token has",
}
_WHOSE = {
    QuotaKind.GROUP: "Your group's",
    QuotaKind.TOKEN: "This token's",
    QuotaKind.MODEL: "All people together, for this model",
}


def amount(value: int, unit: str) -> str:
    """Write an amount of what a quota counts: 50,000 tokens, $12.50."""
    return f"{value:,} tokens" if unit == QuotaUnit.TOKENS else money.say(value)


def moment(at: datetime) -> str:
    """Write a moment in the calendar of quotas: 29 November 2026 at 00:00 UTC."""
    local = at.astimezone(zone())
    return f"{local.day} {local:%B %Y} at {local:%H:%M} {local.tzname()}"


def whose(state: QuotaState) -> str:
    """Say whose quota it is, to the person it counts for."""
    if state.kind == QuotaKind.MODEL:
        return f"{_WHOSE[QuotaKind.MODEL]} ({state.model_name})"
    return _WHOSE.get(QuotaKind(state.kind), "Yours")


def refusal(state: QuotaState) -> str:
    """Tell a person why an answer may not begin, and when it may."""
    limit = f"{amount(state.amount, state.unit)} for this {state.period}"
    when = f"It begins anew on {moment(state.resets_at)}"
    if state.used < state.amount:
        return (
            f"What is left of the allowance of {limit} is reserved by answers that are being "
            f"written. Wait until one has ended. {when}."
        )
    if state.kind == QuotaKind.MODEL:
        return (
            f"The allowance of {limit} for the model {state.model_name} is used up by all people "
            f"together. {when}; try again then, or choose another model."
        )
    holder = _HOLDERS.get(QuotaKind(state.kind), "You have")
    return f"{holder} used up the allowance of {limit}. {when}; try again then."


def without_price(model: str) -> str:
    """Tell a person why a model that has no price may not be asked against a quota of money."""
    return (
        f"The model {model} has no price, and your allowance is one of money. Choose another "
        "model, or ask an admin to set its price."
    )


def warning(state: QuotaState) -> str:
    """Tell a person that a soft quota is passed."""
    holder = _HOLDERS.get(QuotaKind(state.kind), "You have")
    if state.kind == QuotaKind.MODEL:
        holder = f"All people together have, for the model {state.model_name},"
    return (
        f"{holder} passed the allowance of {amount(state.amount, state.unit)} for this "
        f"{state.period}. Answers go on for now; please use less. "
        f"It begins anew on {moment(state.resets_at)}."
    )
