"""What a person has used and what is left: for their settings page and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Sum
from django.utils import timezone

from apps.llm.errors import AssistantUnavailableError
from apps.llm.models import UsageDay
from apps.llm.services import catalogue, quotas
from apps.llm.services.periods import day_of
from apps.llm.services.quotas import Spender
from apps.llm.statements.quotas import QuotaState

DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOfUse:
    """What was used on one day; a cost leaves out what has no price."""

    day: date
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_nano: int = 0
    unpriced_calls: int = 0

    @property
    def tokens(self) -> int:
        """Tokens of prompts and answers."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True)
class OwnUsage:
    """The quotas that count for a person, and the days until today, none left out."""

    quotas: Sequence[QuotaState]
    days: Sequence[DayOfUse]


def read_usage(
    *, user_id: int, api_token_id: int | None = None, now: datetime | None = None
) -> OwnUsage:
    """Return what a person may use and has used in 30 days; the caller has checked who asks.

    Two queries: one for the quotas, and one over the person's own days, at most one row for each
    day, model and token.

    Args:
        user_id: the person.
        api_token_id: the token by which is asked, whose quotas are told too.
        now: the moment.
    """
    moment = now or timezone.now()
    number, name = _usual_model()
    spender = Spender(user_id=user_id, model=name, chat_model_id=number, api_token_id=api_token_id)
    today = day_of(moment)
    since = today - timedelta(days=DAYS - 1)
    columns = ("calls", "prompt_tokens", "completion_tokens", "cost_nano", "unpriced_calls")
    rows = (
        UsageDay.objects.filter(user_id=user_id, day__range=(since, today))
        .values("day")
        .annotate(**{f"sum_{name}": Sum(name) for name in columns})
        .values_list("day", *(f"sum_{name}" for name in columns))
    )
    known = {day: DayOfUse(day=day, **dict(zip(columns, sums, strict=True))) for day, *sums in rows}
    days = [since + timedelta(days=number) for number in range(DAYS)]
    return OwnUsage(
        quotas.read_states(spender, now=moment),
        [known.get(day) or DayOfUse(day=day) for day in days],
    )


def _usual_model() -> tuple[int | None, str]:
    """Return the model that answers where nobody chose, whose common quota matters to everybody."""
    known = catalogue.read()
    try:
        model = known.models[known.default.version.model_id]
    except AssistantUnavailableError:
        return None, ""
    return model.id, model.name
