"""What was used and what it cost, by day, purpose, model, person, group and token, for staff."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.llm.constants import Purpose
from apps.llm.models import UsageDay, UsageRecord
from apps.llm.services import naming
from apps.llm.services.periods import day_of
from apps.llm.services.rights import Actor, require

VIEW = "llm.view_cost"
PERIODS = (7, 30, 90)
USUAL_DAYS = 30
MOST = 200
BATCH = 500
CACHE_SECONDS = 60
THE_HOUSE = "The organisation"
_SUMS = ("calls", "prompt_tokens", "completion_tokens", "cost_nano", "unpriced_calls")


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What one day, model, person or the like used; a cost leaves out what has no price."""

    name: str
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_nano: int = 0
    unpriced_calls: int = 0

    @property
    def tokens(self) -> int:
        """Tokens of prompts and answers."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageFigures:
    """What was used on so many days; of the rest, those who used most come first."""

    days: Sequence[tuple[date, Used]]
    purposes: Sequence[Used]
    models: Sequence[Used]
    people: Sequence[Used]
    groups: Sequence[Used]
    tokens: Sequence[Used]

    @property
    def total(self) -> Used:
        """All of it."""
        sums = {key: sum(getattr(used, key) for _, used in self.days) for key in _SUMS}
        return Used(name="All", **sums)


def days_of(text: str) -> int:
    """Return the number of days that an address names; the usual one for anything else."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0
    return number if number in PERIODS else USUAL_DAYS


def purpose_of(text: str) -> str:
    """Return the purpose that an address names; empty, for all, where it names none."""
    return text if text in Purpose.values else ""


def read_figures(
    *, viewer: Actor, days: int, purpose: str = "", now: datetime | None = None
) -> UsageFigures:
    """Return what was used in the last days, worked out within the last minute; eight queries.

    Only the days that staff ask for are read, and of people and tokens the first 200.

    Args:
        viewer: a member of staff.
        days: 7, 30 or 90; the last one is today, in the time zone of usage.
        purpose: of calls for one purpose only; empty for all.
        now: the moment.

    Raises:
        ForbiddenError: the viewer may not see what calls cost.
    """
    require(viewer, VIEW)
    today = day_of(now or timezone.now())
    key = f"usage:{days}:{purpose}:{today}"
    known: UsageFigures | None = cache.get(key)
    if known is None:
        known = _read(today - timedelta(days=days - 1), today, purpose)
        cache.set(key, known, CACHE_SECONDS)
    return known


@transaction.atomic
def export(
    *, actor: Actor, figure: str, days: int, purpose: str, rows: Sequence[Any]
) -> Iterator[Sequence[Any]]:
    """Note that somebody takes figures away, and return their rows a few hundred at a time.

    Raises:
        ForbiddenError: they may not see them.
    """
    note_export(actor, {"figure": figure, "days": days, "purpose": purpose, "rows": len(rows)})
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))


def note_export(actor: Actor, data: dict[str, Any]) -> None:
    """Write into the record that somebody takes figures away.

    Raises:
        ForbiddenError: they may not see them.
    """
    require(actor, VIEW)
    audit.record(
        actor=actor,
        action=AuditAction.USAGE_EXPORTED,
        target_type="user",
        target_id=actor.pk,
        data=data,
    )


def of_purpose(rows: QuerySet[UsageDay], purpose: str) -> QuerySet[UsageDay]:
    """Return those of one purpose, or all where none is named."""
    return rows.filter(purpose=purpose) if purpose else rows


def _read(first: date, today: date, purpose: str) -> UsageFigures:
    rows = of_purpose(UsageDay.objects.filter(day__range=(first, today)), purpose)
    by_day = {row["day"]: row for row in _grouped(rows, "day")}
    length = (today - first).days + 1
    dates = [first + timedelta(days=number) for number in range(length)]
    return UsageFigures(
        days=[(day, _used(day.isoformat(), by_day.get(day, {}))) for day in dates],
        purposes=[_used(str(Purpose(row["purpose"]).label), row) for row in _most(rows, "purpose")],
        models=[
            _used(naming.label_of(row["chat_model_id"], row["model"]), row)
            for row in _most(rows, "model", "chat_model_id")
        ],
        people=[
            _used(_name(row["user_id"], row["user__name"]), row)
            for row in _most(rows, "user_id", "user__name")
        ],
        groups=[
            _used(row["user__groups__name"], row)
            for row in _most(rows.filter(user__groups__isnull=False), "user__groups__name")
        ],
        tokens=_tokens(rows),
    )


def _name(user_id: int | None, name: str | None) -> str:
    return THE_HOUSE if user_id is None else f"{name} (#{user_id})"


def _tokens(rows: QuerySet[UsageDay]) -> list[Used]:
    found = _most(rows.filter(api_token_id__gt=0), "api_token_id")
    tokens: Any = UsageRecord._meta.get_field("api_token").related_model  # noqa: SLF001
    numbers = [row["api_token_id"] for row in found]
    names = dict(tokens.objects.filter(pk__in=numbers).values_list("pk", "name"))
    return [
        _used(f"{names.get(row['api_token_id'], 'Removed token')} (#{row['api_token_id']})", row)
        for row in found
    ]


def _grouped(rows: QuerySet[UsageDay], *by: str) -> QuerySet[Any, Any]:
    sums: dict[str, Any] = {f"sum_{name}": Sum(name) for name in _SUMS}
    grouped: QuerySet[Any, Any] = rows.order_by().values(*by).annotate(**sums)
    return grouped


def _most(rows: QuerySet[UsageDay], *by: str) -> list[dict[str, Any]]:
    most = _grouped(rows, *by).order_by("-sum_cost_nano", "-sum_prompt_tokens", by[0])
    return list(most[:MOST])


def _used(name: str, row: dict[str, Any]) -> Used:
    return Used(name=name, **{key: row.get(f"sum_{key}") or 0 for key in _SUMS})
