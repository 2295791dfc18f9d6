"""What was used and what it cost, by day, purpose, model, person, group and token, for staff."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core.numbers import whole_number
from apps.core.rights import Actor, require
from apps.llm.constants import HOUSE_PURPOSES, Purpose
from apps.llm.services import naming
from apps.llm.services.periods import day_of
from apps.llm.statements.usage import Line, read_used

VIEW = "llm.view_cost"
PERIODS = (7, 30, 90)
USUAL_DAYS = 30
MOST = 200
BATCH = 500
CACHE_SECONDS = 60
THE_HOUSE = "The organisation"
THE_GONE = "People whose accounts are gone"
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
    number = whole_number(text, max_digits=3) or 0
    return number if number in PERIODS else USUAL_DAYS


def purpose_of(text: str) -> str:
    """Return the purpose that an address names; empty, for all, where it names none."""
    return text if text in Purpose.values else ""


def read_figures(
    *, viewer: Actor, days: int, purpose: str = "", now: datetime | None = None
) -> UsageFigures:
    """Return what was used in the last days, worked out within the last minute; one query.

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


def _read(first: date, today: date, purpose: str) -> UsageFigures:
    found: dict[str, list[Line]] = defaultdict(list)
    for line in read_used(first=first, last=today, purpose=purpose, most=MOST):
        found[line.kind].append(line)
    by_day = {line.name: line for line in found["day"]}
    dates = [first + timedelta(days=number) for number in range((today - first).days + 1)]
    return UsageFigures(
        days=[(day, _day(day.isoformat(), by_day)) for day in dates],
        purposes=[_used(str(Purpose(line.name or "").label), line) for line in found["purpose"]],
        models=[
            _used(naming.label_of(line.number, line.name or ""), line) for line in found["model"]
        ],
        people=[_used(_name(line), line) for line in _most(found["person"] + found["house"])],
        groups=[_used(line.name or "", line) for line in found["group"]],
        tokens=[
            _used(f"{line.name or 'Removed token'} (#{line.number})", line)
            for line in found["token"]
        ],
    )


def name_of_nobody(purpose: str) -> str:
    """Return whose calls those are that have no person, by what they were for."""
    return THE_HOUSE if purpose in HOUSE_PURPOSES else THE_GONE


def _name(line: Line) -> str:
    if line.kind == "house":
        return THE_HOUSE
    return THE_GONE if line.number is None else f"{line.name} (#{line.number})"


def _most(lines: Sequence[Line]) -> list[Line]:
    """Put those who used most first."""
    return sorted(lines, key=lambda one: (-one.cost_nano, -one.prompt_tokens, one.name or ""))


def _day(day: str, known: Mapping[str | None, Line]) -> Used:
    return _used(day, known[day]) if day in known else Used(name=day)


def _used(name: str, line: Line) -> Used:
    return Used(name=name, **{key: getattr(line, key) for key in _SUMS})
