"""The person's page of usage and limits, prepared for its template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.core.plots import Columns, Figure
from apps.llm.services import money, quota_words
from apps.llm.services.own_usage import DAYS, DayOfUse, read_usage
from apps.llm.services.periods import zone
from apps.llm.statements.quotas import QuotaState


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownQuota:
    """One quota in words."""

    title: str
    whose: str
    used: str
    left: str
    amount: str
    resets: str
    value: int
    most: int
    is_used_up: bool
    is_hard: bool


def page_of(*, user_id: int) -> dict[str, Any]:
    """Return the context of the settings page; the person is the one who is signed in."""
    found = read_usage(user_id=user_id)
    days = found.days
    return {
        "quotas": [_show(state) for state in found.quotas],
        "figure": _figure(days),
        "tokens": f"{sum(day.tokens for day in days):,}",
        "calls": f"{sum(day.calls for day in days):,}",
        "cost": _cost(days),
        "unpriced": sum(day.unpriced_calls for day in days),
        "days": DAYS,
        "zone": zone().key,
    }


def _show(state: QuotaState) -> ShownQuota:
    taken = state.used + state.reserved
    unit = "Tokens" if state.unit == "tokens" else "Money"
    return ShownQuota(
        title=f"{unit} a {state.period}",
        whose=quota_words.whose(state),
        used=quota_words.amount(taken, state.unit),
        left=quota_words.amount(state.left, state.unit),
        amount=quota_words.amount(state.amount, state.unit),
        resets=quota_words.moment(state.resets_at),
        value=min(taken, state.amount),
        most=max(1, state.amount),
        is_used_up=state.is_used_up,
        is_hard=state.is_hard,
    )


def _cost(days: Sequence[DayOfUse]) -> str:
    return money.say(sum(day.cost_nano for day in days))


def _figure(days: Sequence[DayOfUse]) -> Figure:
    total = sum(day.tokens for day in days)
    busiest = max(days, key=lambda day: day.tokens)
    summary = f"In {DAYS} days you used {total:,} tokens."
    if total:
        summary += f" Most on {busiest.day.day} {busiest.day:%B}: {busiest.tokens:,}."
    plot = Columns(
        name="own-usage",
        title="Tokens by day",
        summary=summary,
        labels=[f"{day.day.day} {day.day:%b}" for day in days],
        series=[
            ("Prompts", [day.prompt_tokens for day in days]),
            ("Answers", [day.completion_tokens for day in days]),
        ],
        is_stacked=True,
    )
    return Figure(
        plot=plot,
        meaning="Prompts are what the model read, earlier messages too; answers are what it wrote.",
        columns=("Day", "Calls", "Prompts", "Answers", "Cost"),
        rows=[
            (
                day.day.isoformat(),
                f"{day.calls:,}",
                f"{day.prompt_tokens:,}",
                f"{day.completion_tokens:,}",
                money.say(day.cost_nano),
            )
            for day in reversed(days)
            if day.calls
        ],
        is_empty=not total,
        empty="You have not used anything in this time.",
        is_wide=True,
    )
