"""What a person has used and what is left: for their settings page and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Sum
from django.utils import timezone

from apps.llm.models import UsageDay
from apps.llm.services import catalogue, offers, quotas
from apps.llm.services.offers import Person
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
    *, viewer: Person, api_token_id: int | None = None, now: datetime | None = None
) -> OwnUsage:
    """Return what a person may use and has used in 30 days; the caller has checked who asks.

    Of the quotas that many people share these are their groups' and those of each model that they
    may ask. Two queries, and one more where some assistant is not for everybody: one for the
    quotas, and one over the person's own days, at most one row for each day, model and token.

    Args:
        viewer: the person.
        api_token_id: the token by which is asked, whose quotas are told too.
        now: the moment.
    """
    moment = now or timezone.now()
    spender = Spender(user_id=viewer.pk, model="", api_token_id=api_token_id)
    offered = offers.list_models(viewer=viewer, catalogue=catalogue.read())
    today = day_of(moment)
    since = today - timedelta(days=DAYS - 1)
    columns = ("calls", "prompt_tokens", "completion_tokens", "cost_nano", "unpriced_calls")
    rows = (
        UsageDay.objects.of_user(viewer.pk)
        .between(since, today)
        .values("day")
        .annotate(**{f"sum_{name}": Sum(name) for name in columns})
        .values_list("day", *(f"sum_{name}" for name in columns))
    )
    known = {day: DayOfUse(day=day, **dict(zip(columns, sums, strict=True))) for day, *sums in rows}
    days = [since + timedelta(days=number) for number in range(DAYS)]
    return OwnUsage(
        quotas.read_states(spender, models=offered, now=moment),
        [known.get(day) or DayOfUse(day=day) for day in days],
    )
