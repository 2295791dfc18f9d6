"""What the figures of the dashboard share: who may see them, for which days, from when on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar

from django.core.cache import cache
from django.db import transaction
from django.db.models import Count, DurationField, ExpressionWrapper, F, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core.numbers import whole_number
from apps.core.postgresql.percentiles import Percentile
from apps.moderation.constants import PeriodDays
from apps.moderation.services.cases import cases
from apps.users.models import User

VIEW_METRICS = "moderation.view_metrics"
EXPORT = "moderation.export_case"
PERIODS = tuple(PeriodDays.values)
CACHE_SECONDS = 60
BATCH = 500

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Period:
    """So many days in UTC, the last of them today."""

    days: int
    now: datetime

    @property
    def since(self) -> datetime:
        """The beginning of the first day."""
        first = self.now.astimezone(UTC).date() - timedelta(days=self.days - 1)
        return datetime.combine(first, time(), UTC)

    @property
    def until(self) -> datetime:
        """The end of the last day."""
        return self.since + timedelta(days=self.days)

    @property
    def dates(self) -> list[date]:
        """Its days, the earliest first."""
        first = self.since.date()
        return [first + timedelta(days=number) for number in range(self.days)]

    @property
    def weeks(self) -> list[date]:
        """The Mondays of the weeks that it touches."""
        return list(dict.fromkeys(monday(day) for day in self.dates))

    @property
    def hours(self) -> float:
        """How many hours of it have passed."""
        return (self.now - self.since).total_seconds() / 3600


def monday(day: date) -> date:
    """Return the first day of a day's week."""
    return day - timedelta(days=day.weekday())


def period_of(text: str, *, now: datetime | None = None) -> Period:
    """Return the period that an address names; the usual one for anything else."""
    days = whole_number(text, max_digits=3) or 0
    return Period(days if days in PERIODS else PeriodDays.MONTH.value, now or timezone.now())


def last_days(days: PeriodDays) -> Period:
    """Return so many days up to this moment."""
    return Period(days.value, timezone.now())


def require_view(viewer: User) -> None:
    """Check that somebody may see the dashboard.

    Raises:
        ForbiddenError: they may not, or they are suspended themselves.
    """
    cases.require(viewer, VIEW_METRICS)


def remembered(name: str, period: Period, make: Callable[[], T]) -> T:
    """Return figures that were made within the last minute, or make them now.

    They are the same for everybody who may see them, and end with the period's last day: those of
    yesterday are no answer after midnight. Without Redis they are made each time.
    """
    key = f"metrics:{name}:{period.days}:{period.dates[-1]}"
    found: T | None = cache.get(key)
    if found is None:
        found = make()
        cache.set(key, found, CACHE_SECONDS)
    return found


@transaction.atomic
def export(*, actor: User, figure: str, period: Period, rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """Note that somebody takes figures away, and return their rows a few hundred at a time.

    Raises:
        ForbiddenError: they may not see the figures, or export nothing.
    """
    require_view(actor)
    cases.require(actor, EXPORT)
    audit.record(
        actor=actor,
        action=AuditAction.METRICS_EXPORTED,
        target_type="user",
        target_id=actor.pk,
        data={"figure": figure, "days": period.days, "rows": len(rows)},
    )
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))


def grouped(
    rows: QuerySet[Any, Any],
    *by: str,
    **aggregates: Any,  # noqa: ANN401
) -> list[dict[str, Any]]:
    """Return one row for each group, in the order of the groups."""
    return list(rows.order_by().values(*by).annotate(**aggregates).order_by(*by))


def daily(
    rows: QuerySet[Any, Any],
    column: str,
    *by: str,
    **aggregates: Any,  # noqa: ANN401
) -> list[dict[str, Any]]:
    """Return one row for each day in UTC, and each further group of it; the day is `day`."""
    days = rows.annotate(day=TruncDate(column, tzinfo=UTC))
    return grouped(days, "day", *by, **aggregates)


def counted(name: str, *, of: str = "pk", distinct: bool = False) -> Count:
    """Return how many rows say of themselves that they are this.

    Args:
        name: what they say, a column of yes and no.
        of: what is counted.
        distinct: whether the same one counts once.
    """
    return Count(of, distinct=distinct, filter=F(name))  # type: ignore[arg-type]


def span(begin: str, end: str) -> ExpressionWrapper[Any]:
    """Return the time between two columns."""
    return ExpressionWrapper(F(end) - F(begin), output_field=DurationField())


def middle_and_tail(column: str) -> dict[str, Percentile]:
    """Return the median and the 95th percentile of a span, named p50 and p95."""
    return {
        "p50": Percentile(column, share=0.5, output_field=DurationField()),
        "p95": Percentile(column, share=0.95, output_field=DurationField()),
    }


def seconds(value: timedelta | None) -> float | None:
    """Return a span in seconds."""
    return None if value is None else value.total_seconds()
