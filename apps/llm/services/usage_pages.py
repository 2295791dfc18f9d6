"""The person's page of usage and limits, prepared for its template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_noop

from apps.core.languages import number
from apps.core.plots import Columns, Figure
from apps.llm.services import money, quota_words
from apps.llm.services.offers import Person
from apps.llm.services.own_usage import DAYS, DayOfUse, read_usage
from apps.llm.services.periods import zone
from apps.llm.statements.quotas import QuotaState

_COLUMNS = (
    gettext_noop("Day"),
    gettext_noop("Calls"),
    gettext_noop("Prompts"),
    gettext_noop("Answers"),
    gettext_noop("Cost"),
)


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


def page_of(*, viewer: Person) -> dict[str, Any]:
    """Return the context of the settings page; the viewer is the one who is signed in."""
    found = read_usage(viewer=viewer)
    days = found.days
    return {
        "quotas": [_show(state) for state in found.quotas],
        "figure": _figure(days),
        "tokens": number(sum(day.tokens for day in days)),
        "calls": number(sum(day.calls for day in days)),
        "call_count": sum(day.calls for day in days),
        "cost": _cost(days),
        "unpriced": sum(day.unpriced_calls for day in days),
        "days": DAYS,
        "zone": zone().key,
    }


def _show(state: QuotaState) -> ShownQuota:
    taken = state.used + state.reserved
    return ShownQuota(
        title=quota_words.title(state),
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
    words = {
        "days": DAYS,
        "total": number(total),
        "day": date_format(busiest.day, "MONTH_DAY_FORMAT"),
        "most": number(busiest.tokens),
    }
    summary = gettext("In %(days)d days you used %(total)s tokens.") % words
    if total:
        busiest_words = gettext("Most on %(day)s: %(most)s.") % words
        summary = f"{summary} {busiest_words}"
    plot = Columns(
        name="own-usage",
        title=gettext("Tokens by day"),
        summary=summary,
        labels=[date_format(day.day, gettext("j M")) for day in days],
        series=[
            (gettext("Prompts"), [day.prompt_tokens for day in days]),
            (gettext("Answers"), [day.completion_tokens for day in days]),
        ],
        is_stacked=True,
    )
    return Figure(
        plot=plot,
        meaning=gettext(
            "Prompts are what the model read, earlier messages too; answers are what it wrote."
        ),
        columns=tuple(map(gettext, _COLUMNS)),
        rows=[
            (
                day.day.isoformat(),
                number(day.calls),
                number(day.prompt_tokens),
                number(day.completion_tokens),
                money.say(day.cost_nano),
            )
            for day in reversed(days)
            if day.calls
        ],
        is_empty=not total,
        empty=gettext("You have not used anything in this time."),
        is_wide=True,
    )
