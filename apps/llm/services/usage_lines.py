"""What the figures of usage are made of, as a file: a row for each day, person and purpose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from apps.core.rights import Actor
from apps.llm.constants import Purpose
from apps.llm.models import UsageDay
from apps.llm.services import money
from apps.llm.services.periods import day_of
from apps.llm.services.usage_figures import BATCH, name_of_nobody, note_export

KEY = "rows"
COLUMNS = (
    *("Day", "Purpose", "Person number", "Person", "Model", "Token number", "Calls"),
    *("Prompt tokens", "Answer tokens", "Cost (dollars)", "Estimated calls"),
    "Calls without a price",
)
Line = Sequence[date | str | int | Decimal | None]


@transaction.atomic
def export_lines(
    *, actor: Actor, days: int, purpose: str, now: datetime | None = None
) -> Iterator[Sequence[Line]]:
    """Note that somebody takes all of it away, and return it day by day, some at a time.

    Args:
        actor: a member of staff.
        days: so many; the last one is today, in the time zone of usage.
        purpose: of calls for one purpose only; empty for all.
        now: the moment.

    Returns:
        Rows of COLUMNS. Each step is a query of its own, however many there are.

    Raises:
        ForbiddenError: the actor may not see what calls cost.
    """
    note_export(actor, {"figure": KEY, "days": days, "purpose": purpose})
    today = day_of(now or timezone.now())
    dates = [today - timedelta(days=number) for number in reversed(range(days))]
    return (batch for day in dates for batch in _batches(day, purpose))


def _batches(day: date, purpose: str) -> Iterator[Sequence[Line]]:
    rows = UsageDay.objects.on(day).of_purpose(purpose).select_related("user")
    after = 0
    while True:
        found = list(rows.after_number(after).order_by("pk")[:BATCH])
        if found:
            yield [_line(row) for row in found]
            after = found[-1].pk
        if len(found) < BATCH:
            return


def _line(row: UsageDay) -> Line:
    return (
        row.day,
        str(Purpose(row.purpose).label),
        row.user_id,
        name_of_nobody(row.purpose) if row.user is None else row.user.name,
        row.model,
        row.api_token_id or None,
        row.calls,
        row.prompt_tokens,
        row.completion_tokens,
        money.dollars(row.cost_nano),
        row.estimated_calls,
        row.unpriced_calls,
    )
